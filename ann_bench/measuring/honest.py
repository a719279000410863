"""Honest: answers held against what an honest index can say; distances are recomputed, never believed."""

from operator import attrgetter

import numpy as np

from ann_bench.indexes.base import Index
from ann_bench.measuring.clock import Answer, Cheating
from datasets.vectors import exact
from datasets.vectors.base import VectorSet

_ROUNDING = 2e-5  # of sums of squares in single precision
_TOLERANCE = 1e-3  # relative: what a library may round its distances by


def together(answers: list[Answer], queries: int, k: int) -> Answer:
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


def check(index: Index, vector_set: VectorSet, neighbors: np.ndarray, reported: np.ndarray | None) -> np.ndarray:
    """The recomputed distances (Q, k); raises Cheating for ids or distances that cannot be."""
    count = len(vector_set.gallery)
    if neighbors.max() >= count or neighbors.min() < -1:
        wrong = neighbors.max() if neighbors.max() >= count else neighbors.min()
        raise Cheating(f"id {wrong} is out of range, the gallery has rows 0 to {count - 1}")
    check_once(neighbors)
    distances = exact.between(vector_set.queries, vector_set.gallery, neighbors, metric=vector_set.metric)
    if reported is not None and index.exact_distances:
        compare(vector_set, distances, index.in_metric(reported), neighbors)
    return distances


def check_once(neighbors: np.ndarray) -> None:
    """Raises Cheating where an id is twice among the neighbors (Q, k) of a query."""
    in_order = np.sort(neighbors, axis=1)
    twice = (in_order[:, 1:] == in_order[:, :-1]) & (in_order[:, 1:] >= 0)
    if twice.any():
        query, place = np.argwhere(twice)[0]
        raise Cheating(f"id {in_order[query, place]} is twice among the neighbors of query {query}")


def compare(vector_set: VectorSet, distances: np.ndarray, reported: np.ndarray, neighbors: np.ndarray) -> None:
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
