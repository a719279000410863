"""Asking under a filter: natively, or by more and more neighbors of which those that fail are thrown away."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from ann_bench.indexes.base import Index
from ann_bench.measuring import clock, honest, measure
from ann_bench.measuring.honest import Answer, Cheating
from ann_bench.results.results import Point
from datasets.attributes.condition import Condition
from datasets.attributes.filter import Filter
from datasets.attributes.passing import Passing
from datasets.vectors import exact
from datasets.vectors import rows as vector_rows
from datasets.vectors.base import VectorSet

NATIVE, POST = "native", "post-filter"
MOST = 1 << 14  # neighbors that are asked for, at most, so that enough of them pass
_MASKS = 1 << 28  # bytes of masks that are held at a time
_FOUND = 1 << 22  # neighbors that are looked at together


class Asked:
    """The answers to all queries, and what they took; filled by ``ask``.

    neighbors, distances : (Q, k), recomputed; -1 where none was found, or the library raised an error
    seconds (runs,), times (Q,), busy (processor's seconds), peak, core : as measure.Runs has them
    filtering : seconds that all conditions took to be prepared
    errors : what the library said, once for each query that was answered by an error
    """

    def __init__(self, queries: int, wanted: int, runs: int) -> None:
        self.neighbors = np.full((queries, wanted), -1, np.int64)
        self.distances: np.ndarray = np.full((queries, wanted), np.nan, np.float32)
        self.seconds, self.times, self.busy = np.zeros(runs), np.zeros(queries), 0.0
        self.peak, self.core, self.filtering = 0, None, 0.0
        self.errors: list[str] = []
        self.reports = False

    def take(self, calls: Sequence["_Call"], found: measure.Runs) -> None:
        """The answers to some calls; raises Cheating for those that cannot be."""
        self.seconds, self.busy = self.seconds + found.seconds, self.busy + found.best.busy
        self.peak, self.core = max(self.peak, found.peak), found.core
        for call, answer, took in zip(calls, found.best.answers, found.best.seconds, strict=True):
            self.times[call.rows] = took / len(call.rows)
            if isinstance(answer, _Failed):
                self.errors += [answer.reason] * len(call.rows)
                continue
            ids, reported = honest.together([answer], len(call.rows), self.neighbors.shape[1])
            _check_passing(ids, call)
            self.neighbors[call.rows] = ids
            if reported is not None:
                self.reports, self.distances[call.rows] = True, reported

    def check(self, index: Index, vector_set: VectorSet, k: int) -> None:
        """Distances computed anew, of k neighbors; raises Cheating for answers that cannot be."""
        if len(self.errors) == len(self.times):
            raise RuntimeError(f"no query was answered: {self.errors[0]}")
        reported = self.distances if self.reports else None
        self.distances = honest.check(index, vector_set, self.neighbors, reported)
        if self.neighbors.shape[1] > k:
            self.neighbors, self.distances = exact.remove(self.neighbors, self.distances, vector_set.own_rows)


@dataclass(frozen=True, eq=False)
class _Call:
    """The queries (n,) that are asked together, which gallery rows may be found, and what the search is told of it."""

    rows: np.ndarray
    mask: np.ndarray
    told: object


@dataclass(frozen=True)
class _Failed:
    """The answer of a call that the library ended with an error."""

    reason: str


def ask(index: Index, vector_set: VectorSet, asked: Filter, passing: Passing, point: Point, *, runs: int) -> Asked:
    """All queries, each under its condition: one a call, or in batch mode all of a condition together.

    Conditions are prepared before the clock starts, as many at a time as memory should hold. An error of the library
    costs the queries of that call. Raises Cheating for answers that fail their filter, or cannot be otherwise, and the
    library's own error where there is no answer at all.
    """
    queries = vector_rows.prepared(vector_set.queries, vector_set.metric)
    wanted = measure.asked_for(vector_set, point.k)
    found = Asked(len(queries), wanted, runs)
    find = _caught(index.find_passing if point.way == NATIVE else by_neighbors(index))
    for conditions in _parts(asked, len(vector_set.gallery)):
        calls = []
        for condition, rows in conditions:
            mask = passing.rows(asked.conditions[condition])
            begun = time.perf_counter()
            told = _told(index, asked.conditions[condition], mask, point.way)
            found.filtering += time.perf_counter() - begun
            calls += [_Call(group, mask, told) for group in (rows[:, None] if point.mode == "single" else [rows])]
        todo = [(queries[call.rows], wanted, call.told) for call in calls]
        count = sum(len(call.rows) for call in calls)
        found.take(calls, measure.best_of(find, todo, count, runs=runs, threads=point.threads))
    found.check(index, vector_set, point.k)
    return found


def _parts(asked: Filter, rows: int) -> Iterator[list[tuple[int, np.ndarray]]]:
    """The conditions with their queries, as many at a time as masks of all rows may be held."""
    all_of_them = list(asked.queries())
    size = max(1, _MASKS // max(1, rows))
    for start in range(0, len(all_of_them), size):
        yield all_of_them[start : start + size]


def _told(index: Index, condition: Condition, mask: np.ndarray, way: str) -> object:
    """What the search is told of a condition: what the index makes of it; or which rows pass, and how large a share."""
    if way == NATIVE:
        return index.passing(condition, mask)
    return mask, np.count_nonzero(mask) / len(mask)


class _Caught:
    """``find``, with an error as an answer."""

    def __init__(self, find: Callable[..., Answer]) -> None:
        self.find = find

    def __call__(self, *call: Any) -> Answer | _Failed:
        try:
            return self.find(*call)
        except Exception as error:  # whatever a library throws costs these queries, not the point
            return _Failed(" ".join(f"{type(error).__name__}: {error}".split()))


class _CaughtThere(_Caught):
    """The same of a library in another process, by whose clock calls of one size are timed, unless one fails."""

    def run(self, calls: Sequence[tuple[Any, ...]]) -> clock.Run:
        """As ``clock.run``; where a call fails, each is asked by itself, and the way there and back is part of it."""
        if len({len(call[0]) for call in calls}) == 1:
            with suppress(Exception):
                return self.find.run(calls)  # type: ignore[attr-defined]
        return clock.run(_Caught(self.find), calls)


def _caught(find: Callable[..., Answer]) -> _Caught:
    return _CaughtThere(find) if hasattr(find, "run") else _Caught(find)


def by_neighbors(index: Index, *, most: int = MOST) -> Callable[..., Answer]:
    """What any index can: k / share neighbors, and twice as many until k of them pass, as a user would ask.

    It ends at ``most`` neighbors, and for queries of which the index does not find as many as were asked for.
    """

    def ask(queries: np.ndarray, k: int, told: tuple[np.ndarray, float]) -> Answer:
        mask, share = told
        limit = min(most, len(mask))
        found, left = np.full((len(queries), k), -1, np.int64), np.arange(len(queries))
        fetched = min(limit, math.ceil(k / share)) if share else 0
        while fetched and len(left):
            more = []
            for start in range(0, len(left), max(1, _FOUND // fetched)):
                some = left[start : start + max(1, _FOUND // fetched)]
                ids, _ = index.find(queries if len(some) == len(queries) else queries[some], fetched)
                found[some], full = _passing(ids, mask, k)
                more.append(some[~full & (ids[:, -1] >= 0)])
            left = np.concatenate(more)
            fetched = 0 if fetched == limit else min(limit, 2 * fetched)
        return found, None

    return ask


def _passing(ids: np.ndarray, mask: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The first k that pass of ids (n, m), as (n, k), -1 where there are fewer; and (n,) where there are not."""
    passes = mask[ids] & (ids >= 0)
    rank = np.cumsum(passes, axis=1)
    query, place = np.nonzero(passes & (rank <= k))
    found = np.full((len(ids), k), -1, np.int64)
    found[query, rank[query, place] - 1] = ids[query, place]
    return found, rank[:, -1] >= k


def _check_passing(ids: np.ndarray, call: _Call) -> None:
    """Raises Cheating where a row was found that fails the filter; ids out of range are told by ``honest.check``."""
    there = (ids >= 0) & (ids < len(call.mask))
    wrong = np.argwhere(there & ~call.mask[np.where(there, ids, 0)])
    if len(wrong):
        query, place = wrong[0]
        raise Cheating(f"id {ids[query, place]} fails the filter of query {call.rows[query]}")
