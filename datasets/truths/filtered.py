"""Filtered: the true nearest neighbors among the rows that pass each query's own condition."""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import faiss
import numpy as np
from threadpoolctl import threadpool_limits

from datasets import threads
from datasets.attributes.filter import Filter
from datasets.attributes.passing import Passing
from datasets.cluster.pool import Here
from datasets.compiled import compiled
from datasets.errors import InputError
from datasets.stored import blocks
from datasets.stored.blocks import Piece, Truth
from datasets.vectors import exact, rows
from datasets.vectors.base import VectorSet

_COPY, _CALL = 30, 30_000  # what it costs to copy a row, and to look for rows to copy, in comparisons of two rows
_QUERIES, _TILE = 256, 1024  # compared with each other at a time, so that the distances stay in the cache
_ROOM = 1 << 28  # bytes of the gallery at a time
_CHUNK = 64  # distances that are looked at together


def with_truth(
    vector_set: VectorSet, k: int, asked: Filter, passing: Passing, *, cache: Path, mark: str, progress: bool = True
) -> VectorSet:
    """The set with the true ``neighbors`` (Q, k) of every query among the rows that pass, and their ``distances``.

    As ``stored.truth.with_truth`` has them: distances from the differences, no query itself, the lower id first among
    equals (of those that tie for the last place, any); ended by -1 and infinity (minus infinity for inner products)
    where fewer than k pass. They are kept in the folder ``cache``, and a search that was killed goes on.

    mark : tells the attributes from others

    Raises InputError where k is larger than the set, or vectors are not finite.
    """
    room = len(vector_set.gallery) - bool((vector_set.own_rows >= 0).any())
    if not 1 <= k <= room:
        raise InputError(f"--k={k}: {vector_set.name} has {room} vectors to find; choose 1 to {room}")
    place = cache / f"filtered-{vector_set.fingerprint()}-{mark}-{asked.mark}-{k}.npz"
    found = blocks.read(place)
    if found is None:
        vector_set.check_finite()
        found = search(vector_set, k, asked, passing, folder=place.with_suffix(".blocks"), progress=progress)
        blocks.write(place, found)
        shutil.rmtree(place.with_suffix(".blocks"), ignore_errors=True)
    return replace(vector_set, neighbors=found[0], distances=found[1])


def search(
    vector_set: VectorSet, k: int, asked: Filter, passing: Passing, *, folder: Path, progress: bool = True
) -> Truth:
    """Neighbors and distances (Q, k); what stands in ``folder`` of an earlier search of the same is not searched for.

    Queries under one condition are asked together, whatever their order in the set.
    """
    order = np.argsort(asked.of_query, kind="stable")
    ordered = replace(
        vector_set,
        queries=rows.take(vector_set.queries, order),
        query_rows=vector_set.own_rows[order],
        neighbors=None,
        distances=None,
        query_labels=None,
        query_paths=(),
        query_cameras=None,
        attrs={},
    )
    plain = blocks.job(ordered, k, folder)
    job = _Job(**vars(plain), asked=replace(asked, of_query=asked.of_query[order]), passing=passing)
    with threadpool_limits(faiss.omp_get_max_threads()):
        neighbors, distances = blocks.search(job, Here(), progress=progress)
    back = np.argsort(order)
    return neighbors[back], distances[back]


@dataclass(frozen=True)
class _Job(blocks.Job):
    """A search under a filter: its queries are in the order of their conditions."""

    asked: Filter
    passing: Passing

    def candidates(self, piece: Piece) -> Truth:
        """The nearest of a block of queries that pass in a part of the gallery."""
        asking, first, metric = self.queries(piece.block), piece.part * self.part, self.vector_set.metric
        own = self.own_rows
        queries = rows.prepared(self.vector_set.queries[asking], metric)
        best = _Best.of(len(queries), self.wanted + (own is not None))
        part = self.vector_set.gallery[first : first + self.part]
        with threads.one():
            for start, block in rows.blocks(part, max(1, _ROOM // max(1, 4 * part.shape[1]))):
                groups = self._groups(asking, first + start, first + start + len(block))
                _search(queries, rows.prepared(block, metric), first + start, metric, groups, best)
        best = best.in_order()
        found = best.ids, _in_metric(best, metric)
        return found if own is None else exact.remove(*found, own[asking])

    def _groups(self, asking: slice, start: int, stop: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The queries (n,) of a block under one condition, and which of some gallery rows pass it, after each other."""
        conditions, starts = np.unique(self.asked.of_query[asking], return_index=True)
        ends = [*starts[1:], asking.stop - asking.start]
        for condition, begin, end in zip(conditions, starts, ends, strict=True):
            yield np.arange(begin, end), self.passing.rows(self.asked.conditions[condition], start, stop)


class _Best(NamedTuple):
    """The nearest so far of n queries, each row a heap with the farthest in front: ids, distances (n, k)."""

    ids: np.ndarray
    distances: np.ndarray

    @classmethod
    def of(cls, count: int, k: int) -> "_Best":
        """Nothing yet."""
        return cls(np.full((count, k), -1, np.int64), np.full((count, k), np.inf, np.float32))

    def in_order(self) -> "_Best":
        """The nearest first."""
        order = np.argsort(self.distances, axis=1, kind="stable")
        return _Best(*(np.take_along_axis(values, order, axis=1) for values in self))

    def take(self, queries: np.ndarray | slice) -> "_Best":
        """Those of some queries."""
        return _Best(self.ids[queries], self.distances[queries])

    def put(self, queries: np.ndarray, best: "_Best") -> None:
        """What ``take`` gave, back in its place."""
        self.ids[queries], self.distances[queries] = best


def _search(
    queries: np.ndarray,
    gallery: np.ndarray,
    first: int,
    metric: str,
    groups: Iterable[tuple[np.ndarray, np.ndarray]],
    best: _Best,
) -> None:
    """Compare every group of queries with the rows that pass: copied, where that costs less, else masked among all."""
    all_ids, masked = np.arange(first, first + len(gallery)), []
    masks = np.empty((min(_QUERIES, len(queries)), len(gallery)), bool)

    def search_masked() -> None:
        asking = np.concatenate(masked)
        which, found = np.repeat(np.arange(len(masked)), list(map(len, masked))), best.take(asking)
        _compare(queries[asking], gallery, all_ids, metric, masks, which, found)
        best.put(asking, found)
        masked.clear()

    for group, mask in groups:
        there, pairs = np.count_nonzero(mask), len(group) * len(gallery)
        if there * (_COPY + len(group)) + _CALL < pairs:
            ids, found = np.flatnonzero(mask), best.take(group)
            passing, which = np.ones((1, there), bool), np.zeros(len(group), np.int64)
            _compare(queries[group], gallery[ids], ids + first, metric, passing, which, found)
            best.put(group, found)
            continue
        masks[len(masked)] = mask
        masked.append(group)
        if sum(map(len, masked)) >= _QUERIES:
            search_masked()
    if masked:
        search_masked()


def _compare(
    queries: np.ndarray,
    gallery: np.ndarray,
    ids: np.ndarray,
    metric: str,
    passing: np.ndarray,
    which: np.ndarray,
    best: _Best,
) -> None:
    """Offer the rows (m, D), whose ids are ``ids`` (m,), to the queries (n, D): passing[which[q], row] lets it pass."""
    for start in range(0, len(queries), _QUERIES):
        asking = slice(start, start + _QUERIES)
        for place in range(0, len(gallery), _TILE):
            far = _ascending(queries[asking], gallery[place : place + _TILE], metric)
            _offer(far, place, ids, passing, which[asking], *best.take(asking))


def _ascending(queries: np.ndarray, gallery: np.ndarray, metric: str) -> np.ndarray:
    """(n, m) float32 of prepared rows, smaller is nearer: squares, products below 0, or differing bits."""
    if metric == "hamming":
        bits = np.empty((len(queries), len(gallery)), np.int32)
        faiss.hammings(*map(faiss.swig_ptr, (queries, gallery)), *bits.shape, gallery.shape[1], faiss.swig_ptr(bits))
        return bits.astype(np.float32)
    if metric == "euclidean":
        return faiss.pairwise_distances(queries, gallery, faiss.METRIC_L2)
    return faiss.pairwise_distances(-queries, gallery, faiss.METRIC_INNER_PRODUCT)


def _in_metric(best: _Best, metric: str) -> np.ndarray:
    """Of what ``_ascending`` gave, as good as it is: blocks.py computes the distances of the nearest anew."""
    if metric == "euclidean":
        return np.sqrt(np.maximum(best.distances, 0))
    return -best.distances if metric == "inner_product" else best.distances + (metric == "angular")


@compiled
def _put(ids: np.ndarray, distances: np.ndarray, row: int, distance: float) -> None:
    """A nearer row in place of the farthest of a heap (k,): down to where both below it are no farther."""
    place, wanted = 0, len(distances)
    while True:
        child = 2 * place + 1
        if child >= wanted:
            break
        if child + 1 < wanted and distances[child + 1] > distances[child]:
            child += 1
        if distances[child] <= distance:
            break
        distances[place], ids[place] = distances[child], ids[child]
        place = child
    distances[place], ids[place] = distance, row


@compiled
def _offer(
    far: np.ndarray,
    first: int,
    ids: np.ndarray,
    passing: np.ndarray,
    which: np.ndarray,
    best_ids: np.ndarray,
    best: np.ndarray,
) -> None:
    """Take rows from ``first`` on, whose distances are ``far`` (n, m), into the heaps (n, k), where they pass."""
    count = far.shape[1]
    for query in range(len(far)):
        row, mask = far[query], passing[which[query], first : first + count]
        for start in range(0, count, _CHUNK):
            size, bound, near = min(_CHUNK, count - start), best[query, 0], np.int32(0)
            if size == _CHUNK:
                part, passes = row[start : start + _CHUNK], mask[start : start + _CHUNK]
                for place in range(_CHUNK):  # without a branch, and in 32 bits, so that many are compared at once
                    near += np.int32((part[place] < bound) & passes[place])
                if not near:
                    continue
            for place in range(start, start + size):
                if row[place] < best[query, 0] and mask[place]:
                    _put(best_ids[query], best[query], ids[first + place], row[place])
