"""Plot: recall against speed, memory and build time as PNG and SVG, a colour a family; and the page that holds them."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ann_bench import tracks
from ann_bench.drawing import canvas
from ann_bench.results import points as measured
from ann_bench.results.families import Style, styles
from ann_bench.results.points import Row
from ann_bench.units import significant
from ann_bench.views import comparisons, page
from ann_bench.views.shown import Shown

_GOOD = 0.9  # the recall at which the legend ranks


@dataclass(frozen=True, kw_only=True)
class PlotOptions(Shown):
    """Draw recall against QPS, memory and build time, and write a page with the pictures and the table."""

    to: Path | None = None
    """The folder to write to; plots/ beside the results by default."""


def main(options: PlotOptions) -> None:
    """Draw the pictures, write the page and say where it is."""
    found = options.load()
    folder = options.to or options.folder / found.data / str(found.k) / "plots"
    if options.track:
        pictures = tracks.get(options.track).Track.draw(found.rows, folder)
    else:
        pictures = draw(found.rows, folder)
        for name in comparisons.left_out(found.rows):
            logging.info("no picture of batch points of %s: it has no batch search", name)
    written = page.write(found.rows, found.failures, folder, pictures=pictures)
    logging.info("%d points, %d pictures: %s", len(found.rows), len(pictures) // 2, written)


def draw(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Draw all pictures of the rows of one dataset and one k into ``folder``, each as .svg and .png.

    recall-qps-<mode>[-<threads>] for every mode and number of threads that ``comparisons`` has, recall-memory and
    recall-build. In the SVG the place n of ``rows`` is a link to "#p<n>", for the page that holds it. Returns the files
    in that order; raises InputError where the folder cannot be written.
    """
    numbered = [{**row, "place": place} for place, row in enumerate(rows)]
    style = styles(map(measured.family, rows))
    figures = {}
    for (mode, threads), part in comparisons.comparisons(numbered).items():
        name = f"recall-qps-{mode}" + (f"-{threads}" if mode == "batch" else "")
        figures[name] = _speed(part, style)
    figures |= {
        name: _cost(part, style, key, words)
        for name, key, words in (
            ("recall-memory", "bytes_per_vector", "bytes a vector"),
            ("recall-build", "build_seconds", "seconds to build"),
        )
        if (part := [row for row in numbered if row.get(key)])
    }
    return canvas.save(figures, folder)


def _speed(rows: Sequence[Row], style: Mapping[str, Style]) -> Figure:
    """Recall against QPS: all points, the front of each family, and a band under the front of all."""
    figure, axes = canvas.begin(rows, f"Recall and speed, {measured.conditions(rows[0])}")
    best = measured.front(rows)
    axes.plot(
        *_places(best, "qps"),
        color=canvas.BAND,
        linewidth=11,
        solid_capstyle="round",
        zorder=1,
        label="the best of all",
    )
    parts = _families(rows, lambda row: row["qps"])
    named = canvas.leading([name for name, _ in parts], map(measured.family, best))
    for name, part in parts:
        front, look = measured.front(part), style[name] if name in named else _pale(style[name])
        _dots(axes, part, "qps", look, faint=True)
        axes.plot(*_places(front, "qps"), color=look.colour, linewidth=1.6, zorder=3 if name in named else 2)
        if name in named:
            _dots(axes, front, "qps", look, label=name)
    canvas.explain_pale(axes, len(parts) - len(named))
    _finish(axes, rows, "queries a second", better="↗ better")
    return figure


def _cost(rows: Sequence[Row], style: Mapping[str, Style], key: str, words: str) -> Figure:
    """Recall against what a build costs: a line from the lowest recall that a build was tuned to up to its highest."""
    title = {"bytes_per_vector": "Recall and memory", "build_seconds": "Recall and build time"}[key]
    threads = sorted({row["build_threads"] for row in rows if row.get("build_threads")})
    with_threads = ", built on " + " or ".join(map(measured.in_threads, threads)) if threads else ""
    figure, axes = canvas.begin(rows, title + (with_threads if key == "build_seconds" else ""))
    parts = _families(rows, lambda row: -row[key])
    named = canvas.leading([name for name, _ in parts])
    for name, part in parts:
        look = style[name] if name in named else _pale(style[name])
        for build in dict.fromkeys(row["build"] for row in part):
            points = sorted((row for row in part if row["build"] == build), key=measured.recall)
            axes.plot(
                *_places(points, key), color=look.colour, linewidth=1.3, alpha=0.55 if name in named else 1, zorder=2
            )
            known = name not in named or any(text.get_label() == name for text in axes.collections)
            _dots(axes, points[-1:], key, look, faint=name not in named, label=None if known else name)
    canvas.explain_pale(axes, len(parts) - len(named))
    if key == "bytes_per_vector" and rows[0].get("dimension"):
        raw = rows[0]["dimension"] * (1 / 8 if rows[0]["metric"] == "hamming" else 4)
        label = f"the vectors alone: {significant(raw)}"
        axes.axhline(raw, color=canvas.MUTED, linewidth=1, linestyle=(0, (4, 4)), zorder=1, label=label)
    _finish(axes, rows, words, better="↘ better")
    return figure


def _pale(look: Style) -> Style:
    """Of a family that the legend has no room for."""
    return Style(canvas.PALE, look.marker)


def _families(rows: Sequence[Row], worth: Callable[[Row], float]) -> list[tuple[str, list[Row]]]:
    """The families with their rows; in the order of the best worth at a good recall, then of the highest recall."""
    parts: dict[str, list[Row]] = {}
    for row in rows:
        parts.setdefault(measured.family(row), []).append(row)

    def rank(rows: list[Row]) -> tuple[bool, float]:
        good = [worth(row) for row in rows if measured.recall(row) >= _GOOD]
        return (bool(good), max(good) if good else max(map(measured.recall, rows)))

    return sorted(parts.items(), key=lambda item: rank(item[1]), reverse=True)


def _places(rows: Sequence[Row], key: str) -> tuple[list[float], list[float]]:
    return [measured.recall(row) for row in rows], [row[key] for row in rows]


def _dots(
    axes: Axes, rows: Sequence[Row], key: str, look: Style, *, faint: bool = False, label: str | None = None
) -> None:
    canvas.dots(axes, _places(rows, key), rows, look, faint=faint, label=label)


def _finish(axes: Axes, rows: Sequence[Row], words: str, *, better: str) -> None:
    """Scales, ticks, grid and legend."""
    canvas.recall_scale(axes, map(measured.recall, rows), f"{rows[0]['k']}-recall@{rows[0]['k']}")
    canvas.log_scale(axes, words)
    canvas.finish(axes, legend=f"best at recall {_GOOD} first", better=better)
