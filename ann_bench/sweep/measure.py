"""The clock: search every query, best of several runs, and hold the answers against what an honest index can say."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from ann_bench import limits
from ann_bench.indexes.base import Index
from datasets.vectors import exact
from datasets.vectors.base import VectorSet

WARM_UP = 100  # queries before the clock starts
_BUSY, _BUSY_SECONDS = 1.3, 0.05  # more processor time than the threads have is an index that takes more of them
_ROUNDING = 2e-5  # of sums of squares in single precision
_TOLERANCE = 1e-3  # relative: what a library may round its distances by

Answer = tuple[np.ndarray, np.ndarray | None]


class Cheating(Exception):
    """An answer that no honest index gives."""


@dataclass(frozen=True)
class Timed:
    """Answers of the best run, and what every run took.

    neighbors (Q, k), distances (Q, k) : recomputed
    seconds (runs,) : of all searches of a run; times (Q,) : seconds a query in the best run
    cores : how many were busy in the best run; peak : most bytes resident by the end of the last
    """

    neighbors: np.ndarray
    distances: np.ndarray
    seconds: np.ndarray
    times: np.ndarray
    cores: float
    peak: int


@dataclass(frozen=True)
class _Run:
    """The answer to every call, the seconds it took, and the processor's seconds of all of them."""

    answers: list[Answer]
    seconds: np.ndarray
    busy: float

    @property
    def total(self) -> float:
        return float(self.seconds.sum())


def single(index: Index, vector_set: VectorSet, queries: np.ndarray, k: int, *, runs: int, threads: int = 1) -> Timed:
    """One query a call. ``queries`` are the set's, prepared; only the calls themselves are timed.

    Raises Cheating for answers that cannot be, and where more than ``threads`` were at work.
    """
    calls = [queries[row : row + 1] for row in range(len(queries))]
    return _measure(index, vector_set, calls, k, runs=runs, threads=threads)


def batch(index: Index, vector_set: VectorSet, queries: np.ndarray, k: int, *, runs: int, threads: int) -> Timed:
    """All queries in one call; a query's time is the mean."""
    return _measure(index, vector_set, [queries], k, runs=runs, threads=threads)


def _measure(index: Index, vector_set: VectorSet, calls: list[np.ndarray], k: int, *, runs: int, threads: int) -> Timed:
    own = vector_set.own_rows
    wanted = k + bool((own >= 0).any())  # where a query would find itself, one more is asked for and thrown away
    for rows in calls[:WARM_UP]:
        index.find(rows[:WARM_UP], wanted)
    found = [_run(index.find, calls, wanted) for _ in range(runs)]
    peak = limits.peak()
    best = min(found, key=lambda run: run.total)
    _check_threads(best, threads)
    neighbors, reported = _together(best.answers, len(own), wanted)
    distances = _check(index, vector_set, neighbors, reported)
    if wanted > k:
        neighbors, distances = exact.remove(neighbors, distances, own)
    totals = np.array([run.total for run in found])
    times = best.seconds if len(calls) == len(own) else np.full(len(own), best.total / len(own))
    return Timed(neighbors, distances, totals, times, best.busy / best.total, peak)


def _run(search: Callable[[np.ndarray, int], Answer], calls: list[np.ndarray], k: int) -> _Run:
    """Every call once."""
    clock = time.perf_counter
    answers, seconds = [], np.empty(len(calls))
    gc.disable()  # a collection of garbage is not the index's time
    busy = time.process_time()
    try:
        for place, rows in enumerate(calls):
            start = clock()
            answer = search(rows, k)
            seconds[place] = clock() - start
            answers.append(answer)
    finally:
        gc.enable()
    return _Run(answers, seconds, time.process_time() - busy)


def _check_threads(run: _Run, threads: int) -> None:
    """Raises Cheating where more threads worked than the index was told to take."""
    if run.busy > _BUSY * threads * run.total + _BUSY_SECONDS:
        raise Cheating(f"kept {run.busy / run.total:.1f} cores busy, though it was told to search on {threads}")


def _together(answers: list[Answer], queries: int, k: int) -> Answer:
    """The answers of all calls as (Q, k) arrays; raises Cheating where that is not what they are."""
    neighbors = _stack([neighbors for neighbors, _ in answers], queries, k)
    if not np.issubdtype(neighbors.dtype, np.integer):
        raise Cheating(f"ids must be whole numbers, not {neighbors.dtype}")
    reported = None if answers[0][1] is None else _stack([distances for _, distances in answers], queries, k)
    return neighbors.astype(np.int64, copy=False), reported


def _stack(parts: list[np.ndarray], queries: int, k: int) -> np.ndarray:
    """All parts below each other as (Q, k), in a quarter of the time that np.concatenate takes."""
    if set(map(type, parts)) != {np.ndarray}:  # which could put off the search until it is looked at
        raise Cheating("answers must be arrays of NumPy")
    first = parts[0]
    wanted = (queries // len(parts), k)
    if first.shape != wanted or len(set(map(attrgetter("nbytes"), parts))) > 1:
        shapes = " and ".join(map(str, sorted({part.shape for part in parts})[:3]))
        raise Cheating(f"asked for {k} neighbors of each of {wanted[0]}, it answered with arrays of {shapes}")
    if len(parts) > 1 and np.may_share_memory(first, parts[1]):
        raise Cheating("each answer must have memory of its own, not be written over by the next")
    if len(parts) == 1:
        return first
    return np.frombuffer(b"".join(parts), first.dtype).reshape(queries, k)


def _check(index: Index, vector_set: VectorSet, neighbors: np.ndarray, reported: np.ndarray | None) -> np.ndarray:
    """The recomputed distances (Q, k); raises Cheating for ids or distances that cannot be."""
    count = len(vector_set.gallery)
    if neighbors.max() >= count or neighbors.min() < -1:
        wrong = neighbors.max() if neighbors.max() >= count else neighbors.min()
        raise Cheating(f"id {wrong} is out of range, the gallery has rows 0 to {count - 1}")
    in_order = np.sort(neighbors, axis=1)
    twice = (in_order[:, 1:] == in_order[:, :-1]) & (in_order[:, 1:] >= 0)
    if twice.any():
        query, place = np.argwhere(twice)[0]
        raise Cheating(f"id {in_order[query, place]} is twice among the neighbors of query {query}")
    distances = exact.between(vector_set.queries, vector_set.gallery, neighbors, metric=vector_set.metric)
    if reported is not None and index.exact_distances:
        _compare(vector_set, distances, index.in_metric(reported), neighbors)
    return distances


def _compare(vector_set: VectorSet, distances: np.ndarray, reported: np.ndarray, neighbors: np.ndarray) -> None:
    """Raises Cheating where the index gives its neighbors other distances than they have."""
    queries, metric = vector_set.queries.astype(np.float32, copy=False), vector_set.metric
    lengths = np.einsum("qd,qd->q", queries, queries)[:, None]  # squared
    with np.errstate(invalid="ignore"):  # infinity less infinity, where there is no neighbor
        if metric == "euclidean":
            # Libraries compute |x|^2 - 2xy + |y|^2, whose rounding is a share of the lengths, however near the rows.
            right = np.abs(distances**2 - reported**2) <= 2 * _TOLERANCE * distances**2 + _ROUNDING * lengths
        else:
            slack = 0.0 if metric == "hamming" else _TOLERANCE * (1 if metric == "angular" else np.sqrt(lengths))
            right = np.abs(distances - reported) <= _TOLERANCE * np.abs(distances) + slack
    wrong = np.argwhere(~right & (neighbors >= 0))
    if len(wrong):
        query, place = wrong[0]
        said, found = f"{reported[query, place]:.6g}", f"{distances[query, place]:.6g}"
        raise Cheating(f"says that row {neighbors[query, place]} is at {said} from query {query}; it is at {found}")
