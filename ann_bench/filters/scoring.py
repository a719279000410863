"""Scoring under a filter: what is found of the true neighbors, of which there may be fewer than k, or none."""

from collections.abc import Mapping

import numpy as np

from ann_bench.measuring import metrics
from ann_bench.results.results import recall_name
from datasets.attributes.filter import Filter
from datasets.attributes.passing import Passing
from datasets.vectors.base import VectorSet


def scores(vector_set: VectorSet, neighbors: np.ndarray, distances: np.ndarray) -> dict[str, float]:
    """Recall of the true neighbors, by distance with its interval and by id, of the nearest one, and what is empty.

    vector_set : with the true neighbors (Q, k), -1 where fewer than k pass; neighbors, distances (Q, k) : recomputed

    Of a query the share counts that is found of its min(k, passing) true neighbors; queries without one do not count.
    "empty" is the share of those places that hold no neighbor.
    """
    truth, true_distances = vector_set.neighbors, vector_set.distances
    assert truth is not None and true_distances is not None
    there = (truth >= 0).sum(axis=1)
    asking = there > 0
    name = recall_name(neighbors.shape[1])
    if not asking.any():
        return {name: 1.0, f"{name} low": 1.0, f"{name} high": 1.0, "empty": 0.0}
    truth, true_distances, there = truth[asking], true_distances[asking], there[asking]
    neighbors, distances = neighbors[asking], distances[asking]
    bound = true_distances[np.arange(len(there)), there - 1]
    near = metrics.at_least_as_near(distances, bound, vector_set.metric) & (neighbors >= 0)
    found = np.minimum(near.sum(axis=1), there)
    same = ((truth[:, :, None] == neighbors[:, None]) & (truth >= 0)[:, :, None]).sum(axis=(1, 2))
    filled = np.minimum((neighbors >= 0).sum(axis=1), there)
    return {
        **metrics.with_interval(name, found / there),
        f"{name} by id": float((same / there).mean()),
        "1-recall@1": metrics.first_recall(distances, true_distances, 1, vector_set.metric),
        "empty": float(1 - filled.sum() / there.sum()),
    }


def facts(asked: Filter, passing: Passing, k: int, own: np.ndarray) -> Mapping[str, float]:
    """The share of rows that pass, for a query on average and at the extremes; which queries have fewer than k."""
    counts = np.zeros(len(asked.of_query), np.int64)
    rows = len(passing.attributes)
    for condition, queries in asked.queries():
        mask = passing.rows(asked.conditions[condition])
        counts[queries] = np.count_nonzero(mask) - ((own[queries] >= 0) & mask[own[queries]])
    return {
        "selectivity": float(counts.mean() / rows),
        "selectivity_min": float(counts.min() / rows),
        "selectivity_max": float(counts.max() / rows),
        "fewer_than_k": float((counts < k).mean()),
        "conditions": len(asked.conditions),
    }
