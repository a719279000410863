"""Canvas: what all pictures of points have in common: title and facts, scales, grid, legend, and how they are saved."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from ann_bench.results.families import Style
from ann_bench.results.points import Row
from ann_bench.units import significant
from datasets.errors import InputError

INK, MUTED, LINE, BAND, PALE = "#1d2330", "#667085", "#e4e7ee", "#e9edfb", "#cfd5e1"
NAMED = 16  # lines that a legend beside a picture has room for, and that an eye can tell apart
_RESOLUTION = 1e-3  # a recall of 1 is drawn as far to the right as 0.999 would be if it were a whole step further
_TICKS = (0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1)


def begin(rows: Sequence[Row], title: str, *, height: float = 6) -> tuple[Figure, Axes]:
    """An empty picture of these rows: the title, and under it what set they are of and on which processor.

    height : in inches; pictures are 11 wide
    """
    figure = Figure(figsize=(11, height), layout="constrained")
    axes = figure.add_subplot()
    row = rows[0]
    facts = [row["data"], *([f"k = {row['k']}"] if row["k"] else []), row["metric"].replace("_", " ")]
    if row.get("gallery") and row.get("dimension"):
        facts.insert(1, f"{row['gallery']:,} x {row['dimension']}")
    facts += [row["cpu"]] if row.get("cpu") else []
    axes.set_title(title, loc="left", size=14, color=INK, weight="bold", pad=28, parse_math=False)
    axes.annotate("  ·  ".join(facts), (0, 1), (0, 11), size=9, color=MUTED, parse_math=False,
                  xycoords="axes fraction", textcoords="offset points")  # fmt: skip
    return figure, axes


def leading(ordered: Sequence[str], first: Iterable[str] = (), *, most: int = NAMED) -> list[str]:
    """Of names in an order those that a picture has in colour, in that order: all of ``first``, then from the front.

    Where ``first`` are more than there may be, the order decides among these.
    """
    wanted = set(first)
    chosen = [*(name for name in ordered if name in wanted), *ordered]
    kept = set(list(dict.fromkeys(chosen))[:most])
    return [name for name in ordered if name in kept]


def explain_pale(axes: Axes, count: int) -> None:
    """What the pale lines are, for the legend; nothing where there are none."""
    if count:
        axes.plot([], [], color=PALE, linewidth=1.6, label=f"{count} more: see the table")


def dots(
    axes: Axes,
    places: tuple[Sequence[float], Sequence[float]],
    rows: Sequence[Row],
    look: Style,
    *,
    faint: bool = False,
    label: str | None = None,
) -> None:
    """A dot a row at ``places`` (xs, ys); in the SVG a link to "#p<place>", where the rows have a "place"."""
    size, edge = (9, "none") if faint else ({"*": 85, "o": 38, "s": 38, "D": 34}.get(look.marker, 54), "white")
    drawn = axes.scatter(*places, s=size, c=look.colour, marker=look.marker, edgecolors=edge, linewidths=0.7)
    drawn.set(alpha=0.35 if faint else 1, zorder=2 if faint else 4, clip_on=False, label=label)
    drawn.set_urls([f"#p{row['place']}" if "place" in row else None for row in rows])


def recall_scale(axes: Axes, recalls: Iterable[float], words: str, *, along: str = "x") -> None:
    """An axis, x or y, of recall: 0.9 and 0.99 are as far apart as 0.99 and 0.999; it begins below the least one."""
    least = max(min(recalls), 0)
    start = max(tick for tick in _TICKS[:-1] if tick <= least)
    ticks = [tick for tick in _TICKS if tick >= start]
    (axes.set_xscale if along == "x" else axes.set_yscale)("function", functions=(stretch, unstretch))
    limits = float(unstretch(stretch(start) - 0.02)), 1
    axes.set(**{f"{along}lim": limits, f"{along}label": f"{words}, stretched towards 1"})
    axis = axes.xaxis if along == "x" else axes.yaxis
    axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_minor_formatter(NullFormatter())


def log_scale(axes: Axes, words: str, *, along: str = "y") -> None:
    """A logarithmic axis, x or y, around all that has been drawn."""
    axis = axes.xaxis if along == "x" else axes.yaxis
    low, high = axes.dataLim.intervalx if along == "x" else axes.dataLim.intervaly
    margin = max((high / low) ** 0.06, 1.3)
    axes.set(**{f"{along}lim": (low / margin, high * margin), f"{along}scale": "log", f"{along}label": words})
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 3e3 else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: significant(value)))
    axis.set_minor_locator(NullLocator())


def finish(axes: Axes, *, legend: str = "", better: str = "") -> None:
    """Grid, colours of the axes, and the legend; the last to be called.

    legend : its title, which says the order of the names; better : "↗ better", in the corner
    """
    for axis in (axes.xaxis, axes.yaxis):
        axis.label.set(size=10, color=INK)
    axes.tick_params(colors=MUTED, labelsize=9, length=0)
    axes.grid(color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set(visible=side == "bottom", color=LINE)
    if axes.get_legend_handles_labels()[0]:
        _legend(axes, legend)
    axes.annotate(
        better, (1, 1), (0, 11), size=10, color=MUTED, ha="right", xycoords="axes fraction", textcoords="offset points"
    )


def _legend(axes: Axes, title: str) -> None:
    names = axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.01), frameon=False, fontsize=9, labelcolor=INK,
                        title=title or None, title_fontsize=9, alignment="left")  # fmt: skip
    names.get_title().set_color(MUTED)
    for text in names.get_texts():
        text.set_parse_math(False)


def stretch(recall: np.ndarray | float) -> np.ndarray | float:
    """Recall to a place on the axis: 0.9 and 0.99 are a step apart."""
    return -np.log10(1 - np.clip(recall, None, 1) + _RESOLUTION)


def unstretch(place: np.ndarray | float) -> np.ndarray | float:
    """Its inverse."""
    return 1 + _RESOLUTION - 10.0 ** -np.asarray(place, float)


def save(figures: Mapping[str, Figure], folder: Path) -> list[Path]:
    """Every figure as folder/<name>.svg and .png, in this order; the same rows give the same bytes.

    Raises InputError where the folder cannot be written.
    """
    return [path for name, figure in figures.items() for path in _save(figure, folder / name)]


def _save(figure: Figure, path: Path) -> list[Path]:
    files = [path.with_name(path.name + suffix) for suffix in (".svg", ".png")]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with matplotlib.rc_context({"svg.hashsalt": path.name}):
            figure.savefig(files[0], facecolor="white", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
        figure.savefig(files[1], facecolor="white", dpi=150)
    except OSError as error:
        raise InputError(f"{path.parent}: the pictures cannot be written there ({error.strerror})") from error
    return files
