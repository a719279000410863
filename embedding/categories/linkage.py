"""Average linkage: the tree of clusters in which the two that are nearest on average become one, again and again."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from datasets.vectors import exact

# Distances below are those of duplicates: single precision cannot tell which of them are nearer.
_SAME = 1e-6


@dataclass(frozen=True)
class Tree:
    """The merges of N items, lowest first.

    count : N
    pairs : (M, 2) int64, what was merged: items are 0 to N - 1, and merge i made the cluster N + i
    heights : (M,) float64, never falling, the mean of 1 - cosine over all pairs of items between the two
    """

    count: int
    pairs: np.ndarray
    heights: np.ndarray

    def cut(self, height: float) -> np.ndarray:
        """clusters (N,) int64 from 0 on, after all merges at ``height`` and below."""
        return self.after(int(np.searchsorted(self.heights, height, side="right")))

    def after(self, merges: int) -> np.ndarray:
        """clusters (N,) int64 from 0 on, after the first ``merges``."""
        total = self.count + merges
        made = np.repeat(np.arange(self.count, total), 2)
        edges = coo_array((np.ones(2 * merges, bool), (self.pairs[:merges].ravel(), made)), shape=(total, total))
        _, clusters = connected_components(edges, directed=False)
        return np.unique(clusters[: self.count], return_inverse=True)[1].astype(np.int64)

    def cut_to(self, k: int, *, min_size: int) -> np.ndarray:
        """clusters (N,) where at least ``k`` have ``min_size`` items, as high up as there are so many.

        Where there never are, at the height where there are most. Average linkage leaves stray items alone until the
        end, so that a cut into k clusters of any size would join most classes before it has k.
        """
        sizes = np.ones(self.count + len(self.pairs), np.int64)
        large = np.zeros(len(self.pairs) + 1, np.int64)  # clusters of min_size and more after so many merges
        large[0] = self.count if min_size <= 1 else 0
        for i, (a, b) in enumerate(self.pairs):
            sizes[self.count + i] = size = sizes[a] + sizes[b]
            large[i + 1] = large[i] + (size >= min_size) - (sizes[a] >= min_size) - (sizes[b] >= min_size)
        enough = np.flatnonzero(large >= min(k, large.max()))
        return self.after(int(enough[-1]))


def average_linkage(vectors: np.ndarray, *, stop: float | None = None) -> Tree:
    """The tree of unit rows (N, D) float32 up to the height ``stop``, or to the mean of all pairs' where it is None.

    The tree of scipy's ``linkage``, method "average", over 1 - cosine, without the (N, N) matrix: between unit rows the
    mean over pairs is 1 - the product of the two clusters' means, so that an exact search over means finds each one's
    nearest, and all that are each other's nearest are merged at once. That changes nothing, because a merge never
    brings clusters closer to a third (average linkage is reducible; Murtagh, The Computer Journal, 1983). For the same
    reason only those whose nearest was merged are searched for again, and those whose nearest is above ``stop`` are
    done. Rows of zeros are at 1 from everything. Ties are broken as rounding has it.
    """
    stop = _mean_distance(vectors) if stop is None else stop
    merges = list(_merges(np.array(vectors, np.float32), stop))
    pairs = np.array([(a, b) for a, b, _ in merges], np.int64).reshape(-1, 2)
    heights = np.array([height for *_, height in merges])
    return _in_order(len(vectors), pairs, heights)


def _mean_distance(vectors: np.ndarray) -> float:
    """The mean of 1 - cosine over all pairs of different rows."""
    count = len(vectors)
    squares = float(np.einsum("nd,nd->", vectors, vectors, dtype=np.float64))
    inside = float(np.sum(vectors.sum(axis=0, dtype=np.float64) ** 2)) - squares
    return 1 - inside / max(1, count * (count - 1))


class _Clusters:
    """What may still merge: M clusters with their numbers in the tree, sizes, means and nearest others."""

    def __init__(self, means: np.ndarray) -> None:
        count = len(means)
        self.means, self.nodes, self.sizes = means, np.arange(count), np.ones(count, np.int64)
        self.nearest = np.full(count, -1)  # row of these arrays, -1 where it must be searched for
        self.distances = np.full(count, np.inf)

    def search(self) -> None:
        """The nearest of those that have none."""
        rows = np.flatnonzero(self.nearest < 0)
        found, products = exact.search(self.means[rows], self.means, 1, metric="inner_product", exclude=rows)
        self.nearest[rows], self.distances[rows] = found[:, 0], 1 - products[:, 0].astype(np.float64)

    def keep(self, rows: np.ndarray) -> None:
        """Only the clusters ``rows``; those whose nearest is gone have none."""
        place = np.full(len(self.nodes) + 1, -1)  # the last is for -1
        place[rows] = np.arange(len(rows))
        self.nearest = place[self.nearest[rows]]
        self.means, self.nodes, self.sizes = self.means[rows], self.nodes[rows], self.sizes[rows]
        self.distances = self.distances[rows]


def _merges(means: np.ndarray, stop: float) -> Iterator[tuple[int, int, float]]:
    """(a, b, height) merge by merge; a child comes before what it is a child of."""
    clusters, number = _Clusters(means), len(means)
    while len(clusters.nodes) > 1:
        clusters.search()
        clusters.keep(np.flatnonzero(clusters.distances <= stop))
        if (clusters.nearest < 0).any():  # by rounding, some one's nearest is itself near to nothing
            continue
        into = _targets(clusters.nearest, clusters.distances) if len(clusters.nodes) else np.empty(0, np.int64)
        gone = np.flatnonzero(into >= 0)
        for a in gone:
            b, height = into[a], clusters.distances[a]
            yield int(clusters.nodes[b]), int(clusters.nodes[a]), float(height)
            size = clusters.sizes[a] + clusters.sizes[b]
            share = np.float32(clusters.sizes[a] / size)
            clusters.means[b] += share * (clusters.means[a] - clusters.means[b])
            clusters.sizes[b], clusters.nodes[b] = size, number
            number += 1
        touched = np.union1d(gone, into[gone])
        clusters.nearest[np.isin(clusters.nearest, touched)] = -1
        clusters.nearest[touched] = -1
        clusters.keep(np.flatnonzero(into < 0))


def _targets(nearest: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """(M,) the row that each cluster is merged into, -1 for those that stay; at least one is merged."""
    rows = np.arange(len(nearest))
    into = np.where((nearest[nearest] == rows) & (rows > nearest), nearest, -1)
    # Duplicates all become one at once: a pair a round, many copies of an image would take as many rounds.
    same = distances <= _SAME
    if same.any():
        edges = coo_array((np.ones(same.sum(), bool), (rows[same], nearest[same])), shape=(len(rows), len(rows)))
        _, group, sizes = np.unique(connected_components(edges)[1], return_inverse=True, return_counts=True)
        first, many = np.unique(group, return_index=True)[1][group], sizes[group] > 1
        into = np.where(many, np.where(first == rows, -1, first), np.where(many[into], -1, into))
    if (into < 0).all():  # rounding: a is nearest to b, b to c, and c to a
        best = int(distances.argmin())
        into[best] = nearest[best]
    return into


def _in_order(count: int, pairs: np.ndarray, heights: np.ndarray) -> Tree:
    """The merges lowest first, with the numbers of the clusters to match."""
    for i, (a, b) in enumerate(pairs):  # rounding may leave a merge a little below its parts
        heights[i] = max([heights[i], *(heights[c - count] for c in (a, b) if c >= count)])
    order = np.argsort(heights, kind="stable")
    number = np.concatenate([np.arange(count), np.empty(len(order), np.int64)])
    number[count + order] = count + np.arange(len(order))
    return Tree(count, number[pairs[order]], heights[order])
