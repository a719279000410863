"""What an answer is worth: recall in three senses, the distance ratio, and whether the label is found.

Every distance here is recomputed (``exact.between``): what an index says of its own neighbors counts for nothing.
"""

import numpy as np

from datasets.relevance import hits
from datasets.vectors.base import VectorSet

_RELATIVE = 1e-5  # two distances closer than this are a tie: rounding of single precision
_ABSOLUTE = {"angular": 1e-6, "inner_product": 1e-6, "euclidean": 0.0, "hamming": 0.0}
_BLOCK = 1 << 16  # neighbors compared at a time
_SAMPLES, _CONFIDENCE = 1000, 0.95  # of the bootstrap


def at_least_as_near(distances: np.ndarray, bound: np.ndarray, metric: str) -> np.ndarray:
    """Which ``distances`` (Q, k) are no farther than ``bound`` (Q,), ties and rounding included."""
    slack = np.abs(bound) * _RELATIVE + _ABSOLUTE[metric]
    if metric == "inner_product":
        return distances >= (bound - slack)[:, None]
    return distances <= (bound + slack)[:, None]


def recalls(distances: np.ndarray, true_distances: np.ndarray, metric: str) -> np.ndarray:
    """(Q,) k-recall@k: the share of a query's found neighbors (Q, k) that are no farther than its true k-th.

    true_distances : (Q, at least k). Ties cost nothing. As in ann-benchmarks, with a tolerance of 1e-5 of the distance
    instead of its 1e-3 of whatever unit the vectors have.
    """
    k = distances.shape[1]
    return at_least_as_near(distances, true_distances[:, k - 1], metric).mean(axis=1)


def recall(distances: np.ndarray, true_distances: np.ndarray, metric: str) -> float:
    """The mean of the above."""
    return float(recalls(distances, true_distances, metric).mean())


def interval(shares: np.ndarray, *, seed: int = 0) -> tuple[float, float]:
    """Where the mean of ``shares`` (Q,), one a query, would lie with other queries, in 95 of 100 cases: a bootstrap.

    Queries with the same share are drawn together, by a multinomial of how many there are of each, which is the same as
    drawing one after another. Both ends are the mean where all shares are the same.
    """
    values, counts = np.unique(shares, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(len(shares), counts / len(shares), size=_SAMPLES)
    low, high = np.quantile(drawn @ values / len(shares), (0.5 - _CONFIDENCE / 2, 0.5 + _CONFIDENCE / 2))
    return float(low), float(high)


def with_interval(name: str, shares: np.ndarray) -> dict[str, float]:
    """The mean of ``shares`` (Q,) under its name, and both ends of its interval: "k-recall@10 low" and "high"."""
    low, high = interval(shares)
    return {name: float(shares.mean()), f"{name} low": low, f"{name} high": high}


def recall_by_id(neighbors: np.ndarray, true_neighbors: np.ndarray) -> float:
    """The share of the true k nearest ids (Q, at least k) among the k found; ties count against it."""
    truth = true_neighbors[:, : neighbors.shape[1]]
    step = max(1, _BLOCK // truth.shape[1])
    blocks = (slice(start, start + step) for start in range(0, len(truth), step))
    return sum(int((truth[part, :, None] == neighbors[part, None]).sum()) for part in blocks) / truth.size


def first_recall(distances: np.ndarray, true_distances: np.ndarray, r: int, metric: str) -> float:
    """1-recall@R: the share of queries whose true nearest, or one as near, is among the first R found."""
    return float(at_least_as_near(distances[:, :r], true_distances[:, 0], metric).any(axis=1).mean())


def distance_ratio(distances: np.ndarray, true_distances: np.ndarray, metric: str) -> float:
    """How many times as far as the true neighbors the found ones are, rank by rank, on average; 1 is exact.

    Ranks are by distance, whatever order the index gave. Those without a neighbor, and those whose true distance is 0
    but for rounding, do not count; NaN where none is left.
    """
    truth = true_distances[:, : distances.shape[1]]
    found = np.sort(distances, axis=1)
    counts = np.isfinite(found) & (truth > _ABSOLUTE[metric])
    return float((found[counts] / truth[counts]).mean()) if counts.any() else float("nan")


def label_recall(neighbors: np.ndarray, gallery_labels: np.ndarray, query_labels: np.ndarray) -> float:
    """The share of queries with a relevant image, of their class or a concept of theirs, among the neighbors (Q, k)."""
    return float(hits(neighbors, query_labels, gallery_labels).any(axis=1).mean())


def scores(vector_set: VectorSet, neighbors: np.ndarray, distances: np.ndarray) -> dict[str, float]:
    """Everything above by name, for neighbors (Q, k) and their recomputed distances, against the set's truth.

    Where many distances tie, as those of short codes do, the truth is one of several that are as good, and the loss of
    label recall may fall a little below 0.
    """
    k, metric = neighbors.shape[1], vector_set.metric
    truth, true_distances = vector_set.neighbors, vector_set.distances
    assert truth is not None and true_distances is not None
    found = {
        **with_interval(f"k-recall@{k}", recalls(distances, true_distances, metric)),
        f"k-recall@{k} by id": recall_by_id(neighbors, truth),
    }
    for r in sorted({1, k} | ({10} if k > 10 else set())):
        found[f"1-recall@{r}"] = first_recall(distances, true_distances, r, metric)
    if metric != "inner_product":  # products have no ratio: they may be negative
        found["distance ratio"] = distance_ratio(distances, true_distances, metric)
    if vector_set.gallery_labels is not None and vector_set.query_labels is not None:
        labels = vector_set.gallery_labels, vector_set.query_labels
        found[f"label recall@{k}"] = label_recall(neighbors, *labels)
        found[f"exact label recall@{k}"] = label_recall(truth[:, :k], *labels)
        found["label recall loss"] = found[f"exact label recall@{k}"] - found[f"label recall@{k}"]
    return found
