"""Intervals: how far the figures of a point would lie elsewhere, had they been measured again.

A point has two. That of its recall is bootstrapped over queries (Efron 1979), at 95 %: what other queries of the same
kind would give (``measuring.metrics.interval``). That of its QPS goes from its slowest run to its fastest, which is the
one that counts, since whatever else a machine does only takes time away. So the QPS stands at the upper end.

Two points that are equally fast in truth are told apart, because their runs lie apart by chance, in 10 of 100 cases
with 3 runs, in 3 with 4 and in 1 with 5: by counting in how many orders the runs of both may come. With 1 run there is
nothing to tell by. Of more than 5 runs the 5 fastest count: one that was disturbed leaves no mark then, and of equals
at most 6 of 100 are told apart. What lasts longer than the runs of a point, as a busy hour does, is in no interval;
``--interleave`` spreads the runs over the whole sweep.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

COUNTED = 5  # runs


def of_runs(seconds: np.ndarray, queries: int) -> tuple[float, float]:
    """QPS of the slowest run that counts, and of the fastest; ``seconds`` (runs,), each of so many queries."""
    counted = np.sort(seconds)[:COUNTED]
    return queries / float(counted[-1]), queries / float(counted[0])


def of_row(row: Mapping[str, Any], key: str, value: float) -> tuple[float, float]:
    """The interval of "qps" or "recall" in a row; only ``value`` itself where none was measured."""
    return row.get(f"{key}_low", value), row.get(f"{key}_high", value)
