"""Asking for all within a radius: by a library's own range search, or by more and more neighbors."""

from collections.abc import Callable

import numpy as np

from ann_bench.indexes.base import Index
from ann_bench.measuring.honest import Cheating
from datasets.truths.within import within
from datasets.vectors import exact
from datasets.vectors.base import VectorSet

NATIVE, BY_NEIGHBORS = "range search", "by neighbors"
FIRST, MOST = 16, 1 << 14  # neighbors that are asked for at first, and at most

Answer = tuple[np.ndarray, np.ndarray]  # ends (n + 1,) and ids (ends[-1],), as Index.find_within gives them


class Asked:
    """What is timed: it answers queries (n, D), and stops where more pairs come than memory should hold.

    find : the way of asking
    most : pairs of all answers of all runs together
    """

    def __init__(self, find: Callable[[np.ndarray], Answer], most: int) -> None:
        self.find, self.most, self.given = find, most, 0

    def __call__(self, queries: np.ndarray) -> Answer:
        ends, ids = self.find(queries)
        self.given += len(ids)
        if self.given > self.most:
            raise Cheating(f"gives more than {self.most:,} pairs: far more than there are within the radius")
        return ends, ids


def native(index: Index, radius: float) -> Callable[[np.ndarray], Answer]:
    """The library's own range search."""
    return lambda queries: index.find_within(queries, radius)


def by_neighbors(
    index: Index, vector_set: VectorSet, radius: float, *, first: int = FIRST, most: int = MOST
) -> Callable[[np.ndarray], Answer]:
    """The k nearest with k doubled from ``first`` on, until one of them lies beyond the radius, as a user would ask.

    Distances are the library's where they are the metric's own. Where codes guess them they are computed from the
    vectors, which takes its time; neighbors are then in no exact order, and half of them must lie beyond.
    Queries that are not done with ``most`` neighbors are answered with those of them that are within.
    """
    most = min(most, len(vector_set.gallery))
    in_order = index.exact_distances

    def ask(queries: np.ndarray) -> Answer:
        found: list[np.ndarray] = [np.zeros(0, np.int64)] * len(queries)
        left, k = np.arange(len(queries)), min(first, most)
        while len(left):
            asking = queries if len(left) == len(queries) else queries[left]
            ids, distances = index.find(asking, k)
            if distances is None or not in_order:
                distances = exact.between(asking, vector_set.gallery, ids, metric=vector_set.metric)
            else:
                distances = index.in_metric(distances)
            there = (ids >= 0) & within(distances, radius, vector_set.metric)
            done = np.full(len(left), True) if k == most else ~_all_within(index, there.sum(axis=1), k)
            for place in np.flatnonzero(done):
                found[left[place]] = ids[place][there[place]]
            left, k = left[~done], min(2 * k, most)
        return np.concatenate([[0], np.cumsum([len(ids) for ids in found])]), np.concatenate(found)

    return ask


def given_up(index: Index, counts: np.ndarray, rows: int, *, most: int = MOST) -> np.ndarray:
    """(Q,) which queries, with ``counts`` (Q,) found by neighbors among ``rows``, may have more than ``most`` gave."""
    return _all_within(index, counts, most) & (most < rows)


def _all_within(index: Index, within_radius: np.ndarray, k: int) -> np.ndarray:
    """(n,) where so many of k neighbors lie within the radius that there may be more."""
    return within_radius >= (k if index.exact_distances else k / 2 + 1)
