"""Pictures of many clients: the rate that they reach, and how long they wait, by their number and by the rate."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from ann_bench.drawing import canvas
from ann_bench.results import points as measured
from ann_bench.results.families import Style, styles
from ann_bench.results.points import Row

_GOOD = 0.9  # the recall from which a family's fastest point is shown
_MOST = 6  # families whose latency is shown in one picture
_LINES = {"p50": "-", "p95": (0, (5, 2)), "p99": (0, (3, 2)), "p99.9": (0, (1, 1.5))}


def draw(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Draw what there is to see of the rows of one set: a line a family, its fastest point of a recall of 0.9 or more.

    clients-qps and clients-latency from closed loops, rate-latency from open ones.
    """
    numbered = [{**row, "place": place} for place, row in enumerate(rows)]
    style = styles(map(measured.family, rows))
    closed = [row for row in numbered if row["loop"] == "closed"]
    open_ = [row for row in numbered if row["loop"] == "open"]
    figures: dict[str, Figure] = {}
    if closed:
        lines = chosen(closed)
        figures["clients-qps"] = _rates(lines, style)
        figures["clients-latency"] = _waits(lines, style, "clients", "clients that ask again when they are answered")
    if open_:
        most = max(row["clients"] for row in open_)
        lines = chosen([row for row in open_ if row["clients"] == most])
        figures["rate-latency"] = _waits(lines, style, "rate", f"queries a second asked of {most} clients")
    return canvas.save(figures, folder)


def chosen(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Family -> the rows of its point that is shown, which is the fastest at the most clients or the highest rate."""
    parts: dict[str, dict[tuple[str, str], list[Row]]] = {}
    for row in rows:
        parts.setdefault(measured.family(row), {}).setdefault((row["build"], row["search"]), []).append(row)

    def worth(part: list[Row]) -> tuple[bool, float]:
        last = max(part, key=lambda row: (row["clients"], row["rate"] or 0))
        good = measured.recall(last) >= _GOOD
        return good, last["qps"] if good else measured.recall(last)

    found = {name: max(builds.values(), key=worth) for name, builds in parts.items()}
    return dict(sorted(found.items(), key=lambda item: worth(item[1]), reverse=True))


def _name(name: str, part: Sequence[Row]) -> str:
    return f"{name} {part[0]['search']}".strip() + f", recall {measured.recall(part[0]):.3f}"


def _rates(lines: Mapping[str, list[Row]], style: Mapping[str, Style]) -> Figure:
    """QPS against clients, and the cores that there are."""
    rows = [row for part in lines.values() for row in part]
    figure, axes = canvas.begin(rows, "Queries a second of many clients, each asks again when it is answered")
    for name, part in lines.items():
        part = sorted(part, key=lambda row: row["clients"])
        places = [row["clients"] for row in part], [row["qps"] for row in part]
        axes.plot(*places, color=style[name].colour, linewidth=1.6, zorder=3)
        axes.vlines(places[0], *zip(*((row["qps_low"], row["qps_high"]) for row in part), strict=True),
                    color=style[name].colour, linewidth=0.8, alpha=0.5)  # fmt: skip
        canvas.dots(axes, places, part, style[name], label=_name(name, part))
    axes.axvline(rows[0]["cores_allowed"], color=canvas.MUTED, linewidth=1, linestyle=(0, (4, 4)), zorder=1,
                 label=f"the cores: {rows[0]['cores_allowed']}")  # fmt: skip
    _numbers(axes, sorted({row["clients"] for row in rows}), "clients")
    canvas.log_scale(axes, "queries a second")
    canvas.finish(axes, legend="fastest first", better="↑ better")
    return figure


def _waits(lines: Mapping[str, list[Row]], style: Mapping[str, Style], key: str, words: str) -> Figure:
    """The percentiles of latency against clients or rate: a colour a family, a kind of line a percentile."""
    shown = dict(list(lines.items())[:_MOST])
    rows = [row for part in shown.values() for row in part]
    figure, axes = canvas.begin(rows, "How long an answer takes")
    for name, part in shown.items():
        part = sorted(part, key=lambda row: row[key])
        xs = [row[key] for row in part]
        for percentile, line in _LINES.items():
            axes.plot(xs, [row[percentile] for row in part], color=style[name].colour, linewidth=1.4, linestyle=line)
        canvas.dots(axes, (xs, [row["p99"] for row in part]), part, style[name], label=_name(name, part))
    for percentile, line in _LINES.items():
        axes.add_line(Line2D([], [], color=canvas.MUTED, linewidth=1.4, linestyle=line, label=percentile))
    if key == "clients":
        _numbers(axes, sorted({row[key] for row in rows}), words)
    else:
        canvas.log_scale(axes, words, along="x")
    canvas.log_scale(axes, "milliseconds")
    canvas.finish(axes, legend="most answers a second first", better="↓ better")
    return figure


def _numbers(axes: Axes, numbers: Sequence[int], words: str) -> None:
    """A logarithmic axis of whole numbers, each of them named."""
    axes.set_xscale("log", base=2)
    axes.set_xlim(numbers[0] / 1.25, numbers[-1] * 1.25)
    axes.set_xlabel(words)
    axes.xaxis.set_major_locator(FixedLocator(numbers))
    axes.xaxis.set_major_formatter(FixedFormatter([str(number) for number in numbers]))
    axes.xaxis.set_minor_locator(NullLocator())
