"""The pictures of codes, as PNG bytes: precision against recall, and what the bits and the distances are like."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from embedding.report.plots import ACCENT, INK, LINE, MUTED, RIGHT, WRONG, colours, dress, png
from hashing.evaluation.histograms import Histograms
from hashing.evaluation.scores import Curves


def precision_recall(curves: Mapping[str, Curves], *, radius: int) -> bytes:
    """A line a name: mean precision and recall within each Hamming radius; the point of ``radius`` is marked."""
    beside = min(6.0, 0.8 + 0.075 * max(map(len, curves)))  # inches of the legend
    figure = Figure(figsize=(6.4 + beside, max(4.2, 0.8 + 0.22 * len(curves))), layout="constrained")
    axes = figure.subplots()
    for (name, curve), colour in zip(curves.items(), colours(len(curves)), strict=True):
        axes.plot(curve.recall, curve.precision, color=colour, linewidth=1.8, label=_plain(name))
        place = min(radius, len(curve.recall) - 1)
        axes.plot(curve.recall[place], curve.precision[place], "o", color=colour, markersize=6, clip_on=False)
    dress(axes, "Precision", "recall")
    axes.set(xlim=(-0.01, 1.01), ylim=(0, 1.02))
    _in_percent(axes)
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    figure.legend(loc="outside right upper", frameon=False, fontsize=9, labelcolor=INK)
    return png(figure)


def statistics(balance: np.ndarray, correlation: np.ndarray, distances: Histograms, *, radius: int) -> bytes:
    """The bits' shares of ones (K,) and correlation (K, K), and the distances of similar and dissimilar pairs."""
    figure = Figure(figsize=(13, 3.6), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1.15, 0.95))
    _draw_balance(left, balance)
    _draw_distances(middle, distances, radius)
    _draw_correlation(right, correlation)
    return png(figure)


def _draw_balance(axes: Axes, balance: np.ndarray) -> None:
    axes.bar(np.arange(len(balance)), balance, width=0.8, color=ACCENT)
    axes.axhline(0.5, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    dress(axes, "Share of ones, bit by bit", "bit")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlim=(-0.8, len(balance) - 0.2), ylim=(0, 1))
    _in_percent(axes)


def _draw_distances(axes: Axes, distances: Histograms, radius: int) -> None:
    """Each kind of pairs by distance, as shares of its own number."""
    similar = distances.relevant.sum(axis=0, dtype=np.int64)
    dissimilar = distances.items.sum(axis=0, dtype=np.int64) - similar
    edges = np.arange(len(similar) + 1) - 0.5
    axes.axvspan(-0.5, radius + 0.5, color=LINE, linewidth=0)
    for counts, colour, name in ((similar, RIGHT, "similar"), (dissimilar, WRONG, "dissimilar")):
        shares = counts / max(1, counts.sum())
        axes.stairs(shares, edges, fill=True, color=colour, alpha=0.35)
        axes.stairs(shares, edges, color=colour, linewidth=1.5, label=f"{name}, {counts.sum():,}")
    dress(axes, "Hamming distances of pairs", f"differing bits (grey: up to {radius})")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlim=(-0.5, len(similar) - 0.5), ylim=(0, None))
    _in_percent(axes)
    axes.legend(frameon=False, fontsize=8, labelcolor=INK)


def _draw_correlation(axes: Axes, correlation: np.ndarray) -> None:
    image = axes.imshow(correlation, cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest")
    dress(axes, "Correlation of bits", "bit")
    axes.grid(visible=False)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    bar = axes.figure.colorbar(image, ax=axes, ticks=(-1, 0, 1))
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=MUTED, labelsize=8, length=0)


def _in_percent(axes: Axes) -> None:
    axes.yaxis.set_major_formatter(PercentFormatter(1))


def _plain(name: str) -> str:
    """As a legend can write it: its letters only, and seen even where it begins with an underscore."""
    return ("\u200b" + name if name.startswith("_") else name).replace("$", r"\$")
