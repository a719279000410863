"""Measure: search every query, best of several runs, and hold the answers against what an honest index can say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ann_bench import limits
from ann_bench.indexes.base import Index
from ann_bench.measuring import clock, cores, honest
from datasets.vectors import exact
from datasets.vectors.base import VectorSet

WARM_UP = 100  # queries before the clock starts
WATCHED = 0.25  # seconds in which an index is watched for threads, before it is held on one core


@dataclass(frozen=True)
class Timed:
    """Answers of the best run, and what every run took.

    neighbors (Q, k), distances (Q, k) : recomputed
    seconds (runs,) : of all searches of a run; times (Q,) : seconds a query in the best run
    cores : how many were busy in the best run; peak : most bytes resident by the end of the last
    core : which one the thread was held on; None where it was not
    waited : the share of the best run in which other programs had its core
    """

    neighbors: np.ndarray
    distances: np.ndarray
    seconds: np.ndarray
    times: np.ndarray
    cores: float
    peak: int
    core: int | None = None
    waited: float = 0.0


def single(index: Index, vector_set: VectorSet, queries: np.ndarray, k: int, *, runs: int, threads: int = 1) -> Timed:
    """One query a call. ``queries`` are the set's, prepared; only the calls themselves are timed.

    Raises Cheating for answers that cannot be, and where more than ``threads`` were at work.
    """
    wanted = asked_for(vector_set, k)
    calls = [(queries[row : row + 1], wanted) for row in range(len(queries))]
    return timed(index, vector_set, index.find, calls, k, runs=runs, threads=threads)


def batch(index: Index, vector_set: VectorSet, queries: np.ndarray, k: int, *, runs: int, threads: int) -> Timed:
    """All queries in one call; a query's time is the mean."""
    calls = [(queries, asked_for(vector_set, k))]
    return timed(index, vector_set, index.find, calls, k, runs=runs, threads=threads)


def asked_for(vector_set: VectorSet, k: int) -> int:
    """k, or one more where a query would find itself: that one is thrown away."""
    return k + bool((vector_set.own_rows >= 0).any())


def timed(
    index: Index,
    vector_set: VectorSet,
    ask: Callable[..., honest.Answer],
    calls: Sequence[tuple[Any, ...]],
    k: int,
    *,
    runs: int,
    threads: int,
) -> Timed:
    """Every run ``ask(*call)`` for all calls; their answers together are those of the set's queries, in order.

    calls : each begins with its queries (n, D) and the neighbors wanted (``asked_for``); all have as many queries
    """
    own, wanted = vector_set.own_rows, calls[0][1]
    found = best_of(ask, calls, len(own), runs=runs, threads=threads)
    neighbors, reported = honest.together(found.best.answers, len(own), wanted)
    distances = honest.check(index, vector_set, neighbors, reported)
    if wanted > k:
        neighbors, distances = exact.remove(neighbors, distances, own)
    return Timed(neighbors, distances, found.seconds, found.times, found.cores, found.peak, found.core, found.waited)


@dataclass(frozen=True)
class Runs:
    """The best of several runs over all calls; all else as in Timed."""

    best: clock.Run
    seconds: np.ndarray
    times: np.ndarray
    peak: int
    core: int | None

    @property
    def cores(self) -> float:
        """How many were busy in the best run."""
        return self.best.busy / self.best.total

    @property
    def waited(self) -> float:
        """The share of the best run in which other programs had the core of this thread."""
        return min(1.0, self.best.waited / self.best.total)


def best_of(
    ask: Callable[..., Any], calls: Sequence[tuple[Any, ...]], queries: int, *, runs: int, threads: int
) -> Runs:
    """Every run ``ask(*call)`` for all calls, which begin with their queries (n, D) and have so many together.

    Single queries on one thread are timed on one core, which this thread is held on where the system allows it. There
    several threads could not be told from one, so that the index is watched before that.
    """
    single = len(calls) == queries
    alone = threads == 1 and single
    if alone and WATCHED:
        clock.settle()
    for call in calls[:WARM_UP]:
        ask(call[0][:WARM_UP], *call[1:])
    if alone:
        clock.watch(ask, calls, threads, seconds=WATCHED)
    with cores.pinned(alone) as core:
        found = [clock.run(ask, calls) for _ in range(runs)]
    peak = limits.peak()
    best = min(found, key=lambda run: run.total)
    clock.check_threads(best, threads)
    times = best.seconds if single else np.full(queries, best.total / queries)
    return Runs(best, np.array([run.total for run in found]), times, peak, core)
