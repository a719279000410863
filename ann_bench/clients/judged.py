"""Judged: the answers of all clients, held against what an honest index can say, and what they are worth."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ann_bench.clients.client import Log
from ann_bench.indexes.base import Index
from ann_bench.measuring import honest, metrics
from datasets.vectors import exact
from datasets.vectors.base import VectorSet


def judge(
    index: Index, known: VectorSet, logs: Sequence[Log], k: int, wanted: int
) -> tuple[np.ndarray, np.ndarray, dict[str, float]]:
    """Neighbors (Q, k), their recomputed distances, and the scores of those queries that were answered.

    The last answer of each client to each query is looked at; the first client's that has one counts. Raises Cheating.
    """
    queries = len(known.queries)
    neighbors, distances = np.full((queries, wanted), -1), np.full((queries, wanted), np.inf, np.float32)
    if known.metric == "inner_product":
        distances = -distances
    answered = np.zeros(queries, bool)
    for log in logs:
        found, reported = _spread(log, queries, wanted)
        if found is None:
            continue
        new = ~answered & np.isin(np.arange(queries), list(log.answers))
        recomputed = honest.check(index, known, found, reported)
        neighbors[new], distances[new] = found[new], recomputed[new]
        answered |= new
    if wanted > k:
        neighbors, distances = exact.remove(neighbors, distances, known.own_rows)
    return neighbors, distances, metrics.scores(_of(known, answered), neighbors[answered], distances[answered])


def _spread(log: Log, queries: int, wanted: int) -> tuple[np.ndarray | None, np.ndarray | None]:
    """A client's answers as (Q, k), -1 where it has none; None where it has none at all."""
    if not log.answers:
        return None, None
    given, reported = honest.together(list(log.answers.values()), len(log.answers), wanted)
    places = list(log.answers)
    neighbors = np.full((queries, wanted), -1)
    neighbors[places] = given
    if reported is None:
        return neighbors, None
    spread = np.zeros((queries, wanted), reported.dtype)
    spread[places] = reported
    return neighbors, spread


def _of(known: VectorSet, answered: np.ndarray) -> VectorSet:
    """The set with only these queries."""
    if answered.all():
        return known
    assert known.neighbors is not None and known.distances is not None
    part = VectorSet(known.name, known.metric, known.gallery, known.queries[answered])
    part = replace(part, neighbors=known.neighbors[answered], distances=known.distances[answered])
    if known.gallery_labels is None or known.query_labels is None:
        return part
    names = {"class_names": known.class_names, "gallery_labels": known.gallery_labels}
    return replace(part, **names, query_labels=known.query_labels[answered])
