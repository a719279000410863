"""Growth: what ``recommend --count`` says of a large set from a small one, held against what was measured on both."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ann_bench.results import extrapolate, points
from ann_bench.results.extrapolate import Grown
from ann_bench.results.points import Row
from ann_bench.results.results import MODES
from ann_bench.units import in_bytes, in_time, significant
from datasets.errors import InputError, unknown


@dataclass(frozen=True, kw_only=True)
class GrowthOptions:
    """Hold predictions for a large set against measurements: of a set, and of its first so many rows, in one folder.

    `run --data=SET --rows=10000` and `run --data=SET` measure both.
    """

    out: Path = Path("results")
    """The results folder of `run`."""
    data: str = ""
    """The large set; needed where there are several with parts of them."""
    k: int = 0
    """How many neighbors were asked for; needed where the folder holds several."""
    recall: float = 0.95
    """The k-recall@k at which families are compared."""
    mode: str = "single"
    """single: one query at a time; batch: many in one call."""


@dataclass(frozen=True)
class Compared:
    """A family's fastest point of the small set that reaches the recall, as it would grow, and what was measured.

    qps : of the large set at the recall that the small point has, on the family's front; None where that ends before
    recall : of the large set at the parameters that the small point's grow to; None where none are near
    memory, build_seconds : of the same build, where it was measured
    """

    row: Row
    grown: Grown
    qps: float | None
    recall: float | None
    memory: float | None
    build_seconds: float | None

    @property
    def kind(self) -> str:
        """How a search goes about it."""
        return extrapolate.kind(self.row["index"], self.row["build"])


def main(options: GrowthOptions) -> None:
    """Print the table."""
    if options.mode not in MODES:
        raise unknown("mode", options.mode, MODES)
    if not 0 < options.recall <= 1:
        raise InputError(f"--recall={options.recall}: must be above 0 and at most 1, like 0.95")
    for small, large in pairs(options):
        print(render(compare(small, large, recall=options.recall), recall=options.recall))


_CUT = re.compile(r"(.+)-(\d+)((?:-q\d+)?)")  # the first rows of a set, of which fewer queries may be asked


def pairs(options: GrowthOptions) -> list[tuple[Sequence[Row], Sequence[Row]]]:
    """The rows of each part of the set, and of the set. Raises InputError where there are not both."""
    if not options.out.is_dir():
        raise InputError(f"--out={options.out}: there is no such folder of results")
    names = sorted({path.name for path in options.out.glob("*") if path.is_dir()})
    cuts = {name: cut for name in names if (cut := _CUT.fullmatch(name)) and cut[1] + cut[3] in names}
    parts = {name: cut[1] + cut[3] for name, cut in cuts.items()}
    wanted = sorted(set(parts.values()) & ({options.data} if options.data else set(parts.values())))
    if len(wanted) != 1:
        which = f"say by --data which of {', '.join(wanted)}" if wanted else "there are no two sizes of one set"
        mend = "python -m ann_bench run --data=SET --rows=10000, and the same without --rows, measure both"
        raise InputError(f"--out={options.out}: {which}; {mend}")
    small = [name for name, whole in parts.items() if whole == wanted[0]]
    small.sort(key=lambda name: int(cuts[name][2]))
    kind = {"k": options.k, "mode": options.mode}
    large = points.load(options.out, data=wanted[0], **kind).rows
    return [(points.load(options.out, data=name, **kind).rows, large) for name in small]


def compare(small: Sequence[Row], large: Sequence[Row], *, recall: float) -> list[Compared]:
    """Every family that reaches the recall on the small set and is there in the large one, by the QPS foretold."""
    best: dict[str, Row] = {}
    for row in sorted(small, key=lambda row: -row["qps"]):
        if points.recall(row) >= recall:
            best.setdefault(points.family(row), row)
    count = large[0]["gallery"]
    found = [_compared(row, extrapolate.grow(row, count), large) for row in best.values()]
    return sorted((one for one in found if one), key=lambda one: -one.grown.qps)


def _compared(row: Row, grown: Grown, large: Sequence[Row]) -> Compared | None:
    family = [one for one in large if points.family(one) == points.family(row)]
    if not family:
        return None
    same = [one for one in family if one["build"] == grown.build]
    about = same[0] if same else {}
    memory = np.median([one["search_peak_bytes"] for one in same]) if same and "search_peak_bytes" in about else None
    qps = at_recall(points.front(family), points.recall(row))
    return Compared(row, grown, qps, _recall_at(grown.search, same), memory, about.get("build_seconds"))


def at_recall(front: Sequence[Row], recall: float) -> float | None:
    """The QPS of a front at a recall, on a line between its two next points; None beyond its last."""
    recalls = [points.recall(row) for row in front]
    if not front or recall > recalls[-1]:
        return None
    return math.exp(np.interp(recall, recalls, [math.log(row["qps"]) for row in front]))


def _recall_at(search: str, rows: Sequence[Row]) -> float | None:
    """The recall at parameters between those of the rows: the first lies between theirs, the others are the same."""
    wanted = extrapolate.values(search)
    if not wanted:
        return points.recall(rows[0]) if rows else None
    name, *others = wanted
    near = [(extrapolate.values(row["search"]), points.recall(row)) for row in rows]
    near = [(known, recall) for known, recall in near if all(known.get(other) == wanted[other] for other in others)]
    curve = sorted((math.log(known[name]), recall) for known, recall in near if known.get(name))
    if not curve or not wanted[name]:
        return None
    at = math.log(wanted[name])
    if not curve[0][0] <= at <= curve[-1][0]:
        return None
    return float(np.interp(at, *zip(*curve, strict=True)))


def render(compared: Sequence[Compared], *, recall: float) -> str:
    """The table, and below it how far the foretold QPS were off, by kind."""
    if not compared:
        raise InputError(f"--recall={recall:g}: no family reaches it on the small set and is there in the large one")
    before = compared[0].row["gallery"]
    head = ("index, build, search as foretold", "QPS", "between", "measured", "recall")
    head += ("memory", "measured", "build", "measured")
    lines = [head, *map(_cells, compared)]
    width = [max(len(line[place]) for line in lines) for place in range(len(head))]
    rule = tuple("-" * size for size in width)
    text = [
        "  ".join(
            [line[0].ljust(width[0]), *(word.rjust(size) for word, size in zip(line[1:], width[1:], strict=True))]
        )
        for line in (lines[0], rule, *lines[1:])
    ]
    first = (
        f"from {before:,} vectors, at a recall of {recall:g} or more there; recall: there, and as measured with more"
    )
    return "\n".join([first, *text, *_off(compared)])


def _cells(one: Compared) -> tuple[str, ...]:
    grown, recall = one.grown, f"{points.recall(one.row):.4f}"
    name = " ".join(dict.fromkeys(word for word in (one.row["index"], grown.build, grown.search) if word))
    return (
        name,
        significant(grown.qps),
        f"{significant(grown.qps_low)} to {significant(grown.qps_high)}",
        significant(one.qps) if one.qps else "",
        f"{recall}, {one.recall:.4f}" if one.recall is not None else recall,
        in_bytes(grown.memory),
        in_bytes(one.memory) if one.memory else "",
        in_time(grown.build_seconds),
        in_time(one.build_seconds) if one.build_seconds else "",
    )


def _off(compared: Sequence[Compared]) -> list[str]:
    """How many times the foretold QPS the measured ones are, by kind, and how many lie in the interval."""
    lines = []
    for kind in sorted({one.kind for one in compared}):
        known = [one for one in compared if one.kind == kind and one.qps]
        if known:
            times = sorted(one.qps / one.grown.qps for one in known)
            inside = sum(one.grown.qps_low <= one.qps <= one.grown.qps_high for one in known)
            about = (
                f"{times[0]:.2f} to {times[-1]:.2f} times the foretold QPS, {inside} of {len(known)} in the interval"
            )
            lines.append(f"{kind}: {about}")
    return lines
