"""Fronts: recall against QPS, a colour a family, two kinds of points in one picture: solid and dashed lines."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes

from ann_bench.drawing import canvas
from ann_bench.results import points as measured
from ann_bench.results.families import Style, styles
from ann_bench.results.point import recall_name
from ann_bench.results.points import Row

LINES = ("solid", (0, (4, 2)))  # of the first kind and of the second


def draw(
    rows: Sequence[Row],
    folder: Path,
    *,
    parts: Mapping[str, Sequence[Row]],
    title: Callable[[Row], str],
    dashed: Callable[[Row], bool],
    kinds: tuple[str, str],
) -> list[Path]:
    """A picture for each part, mode and number of threads: recall-qps-<mode>[-<threads>][-<number of the part>].

    rows : all of them, in the order in which a page numbers them; parts : name -> some of them
    dashed : whether a row is of the second kind; kinds : what both are called in the legend
    """
    places = {id(row): place for place, row in enumerate(rows)}
    style, figures = styles(map(measured.family, rows)), {}
    for number, part in enumerate(parts.values(), 1):
        numbered = [{**row, "place": places[id(row)]} for row in part]
        for (mode, threads), alike in measured.by_conditions(numbered).items():
            figure, axes = canvas.begin(alike, f"{title(alike[0])}; {measured.conditions(alike[0])}")
            ordered = _best_first(alike)
            named = canvas.leading(ordered, map(measured.family, measured.front(alike)))
            for family in sorted(ordered, key=lambda family: family not in named):
                for late in (False, True):
                    of_kind = [row for row in alike if measured.family(row) == family and dashed(row) == late]
                    if family in named:
                        _line(axes, of_kind, style[family], family, dashed=late)
                    else:
                        _pale_line(axes, of_kind, style[family], dashed=late)
            canvas.explain_pale(axes, len(ordered) - len(named))
            if len({dashed(row) for row in alike}) > 1:
                explain(axes, kinds)
            _finish(axes, alike)
            name = f"recall-qps-{mode}" + (f"-{threads}" if mode == "batch" else "")
            figures[name + (f"-{number}" if len(parts) > 1 else "")] = figure
    return canvas.save(figures, folder)


def _best_first(rows: Sequence[Row]) -> list[str]:
    """The families, that with the highest recall first, of equals the fastest."""
    worth: dict[str, tuple[float, float]] = {}
    for row in rows:
        name, one = measured.family(row), (round(measured.recall(row), 2), row["qps"])
        worth[name] = max(worth.get(name, one), one)
    return sorted(worth, key=lambda name: worth[name], reverse=True)


def _line(axes: Axes, rows: Sequence[Row], look: Style, family: str, *, dashed: bool) -> None:
    if not rows:
        return
    front = measured.front(rows)
    style = LINES[dashed]
    canvas.dots(axes, _places(rows), rows, look, faint=True)
    axes.plot(*_places(front), color=look.colour, linewidth=1.6, linestyle=style, zorder=3)
    named = any(drawn.get_label() == family for drawn in axes.collections)
    canvas.dots(axes, _places(front), front, look, label=None if named else family)


def _pale_line(axes: Axes, rows: Sequence[Row], look: Style, *, dashed: bool) -> None:
    """Of a family without a name: there to be seen, and its points to be clicked on."""
    if rows:
        front = measured.front(rows)
        canvas.dots(axes, _places(rows), rows, Style(canvas.PALE, look.marker), faint=True)
        axes.plot(*_places(front), color=canvas.PALE, linewidth=1, linestyle=LINES[dashed], zorder=1)


def explain(axes: Axes, kinds: Sequence[str]) -> None:
    """What solid lines are, and what dashed ones, for the legend."""
    for words, style in zip(kinds, LINES, strict=True):
        axes.plot([], [], color=canvas.MUTED, linewidth=1.6, linestyle=style, label=words)


def _places(rows: Sequence[Row]) -> tuple[list[float], list[float]]:
    return [measured.recall(row) for row in rows], [row["qps"] for row in rows]


def _finish(axes: Axes, rows: Sequence[Row]) -> None:
    canvas.recall_scale(axes, map(measured.recall, rows), recall_name(rows[0]["k"]))
    canvas.log_scale(axes, "queries a second")
    canvas.finish(axes, legend="highest recall first", better="↗ better")
