"""Pictures of streams: recall, queries a second and memory over the steps, and how fast is written; one set a runbook.

Behind every line over steps the rows that are there are shown as a pale area. In colour are the best point of every
index and way, then those that are best at the end; the others are pale.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ann_bench.drawing import canvas
from ann_bench.results import points as measured
from ann_bench.results.families import Style, styles
from ann_bench.results.points import Row
from ann_bench.units import significant

_RATES = {  # its name with the sign of its marker, the marker, and where its figures stand, points beside the axes
    "inserts_per_second": ("▶ inserted", ">", 75),
    "deletes_per_second": ("✖ deleted", "X", 145),
    "writes_per_second": ("● all writes", "o", 220),
}
_NAMED = 10  # of labels in two lines, as many as a legend has room for
_ROW = 0.42  # inches


def draw(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Draw the pictures of all runbooks; the files in order, each as .svg and .png."""
    figures: dict[str, Figure] = {}
    numbered = [{**row, "place": place} for place, row in enumerate(rows)]
    for runbook in dict.fromkeys(row["case"] for row in numbered):
        part = sorted((row for row in numbered if row["case"] == runbook), key=_worst_last)
        slug = re.sub(r"\W+", "_", runbook).strip("_")
        figures |= {f"{name}-{slug}": figure for name, figure in _of_runbook(part, runbook).items()}
    return canvas.save(figures, folder)


def _worst_last(row: Row) -> tuple[float, float]:
    """The best recall at the end first; of equals the fastest."""
    return -round(row["last recall"], 2), -row["qps"]


def _of_runbook(rows: Sequence[Row], runbook: str) -> dict[str, Figure]:
    names = list(dict.fromkeys(map(label, rows)))
    named = canvas.leading(names, map(label, _best_of_each(rows)), most=_NAMED)
    looks = dict.fromkeys(names, Style(canvas.PALE, "o")) | styles(named)
    recall = _over_steps(rows, looks, "recall", f"Recall over the steps of {runbook}")
    canvas.recall_scale(recall[1], [float(np.nanmin(row["series"]["recall"])) for row in rows],
                        f"{rows[0]['k']}-recall@{rows[0]['k']}", along="y")  # fmt: skip
    speed = _over_steps(rows, looks, "qps", f"Speed over the steps of {runbook}, one query at a time, 1 thread")
    canvas.log_scale(speed[1], "queries a second")
    memory = _over_steps(rows, looks, "memory", f"Memory over the steps of {runbook}", scale=1e-6)
    memory[1].set(ylabel="MB resident more than before the first step", ylim=(0, None))
    figures = {"recall-steps": recall, "qps-steps": speed, "memory-steps": memory}
    for _, axes in figures.values():
        _alive(axes, rows[0])
        canvas.explain_pale(axes, len(names) - len(named))
        canvas.finish(axes, legend="best recall at the end first")
    return {name: figure for name, (figure, _) in figures.items()} | {"writes": _writes(rows, looks, runbook)}


def _best_of_each(rows: Sequence[Row]) -> list[Row]:
    """Of every index and way the first row."""
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        found.setdefault((row["index"], row["way"]), row)
    return list(found.values())


def label(row: Row) -> str:
    """ "hnswlib removes", and in a second line "M=16,ef_construction=200 ef=40" """
    return f"{row['index']}, {row['way']}\n" + f"{row['build']} {row['search']}".strip()


def _over_steps(
    rows: Sequence[Row], looks: dict[str, Style], name: str, title: str, *, scale: float = 1
) -> tuple[Figure, Axes]:
    """A line a point: of what is known only after searches, their steps are joined."""
    figure, axes = canvas.begin(rows, title)
    for row in rows:
        values = row["series"][name] * scale
        steps = np.flatnonzero(np.isfinite(values))
        look, places = looks[label(row)], (steps + 1, values[steps])
        if look.colour == canvas.PALE:
            axes.plot(*places, color=look.colour, linewidth=1, zorder=2)
            continue
        marker = {"marker": look.marker, "markersize": 4} if len(steps) <= 60 else {}
        axes.plot(*places, color=look.colour, linewidth=1.5, label=label(row), zorder=3, **marker)
    axes.set_xlabel("step")
    return figure, axes


def _alive(axes: Axes, row: Row) -> None:
    """The rows that are there after each step, behind all else."""
    alive = row["series"]["alive"]
    behind = axes.twinx()
    behind.fill_between(np.arange(1, len(alive) + 1), alive, color=canvas.BAND, step="mid", linewidth=0)
    behind.set(ylim=(0, alive.max() * 1.05), yticks=[])
    for spine in behind.spines.values():
        spine.set_visible(False)
    axes.set_zorder(behind.get_zorder() + 1)
    axes.patch.set_visible(False)
    axes.set_xlabel(f"step; the pale area shows the rows that are there, {alive.max():,} at most")


def _writes(rows: Sequence[Row], looks: dict[str, Style], runbook: str) -> Figure:
    """How many rows a second come, go, and are written in all: a line of dots each, the figures beside it."""
    threads = rows[0].get("build_threads", 1)
    title = f"Rows written a second, {measured.in_threads(threads)}"
    figure, axes = canvas.begin(rows, title, height=max(6, 1.6 + _ROW * len(rows)))
    for key, (words, marker, beside) in _RATES.items():
        _beside(axes, words, 1, beside, xycoords="axes fraction", ha="right", va="bottom")
        for place, row in enumerate(rows):
            if row.get(key):
                colour = looks[label(row)].colour.replace(canvas.PALE, canvas.MUTED)
                axes.scatter(row[key], place, c=colour, marker=marker, s=45, zorder=3)
                _beside(axes, significant(row[key]), place, beside, xycoords=axes.get_yaxis_transform(), ha="right",
                        va="center")  # fmt: skip
    axes.set_yticks(range(len(rows)), [label(row) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    if any(row.get(key) for row in rows for key in _RATES):
        canvas.log_scale(axes, f"rows a second after the first search of {runbook}", along="x")
    canvas.finish(axes)
    axes.tick_params(axis="y", labelsize=8)
    return figure


def _beside(axes: Axes, words: str, height: float, points: float, **how: Any) -> None:
    """Words that end so many points to the right of the axes."""
    axes.annotate(words, (1, height), (points, 0), textcoords="offset points", size=8, color=canvas.INK, **how)
