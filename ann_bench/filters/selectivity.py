"""Pictures over selectivity: how fast, and how good, every family is the more or the fewer rows pass."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ann_bench.drawing import canvas, fronts
from ann_bench.filters.asking import NATIVE, POST
from ann_bench.results import points as measured
from ann_bench.results.families import Style, styles
from ann_bench.results.points import Row
from ann_bench.results.results import recall_name

GOAL = 0.95  # the recall at which speeds are compared
_WAYS = (NATIVE, POST)
_WORDS = {"": "", "made": ", random rows", "made near": ", rows on the query's side", "made far": ", on the other side"}


def draw(rows: Sequence[Row], folder: Path) -> list[Path]:
    """speed-selectivity-<mode>[-<threads>] and recall-selectivity-..., of rows with their places in the page.

    Nothing where all filters let as many rows pass.
    """
    figures = {}
    for (mode, threads), part in measured.by_conditions(rows).items():
        for kind in dict.fromkeys(map(_kind, part)):
            alike = [row for row in part if _kind(row) == kind]
            if len({row["selectivity"] for row in alike}) > 1:
                name = (
                    f"selectivity-{mode}"
                    + (f"-{threads}" if mode == "batch" else "")
                    + f" {kind}".rstrip().replace(" ", "-")
                )
                figures[f"speed-{name}"] = _speed(alike, kind)
                figures[f"recall-{name}"] = _recall(alike, kind)
    return canvas.save(figures, folder)


def _kind(row: Row) -> str:
    """Which of the made filters a row is of: "made", "made near", "made far"; "" of others."""
    found = re.fullmatch(r"(made(?: near| far)?) [\d.e-]+", row["case"])
    return found[1] if found else ""


def _speed(rows: Sequence[Row], kind: str) -> Figure:
    """The fastest point of each family and way that reaches the goal."""
    figure, axes = canvas.begin(
        rows, f"Speed at recall {GOAL} by selectivity{_WORDS[kind]}; {measured.conditions(rows[0])}"
    )
    good = [row for row in rows if measured.recall(row) >= GOAL]
    _lines(axes, rows, good, lambda row: row["qps"], lambda row: row["qps"])
    if good:
        canvas.log_scale(axes, f"queries a second, of the fastest at recall {GOAL} or more")
    canvas.log_scale(axes, "share of the rows that pass", along="x")
    canvas.finish(axes, legend="best first", better="\u2191 better")
    return figure


def _recall(rows: Sequence[Row], kind: str) -> Figure:
    """The highest recall that each family and way reaches, whatever its speed."""
    figure, axes = canvas.begin(rows, f"Highest recall by selectivity{_WORDS[kind]}; {measured.conditions(rows[0])}")
    _lines(axes, rows, rows, measured.recall, measured.recall)
    canvas.recall_scale(axes, map(measured.recall, rows), recall_name(rows[0]["k"]), along="y")
    canvas.log_scale(axes, "share of the rows that pass", along="x")
    canvas.finish(axes, legend="best first", better="\u2191 better")
    return figure


def _lines(
    axes: Axes,
    rows: Sequence[Row],
    shown: Sequence[Row],
    worth: Callable[[Row], float],
    height: Callable[[Row], float],
) -> None:
    """A line a family and way, through the best point of each filter; in colour those that are the best under any."""
    style = styles(map(measured.family, rows))
    best: dict[tuple[str, str], dict[str, Row]] = {}
    for row in shown:
        line = best.setdefault((measured.family(row), row["way"]), {})
        if row["case"] not in line or worth(row) > worth(line[row["case"]]):
            line[row["case"]] = row
    ordered = _best_first(best, worth)
    named = canvas.leading(ordered, _winners(best, worth))
    for (family, way), line in sorted(best.items(), key=lambda item: ordered.index(item[0][0])):
        points = sorted(line.values(), key=lambda row: row["selectivity"])
        places = [row["selectivity"] for row in points], [height(row) for row in points]
        look, style_of_way = style[family], fronts.LINES[_WAYS.index(way)]
        if family not in named:
            canvas.dots(axes, places, points, Style(canvas.PALE, look.marker), faint=True)
            axes.plot(*places, color=canvas.PALE, linewidth=1, linestyle=style_of_way, zorder=1)
            continue
        axes.plot(*places, color=look.colour, linewidth=1.6, linestyle=style_of_way, zorder=3)
        label = None if any(drawn.get_label() == family for drawn in axes.collections) else family
        canvas.dots(axes, places, points, look, label=label)
    canvas.explain_pale(axes, len(ordered) - len(named))
    fronts.explain(axes, _WAYS)


def _best_first(best: Mapping[tuple[str, str], Mapping[str, Row]], worth: Callable[[Row], float]) -> list[str]:
    """The families: first those that do under most filters, then those with the best average."""

    def rank(line: Mapping[str, Row]) -> tuple[int, float]:
        return len(line), sum(map(worth, line.values())) / len(line)

    ranked = sorted(best, key=lambda which: rank(best[which]), reverse=True)
    return list(dict.fromkeys(family for family, _ in ranked))


def _winners(best: Mapping[tuple[str, str], Mapping[str, Row]], worth: Callable[[Row], float]) -> list[str]:
    """The best family under each filter."""
    cases = {case for line in best.values() for case in line}
    return [
        max((line for line in best.items() if case in line[1]), key=lambda item: worth(item[1][case]))[0][0]
        for case in cases
    ]
