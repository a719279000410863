"""Points: measured points as flat rows, those of one dataset picked out of a results folder, and their Pareto front."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ann_bench.results import families, intervals, results
from ann_bench.results.results import MODES, Failure, Result, recall_name
from datasets.errors import InputError, unknown

Row = Mapping[str, Any]

MODE_WORDS = {"single": "one query at a time", "batch": "all queries in one call"}


@dataclass(frozen=True)
class Measured:
    """What is known of one dataset and one k.

    rows : as Result.row has them; what a track measured over time stands under "series"
    """

    data: str
    k: int
    rows: Sequence[Row]
    failures: list[Failure]


def load(
    folder: Path, *, data: str = "", k: int = 0, mode: str = "", asked: str = "", fingerprint: str = ""
) -> Measured:
    """The points and failures of one dataset in the results folder; of one mode, where it is named.

    data, k : "" and 0 are the only ones there; InputError lists them where there are several. Points of other vectors
        under the same name, or held against other true neighbors, are left out: those that were measured last count
    asked, fingerprint : the file that the user named, where ``data`` was read from it, and of the set in it, whose
        points come before those that were measured last
    """
    if mode and mode not in MODES:
        raise unknown("mode", mode, MODES)
    places = (path.parts[-4:-2] for path in folder.glob("*/*/*/*.hdf5"))
    found = {(name, count) for name, count in places if count.isdecimal()}
    if not found:
        raise InputError(f"--out={folder}: there are no results; python -m ann_bench run --out {folder} makes some")
    known = sorted({name for name, _ in found})
    mend = f"; measure it by python -m ann_bench run --data={asked or data}, or name another folder by --out"
    data = _only("--data", data, known, folder, mend=mend)
    k = int(_only("--k", str(k or ""), sorted({count for name, count in found if name == data}, key=int), folder))
    measured = [_row(results.read(path)) for path in sorted((folder / data / str(k)).glob("*/*.hdf5"))]
    if not measured:
        raise InputError(f"--data={data}: {folder / data / str(k)} holds no points; python -m ann_bench run makes some")
    last = max(measured, key=lambda row: (row["fingerprint"] == fingerprint, str(row.get("measured", ""))))
    same = _which(last, measured)
    rows = [row for row in measured if same(row) and mode in ("", row["mode"])]
    if not rows:
        raise InputError(f"--mode={mode}: {data} has no such points in {folder}")
    failures = results.read_failures(folder, data=data, k=k)
    return Measured(data, k, rows, [one for one in failures if same(asdict(one.point))])


def _row(result: Result) -> Row:
    """As Result.row; and the arrays of a track under "series", for its pictures."""
    return {**result.row, "series": result.series} if result.series else result.row


def _which(last: Row, measured: Sequence[Row]) -> Callable[[Row], bool]:
    """Tells rows of the same vectors and true neighbors as ``last``; of what bears one name, what was asked last."""
    ours = [row for row in measured if (row["fingerprint"], row["truth"]) == (last["fingerprint"], last["truth"])]
    asked = {row["case"]: row["asked"] for row in sorted(ours, key=lambda row: str(row.get("measured", "")))}

    def same(row: Row) -> bool:
        known = (row["fingerprint"], row["truth"]) == (last["fingerprint"], last["truth"])
        return known and asked.get(row["case"], row["asked"]) == row["asked"]

    return same


def _only(flag: str, asked: str, known: Sequence[str], folder: Path, *, mend: str = "") -> str:
    if asked and asked not in known:
        raise InputError(f"{flag}={asked}: not among the results in {folder}, which are {', '.join(known)}{mend}")
    if not asked and len(known) > 1:
        raise InputError(f"{flag}: say which one; {folder} holds results of {', '.join(known)}")
    return asked or known[0]


def recall(row: Row) -> float:
    """The k-recall@k of a point, ties by distance; of ranges the recall of pairs."""
    return float(row[recall_name(row["k"])])


def family(row: Row) -> str:
    """The family that a point belongs to."""
    return families.family(row["index"], row["build"])


def conditions(row: Row) -> str:
    """How a point was searched: "one query at a time, 1 thread" """
    return f"{MODE_WORDS[row['mode']]}, {in_threads(row['threads'])}"


def in_threads(threads: int) -> str:
    """ "1 thread", "2 threads" """
    return f"{threads} thread" + ("s" if threads != 1 else "")


def by_case(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Case -> its rows, in the order in which they come; "" where there is no track."""
    parts: dict[str, list[Row]] = {}
    for row in rows:
        parts.setdefault(row.get("case", ""), []).append(row)
    return parts


def by_conditions(rows: Iterable[Row]) -> dict[tuple[str, int], list[Row]]:
    """(mode, threads) -> its rows; single before batch. Points of different ones are not compared with each other."""
    rows = list(rows)
    found = sorted({(row["mode"], row["threads"]) for row in rows}, key=lambda pair: (MODES.index(pair[0]), pair[1]))
    return {pair: [row for row in rows if (row["mode"], row["threads"]) == pair] for pair in found}


def as_fast(one: Row, other: Row) -> bool:
    """Whether two points are equally fast: their intervals of QPS overlap (``intervals``)."""
    return _overlap(one, other, "qps", one["qps"], other["qps"])


def equal(one: Row, other: Row) -> bool:
    """Whether two points cannot be told apart: they are as fast, and their intervals of recall overlap, too."""
    return as_fast(one, other) and _overlap(one, other, "recall", recall(one), recall(other))


def _overlap(one: Row, other: Row, key: str, value: float, other_value: float) -> bool:
    (low, high), (other_low, other_high) = intervals.of_row(one, key, value), intervals.of_row(other, key, other_value)
    return low <= other_high and other_low <= high


def better(one: Row, other: Row) -> bool:
    """Whether ``one`` beats ``other``: it has at least its recall and its QPS, and they are not equal."""
    return recall(one) >= recall(other) and one["qps"] >= other["qps"] and not equal(one, other)


def pareto(xs: Sequence[float], ys: Sequence[float]) -> np.ndarray:
    """Places of the points that no other one beats, larger being better in both; from the smallest x to the largest.

    Of equal points the first counts; xs, ys (N,) finite.
    """
    across, up = np.asarray(xs, float), np.asarray(ys, float)
    order = np.lexsort((-up, -across))
    best = np.maximum.accumulate(up[order])
    keep = np.ones(len(order), bool)
    keep[1:] = best[1:] > best[:-1]
    return order[keep][::-1]


def front(rows: Sequence[Row]) -> list[Row]:
    """The rows that no other one beats in recall and QPS, from the lowest recall to the highest."""
    return [rows[place] for place in pareto([recall(row) for row in rows], [row["qps"] for row in rows])]


def equals(rows: Sequence[Row]) -> list[Row]:
    """The rows beside the front that no other one beats (``better``), from the lowest recall to the highest.

    Whatever is beaten has a row on the front or among these with at least its recall and its QPS.
    """
    figures = np.array([(recall(row), row["qps"]) for row in rows]).reshape(-1, 2)
    ends = [
        (intervals.of_row(row, "recall", found), intervals.of_row(row, "qps", fast))
        for row, (found, fast) in zip(rows, figures, strict=True)
    ]
    low, high = np.moveaxis(np.array(ends).reshape(-1, 2, 2), 2, 0)  # (N, 2) as the figures
    on_front = set(map(id, front(rows)))
    beside = [
        row
        for row, figure, most in zip(rows, figures, high, strict=True)
        if id(row) not in on_front and not ((figures >= figure).all(axis=1) & (low > most).any(axis=1)).any()
    ]
    return sorted(beside, key=lambda row: (recall(row), -row["qps"]))
