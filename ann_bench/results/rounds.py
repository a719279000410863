"""Rounds: a point whose runs are measured one by one, with those of other points between them.

Until its last run it stands beside its place, as ``<arguments>.partial``, which nobody shows.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ann_bench.results import results
from ann_bench.results.results import Point, Result
from datasets.errors import InputError


def measured(folder: Path, point: Point, runs: int) -> int:
    """How many of its ``runs`` there are; at least one is left to do."""
    before = _read(folder, point)
    return min(len(before.seconds), runs - 1) if before else 0


def add(folder: Path, result: Result, runs: int) -> tuple[Result, bool]:
    """Put the next run to those that there are, and the point into its place when it has ``runs``, 0 is at once.

    Returns what there is of the point then, and whether that is all.
    """
    before = _read(folder, result.point) if runs else None
    merged = _merged(before, result) if before else result
    whole = len(merged.seconds) >= runs
    if whole:
        results.write(folder, merged)
    else:
        results.write_to(results.partial(result.point.path(folder)), merged)
    return merged, whole


def forget(folder: Path, points: Iterable[Point]) -> None:
    """Begin anew."""
    for point in points:
        results.partial(point.path(folder)).unlink(missing_ok=True)


def _read(folder: Path, point: Point) -> Result | None:
    path = results.partial(point.path(folder))
    try:
        return results.read(path) if path.exists() else None
    except InputError:  # cut short
        return None


def _merged(before: Result, after: Result) -> Result:
    """The answers, times and scores of the best run, and the seconds of all."""
    best = after if after.seconds.min() < before.seconds.min() else before
    peaks = [one.facts["search_peak_bytes"] for one in (before, after) if "search_peak_bytes" in one.facts]
    facts = {**best.facts, "interleaved": True} | ({"search_peak_bytes": max(peaks)} if peaks else {})
    return replace(best, seconds=np.concatenate([before.seconds, after.seconds]), facts=facts)
