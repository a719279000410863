"""Ranking: in which order a gallery answers queries, of which only what is asked for is ever computed."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from datasets.errors import InputError
from datasets.vectors import rows as vector_rows
from embedding.evaluation import places

_QUERIES = 1024  # at a time
_SCORES, _BYTES = 1 << 22, 1 << 27  # held at a time, and of the gallery
_PAIRS = 1 << 14  # a query and a wanted item each, compared at a time
# A product of unit vectors is right to this, six times what it is off on the average; to more where it has many terms.
_ROUNDING, _TERMS = 2.0**-20, 512

_THREADS = len(os.sched_getaffinity(0))


@dataclass(frozen=True, eq=False)
class _Vectors:
    """Scores that are the inner products of queries (Q, D) and gallery (G, D), in double precision."""

    queries: np.ndarray
    gallery: np.ndarray
    found: list[np.ndarray] = field(default_factory=list)  # the first, of as many as were ever asked for

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.queries), len(self.gallery)

    @cached_property
    def windows(self) -> np.ndarray:
        """(Q,) how far a product in single precision may be from one in double."""
        squares = [np.einsum("ij,ij->i", part, part).max() for _, part in self.blocks()]
        if not np.isfinite(squares).all():
            raise InputError("gallery: some of its vectors are not finite; leave out what could not be read")
        lengths = np.linalg.norm(self.queries, axis=1).astype(np.float64) * np.sqrt(max(squares, default=0.0))
        terms = self.queries.shape[1]  # each of which may be so small that single precision makes it 0
        return lengths * _ROUNDING * np.sqrt(max(1.0, terms / _TERMS)) + terms * np.finfo(np.float32).tiny

    def blocks(self, size: int = _PAIRS) -> Iterator[tuple[int, np.ndarray]]:
        """(first row, block) of the gallery, ``size`` rows or what is left of them."""
        for start, part in vector_rows.blocks(self.gallery, size):
            yield start, vector_rows.prepared(part, "inner_product")

    def scores_of(self, asks: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """(n,) float64, the scores of queries ``asks`` and gallery ``rows``."""
        found = np.empty(len(asks))
        if not vector_rows.is_mapped(self.gallery):
            places.inners(self.queries, asks, self.gallery, rows, found)
            return found
        for start in range(0, len(asks), _PAIRS):
            part = slice(start, start + _PAIRS)
            taken = vector_rows.prepared(vector_rows.take(self.gallery, rows[part]), "inner_product")
            places.inners(self.queries, asks[part], taken, np.arange(len(taken)), found[part])
        return found

    def scores(self, asks: np.ndarray) -> Iterator[tuple[int, np.ndarray, places.Vectors]]:
        """First row, scores (n, B) of queries ``asks``, and what ``places.count`` corrects them by, of each block."""
        queries, windows = self.queries[asks], self.windows[asks]
        size = max(1, min(_SCORES // len(queries), _BYTES // (4 * queries.shape[1] + 4), len(self.gallery)))
        room = np.empty((len(queries), size), np.float32)
        for start, part in self.blocks(size):
            scores = np.matmul(queries, part.T, out=room[:, : len(part)])
            yield start, scores, (queries, part, windows)


@dataclass(frozen=True, eq=False)
class _Scores:
    """Scores (Q, G) as they are."""

    matrix: np.ndarray
    found: list[np.ndarray] = field(default_factory=list)

    @property
    def shape(self) -> tuple[int, int]:
        return self.matrix.shape

    @property
    def windows(self) -> np.ndarray:
        return np.zeros(len(self.matrix))

    def scores_of(self, asks: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return self.matrix[asks, rows].astype(np.float64)

    def scores(self, asks: np.ndarray) -> Iterator[tuple[int, np.ndarray, places.Vectors]]:
        none = np.empty((len(asks), 0), np.float32)
        yield 0, self.matrix[asks], (none, none, self.windows[asks])


@dataclass(frozen=True, eq=False)
class Ranking:
    """The gallery, best first, for each of Q queries.

    by_place : cosines (Q, k) for the first k, by their neighbors (Q, k), where something else than vectors has ranked
    Higher scores come first, and of equal scores the lower position in the gallery: the order of a stable
    ``argsort(-scores)``, which is never made.
    """

    source: _Vectors | _Scores
    order: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None  # (Q, k): the first, anew, and their scores
    by_place: Callable[[np.ndarray], np.ndarray] | None = None

    @classmethod
    def of_vectors(cls, queries: np.ndarray, gallery: np.ndarray) -> "Ranking":
        """By the inner products of float32 queries (Q, D) and gallery (G, D), which may be mapped from a file.

        Products are summed in double precision, so that a place depends on nothing else than the vectors. Raises
        InputError where a query is not finite or the dimensions differ; ``ranks`` does where one of the gallery is not.
        """
        if queries.ndim != 2 or gallery.ndim != 2 or queries.shape[1] != gallery.shape[1]:
            raise InputError(f"queries {queries.shape} and gallery {gallery.shape} have not the same dimension")
        queries = vector_rows.prepared(queries, "inner_product")
        if not np.isfinite(queries).all():
            raise InputError(f"query {int(np.argmin(np.isfinite(queries).all(axis=1)))}: its vector is not finite")
        mapped = vector_rows.is_mapped(gallery)
        return cls(_Vectors(queries, gallery if mapped else vector_rows.prepared(gallery, "inner_product")))

    @classmethod
    def of_scores(cls, scores: np.ndarray) -> "Ranking":
        """By scores (Q, G), float32 or float64, that something else has made; raises InputError where one is NaN."""
        if scores.dtype not in (np.float32, np.float64):
            scores = scores.astype(np.float64)
        if np.isnan(scores).any():
            raise InputError(f"scores: those of query {int(np.isnan(scores).any(axis=1).argmax())} are no numbers")
        return cls(_Scores(np.ascontiguousarray(scores)))

    @property
    def shape(self) -> tuple[int, int]:
        """(Q, G): how many queries, and how large the gallery is."""
        return self.source.shape

    def first(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The first min(k, G) of each query: neighbors (Q, k) int64 and their scores (Q, k) float32."""
        neighbors, scores = self._best(min(k, self.shape[1]))
        if self.order is not None:
            head = min(neighbors.shape[1], self.order[1].shape[1])
            neighbors[:, :head], scores[:, :head] = self.order[1][:, :head], self.order[2][:, :head]
        return neighbors, scores.astype(np.float32)

    def cosines(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """As ``first``, with scores to which others can be added: of unit vectors cosines, in the same order.

        Where something else has ranked, whose scores are of another kind, a place has the cosine that vectors have
        there.
        """
        neighbors, scores = self.first(k)
        return neighbors, scores if self.by_place is None else self.by_place(neighbors)

    def reordered(self, neighbors: np.ndarray, scores: np.ndarray | None = None) -> "Ranking":
        """The ranking with its first k in a new order, and the rest as it was.

        neighbors : (Q, k) int64, in each row those of ``first(k)``
        scores : (Q, k) by which they are in this order, which ``first`` then gives; None for those they have had
        """
        k, deep = neighbors.shape[1], 0 if self.order is None else self.order[1].shape[1]
        now, had = self.first(max(k, deep))
        if now[:, :k].shape != neighbors.shape or not np.array_equal(np.sort(now[:, :k]), np.sort(neighbors)):
            raise ValueError("the new order must be of the first neighbors, each of them once")
        if scores is None:
            scores = np.take_along_axis(had, _places_in(now[:, :k], neighbors), axis=1)
        then = now if self.order is None else self._best(max(k, deep))[0]
        ordered, scored = now.copy(), had.copy()
        ordered[:, :k], scored[:, :k] = neighbors, scores
        return replace(self, order=(then, ordered, scored))

    def ranks(self, wanted: Sequence[np.ndarray]) -> list[np.ndarray]:
        """At which place, from 0 on, each of the ``wanted`` positions of the gallery stands.

        wanted : for each query positions in the gallery, in any order; so are the int64 places that come back
        """
        ends = np.cumsum([len(rows) for rows in wanted], dtype=np.int64)
        if len(ends) != self.shape[0]:
            raise ValueError(f"wanted are positions of {len(ends)} queries, and there are {self.shape[0]}")
        asks = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))
        rows = np.concatenate([np.empty(0, np.int64), *wanted]).astype(np.int64, copy=False)
        if len(rows) and not (rows.min() >= 0 and rows.max() < self.shape[1]):
            raise ValueError(f"wanted are positions from {rows.min()} to {rows.max()} of a gallery of {self.shape[1]}")
        found = self._places(asks, rows)
        if self.order is not None:
            moved = _places_in(self.order[1], self.order[0])  # (Q, k), by the place before
            head = found < moved.shape[1]
            found[head] = moved[asks[head], found[head]]
        return np.split(found, ends[:-1]) if len(ends) else []

    def _best(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Neighbors (Q, k) int64 and scores (Q, k) float64 as they come from the source, which keeps what it found."""
        if not self.source.found or self.source.found[0].shape[1] < k:
            self.source.found[:] = self._searched(k)
        return tuple(each[:, :k].copy() for each in self.source.found)

    def _searched(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        scores = np.full((self.shape[0], k), -np.inf)
        neighbors = np.full(scores.shape, places.NOTHING)
        with ThreadPoolExecutor(_THREADS) as pool:
            for low in range(0, self.shape[0] if k else 0, _QUERIES):
                some = np.arange(low, min(low + _QUERIES, self.shape[0]))
                for start, block, vectors in self.source.scores(some):
                    kept = scores[low : low + len(some)], neighbors[low : low + len(some)]
                    _each_thread(pool, len(some), places.keep, block, start, vectors, *kept)
        order = np.lexsort((neighbors, -scores))
        return np.take_along_axis(neighbors, order, axis=1), np.take_along_axis(scores, order, axis=1)

    def _places(self, asks: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """(W,) int64, the place of gallery row ``rows[i]`` for query ``asks[i]``; ``asks`` ascends."""
        scores = self.source.scores_of(asks, rows)
        order = np.lexsort((rows, -scores, asks))
        scores, rows = scores[order], rows[order]
        asking, starts = np.unique(asks, return_index=True)
        starts = np.append(starts, len(asks))
        counts = np.zeros(len(rows), np.int64)
        with ThreadPoolExecutor(_THREADS) as pool:
            for low in range(0, len(asking), _QUERIES):
                some = asking[low : low + _QUERIES]
                asked = scores, rows, starts[low : low + len(some) + 1]
                grid = places.laid_out(asked, self.source.windows[some])
                for start, block, vectors in self.source.scores(some):
                    _each_thread(pool, len(some), places.count, block, start, vectors, asked, grid, counts)
        found = np.empty(len(rows), np.int64)
        found[order] = _summed(counts, np.repeat(starts[:-1], np.diff(starts)))
        return found


def _summed(counts: np.ndarray, firsts: np.ndarray) -> np.ndarray:
    """The place of each wanted item, by how many come in right before it, and where its query's items begin."""
    sums = np.append(0, np.cumsum(counts))
    return np.maximum(sums[1:] - sums[firsts] - 1, 0)  # an item comes in before itself too


def _each_thread(pool: ThreadPoolExecutor, count: int, work: Callable[..., None], *given: object) -> None:
    """``work(*given, low, high)`` for all queries up to ``count``, a part of them on each thread."""
    cuts = np.linspace(0, count, min(_THREADS, count) + 1).astype(int)
    list(pool.map(lambda low, high: work(*given, low, high), cuts[:-1], cuts[1:]))


def _places_in(ordered: np.ndarray, neighbors: np.ndarray) -> np.ndarray:
    """(Q, k) at which place of ``ordered`` each of ``neighbors`` stands; rows hold the same ids, in another order."""
    found = np.empty(ordered.shape, np.int64)
    np.put_along_axis(found, np.argsort(neighbors, axis=1), np.argsort(ordered, axis=1), axis=1)
    return found
