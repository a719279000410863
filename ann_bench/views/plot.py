"""Plot: recall against speed, memory and build time as PNG and SVG, a colour a family; and the page that holds them."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from ann_bench import tracks
from ann_bench.results import points as measured
from ann_bench.results.families import Style, styles
from ann_bench.results.points import Row
from ann_bench.units import significant
from ann_bench.views import comparisons, page
from ann_bench.views.shown import Shown
from datasets.errors import InputError

INK, MUTED, LINE, BAND = "#1d2330", "#667085", "#e4e7ee", "#e9edfb"
_RESOLUTION = 1e-3  # a recall of 1 is drawn as far to the right as 0.999 would be if it were a whole step further
_TICKS = (0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1)
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
    return [path for name, figure in figures.items() for path in _save(figure, folder / name)]


def _speed(rows: Sequence[Row], style: Mapping[str, Style]) -> Figure:
    """Recall against QPS: all points, the front of each family, and a band under the front of all."""
    figure, axes = _canvas(rows, f"Recall and speed, {measured.conditions(rows[0])}")
    best = measured.front(rows)
    axes.plot(
        *_places(best, "qps"), color=BAND, linewidth=11, solid_capstyle="round", zorder=1, label="the best of all"
    )
    for name, part in _families(rows, lambda row: row["qps"]):
        look, front = style[name], measured.front(part)
        _dots(axes, part, "qps", look, faint=True)
        axes.plot(*_places(front, "qps"), color=look.colour, linewidth=1.6, zorder=3)
        _dots(axes, front, "qps", look, label=name)
    _finish(axes, rows, "queries a second", better="↗ better")
    return figure


def _cost(rows: Sequence[Row], style: Mapping[str, Style], key: str, words: str) -> Figure:
    """Recall against what a build costs: a line from the lowest recall that a build was tuned to up to its highest."""
    title = {"bytes_per_vector": "Recall and memory", "build_seconds": "Recall and build time"}[key]
    threads = sorted({row["build_threads"] for row in rows if row.get("build_threads")})
    with_threads = ", built on " + " or ".join(map(measured.in_threads, threads)) if threads else ""
    figure, axes = _canvas(rows, title + (with_threads if key == "build_seconds" else ""))
    for name, part in _families(rows, lambda row: -row[key]):
        for build in dict.fromkeys(row["build"] for row in part):
            points = sorted((row for row in part if row["build"] == build), key=measured.recall)
            axes.plot(*_places(points, key), color=style[name].colour, linewidth=1.3, alpha=0.55, zorder=2)
            label = None if any(text.get_label() == name for text in axes.collections) else name
            _dots(axes, points[-1:], key, style[name], label=label)
    if key == "bytes_per_vector" and rows[0].get("dimension"):
        raw = rows[0]["dimension"] * (1 / 8 if rows[0]["metric"] == "hamming" else 4)
        label = f"the vectors alone: {significant(raw)}"
        axes.axhline(raw, color=MUTED, linewidth=1, linestyle=(0, (4, 4)), zorder=1, label=label)
    _finish(axes, rows, words, better="↘ better")
    return figure


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
    size, edge = (9, "none") if faint else ({"*": 85, "o": 38, "s": 38, "D": 34}.get(look.marker, 54), "white")
    dots = axes.scatter(*_places(rows, key), s=size, c=look.colour, marker=look.marker, edgecolors=edge, linewidths=0.7)
    dots.set(alpha=0.35 if faint else 1, zorder=2 if faint else 4, clip_on=False, label=label)
    dots.set_urls([f"#p{row['place']}" for row in rows])


def _canvas(rows: Sequence[Row], title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(11, 6), layout="constrained")
    axes = figure.add_subplot()
    row = rows[0]
    facts = [row["data"], f"k = {row['k']}", row["metric"].replace("_", " ")]
    if row.get("gallery") and row.get("dimension"):
        facts.insert(1, f"{row['gallery']:,} x {row['dimension']}")
    facts += [row["cpu"]] if row.get("cpu") else []
    axes.set_title(title, loc="left", size=14, color=INK, weight="bold", pad=28)
    axes.annotate("  ·  ".join(facts), (0, 1), (0, 11), size=9, color=MUTED, parse_math=False,
                  xycoords="axes fraction", textcoords="offset points")  # fmt: skip
    return figure, axes


def _finish(axes: Axes, rows: Sequence[Row], words: str, *, better: str) -> None:
    """Scales, ticks, grid and legend."""
    recalls = [measured.recall(row) for row in rows]
    left = max(tick for tick in _TICKS[:-1] if tick <= max(min(recalls), 0))
    axes.set_xscale("function", functions=(_stretch, _unstretch))
    axes.set_xlim(float(_unstretch(_stretch(left) - 0.02)), 1)
    axes.set_xticks([tick for tick in _TICKS if tick >= left], [f"{tick:g}" for tick in _TICKS if tick >= left])
    low, high = axes.dataLim.intervaly
    margin = max((high / low) ** 0.06, 1.3)
    axes.set_ylim(low / margin, high * margin)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 3e3 else (1,)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: significant(value)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(f"{rows[0]['k']}-recall@{rows[0]['k']}, stretched towards 1", size=10, color=INK)
    axes.set_ylabel(words, size=10, color=INK)
    axes.tick_params(colors=MUTED, labelsize=9, length=0)
    axes.grid(color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set(visible=side == "bottom", color=LINE)
    legend = axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.01), frameon=False, fontsize=9, labelcolor=INK,
                         title=f"best at recall {_GOOD} first", title_fontsize=9, alignment="left")  # fmt: skip
    legend.get_title().set_color(MUTED)
    for text in legend.get_texts():
        text.set_parse_math(False)
    axes.annotate(
        better, (1, 1), (0, 11), size=10, color=MUTED, ha="right", xycoords="axes fraction", textcoords="offset points"
    )


def _stretch(recall: np.ndarray | float) -> np.ndarray | float:
    """Recall to a place on the axis: 0.9 and 0.99 are a step apart."""
    return -np.log10(1 - np.clip(recall, None, 1) + _RESOLUTION)


def _unstretch(place: np.ndarray | float) -> np.ndarray | float:
    return 1 + _RESOLUTION - 10.0 ** -np.asarray(place, float)


def _save(figure: Figure, path: Path) -> list[Path]:
    """The figure as path.svg and path.png; the same rows give the same bytes."""
    files = [path.with_name(path.name + suffix) for suffix in (".svg", ".png")]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with matplotlib.rc_context({"svg.hashsalt": path.name}):
            figure.savefig(files[0], facecolor="white", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
        figure.savefig(files[1], facecolor="white", dpi=150)
    except OSError as error:
        raise InputError(f"{path.parent}: the pictures cannot be written there ({error.strerror})") from error
    return files
