"""Scoring pairs within a radius: every one that an index gives is held against all true ones, and only those count."""

from collections.abc import Mapping, Sequence

import numpy as np

from ann_bench.measuring.honest import Cheating
from ann_bench.ranges.asking import Answer
from ann_bench.results.point import recall_name
from datasets.truths.range_file import PairsWithin

_DRAWN, _ENDS = 400, (0.025, 0.975)  # draws of queries, and the ends of the interval between which 95 % of them lie


def together(answers: Sequence[Answer], queries: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """The query and the row (n,) int64 of all pairs; raises Cheating where the answers are none."""
    counts = [_counts(ends, ids, queries // len(answers)) for ends, ids in answers]
    row = np.concatenate([ids for _, ids in answers]).astype(np.int64, copy=False)
    query = np.repeat(np.arange(queries), np.concatenate(counts))
    if len(row) and not 0 <= row.min() <= row.max() < rows:
        wrong = row.min() if row.min() < 0 else row.max()
        raise Cheating(f"id {wrong} is out of range, the gallery has rows 0 to {rows - 1}")
    keys, times = np.unique(query * rows + row, return_counts=True)
    if len(keys) < len(row):
        twice = keys[times > 1][0]
        raise Cheating(f"id {twice % rows} is twice among the answers to query {twice // rows}")
    return query, row


def _counts(ends: object, ids: object, queries: int) -> np.ndarray:
    if type(ends) is not np.ndarray or type(ids) is not np.ndarray:
        raise Cheating("answers must be arrays of NumPy")
    if not (np.issubdtype(ends.dtype, np.integer) and np.issubdtype(ids.dtype, np.integer)):
        raise Cheating(f"ids and their ends must be whole numbers, not {ids.dtype} and {ends.dtype}")
    counts = np.diff(ends.astype(np.int64))
    if ends.shape != (queries + 1,) or ends[0] != 0 or ids.shape != (ends[-1],) or (counts < 0).any():
        raise Cheating(f"of {queries} queries it answered with ends {ends.shape} and ids {ids.shape} that do not fit")
    return counts


def right(query: np.ndarray, row: np.ndarray, true: PairsWithin, rows: int) -> np.ndarray:
    """(n,) which pairs are true."""
    known = true.asking * rows + true.ids  # ascending
    keys = query * rows + row
    if not len(known):
        return np.zeros(len(keys), bool)
    return known[np.searchsorted(known, keys).clip(max=len(known) - 1)] == keys


def scores(found: np.ndarray, hits: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """Recall of all pairs with its interval, mean recall of the queries with any, precision, average precision.

    found, hits, true (Q,) : how many pairs of each query were given, were right, and would have been

    Average precision is the area under precision over recall, as big-ann-benchmarks measures ranges
    (https://big-ann-benchmarks.com, Simhadri et al. 2022), summed in trapezoids over thresholds. An index gives a set
    without an order, so that there is one threshold: from recall 0, where precision is 1, to what was given.
    """
    recall, precision = _share(hits.sum(), true.sum()), _share(hits.sum(), found.sum())
    asking = true > 0
    draws = np.random.default_rng(0).multinomial(len(true), np.full(len(true), 1 / len(true)), size=_DRAWN)
    low, high = np.quantile(draws @ hits / np.maximum(draws @ true, 1), _ENDS) if asking.any() else (recall, recall)
    name = recall_name(0)
    return {
        name: recall,
        f"{name} low": min(float(low), recall),
        f"{name} high": max(float(high), recall),
        "recall a query": float((hits[asking] / true[asking]).mean()) if asking.any() else 1.0,
        "precision": precision,
        "average precision": recall * (1 + precision) / 2,
    }


def _share(part: int, whole: int) -> float:
    return float(part / whole) if whole else 1.0


def facts(true: PairsWithin) -> Mapping[str, object]:
    """What there is to find."""
    return {
        "true pairs": len(true.ids),
        "pairs a query": len(true.ids) / len(true.counts),
        "queries with pairs": int((true.counts > 0).sum()),
        "most pairs of a query": int(true.counts.max(initial=0)),
    }
