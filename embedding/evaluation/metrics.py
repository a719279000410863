"""Retrieval scores from a hits matrix and clustering scores from cluster numbers: pure functions on arrays.

hits : (Q, K) bool, is neighbor j, nearest first, relevant to query i
relevant : (Q,) int, how many gallery items are relevant to query i, itself not counted

The retrieval functions give one value a query, so that blocks of queries can be scored one after the other.
``mean`` then averages over the queries that have something to find: a query with no relevant item in the gallery
is left out of every mean, because no ranking could answer it.
"""

from collections.abc import Sequence

import numpy as np


def recall_at_k(hits: np.ndarray, ks: Sequence[int]) -> np.ndarray:
    """(Q, len(ks)) float: 1 where at least one relevant item is among the first k, else 0."""
    _check_width(hits, max(ks))
    first = np.where(hits.any(axis=1), hits.argmax(axis=1), hits.shape[1])
    return (first[:, None] < np.asarray(ks)).astype(np.float64)


def precision_at_k(hits: np.ndarray, ks: Sequence[int]) -> np.ndarray:
    """(Q, len(ks)) float: share of relevant items among the first k."""
    _check_width(hits, max(ks))
    return np.stack([hits[:, :k].mean(axis=1) for k in ks], axis=1)


def r_precision(hits: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """(Q,) float: share of relevant items among the first R, R being the query's number of relevant items."""
    _check_width(hits, _largest(relevant))
    return _share(_first(hits, relevant).sum(axis=1), relevant)


def average_precision_at_r(hits: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """(Q,) float: precision at each hit among the first R, summed and divided by R; its mean is MAP@R.

    Musgrave et al., A Metric Learning Reality Check, ECCV 2020. R does not count the query itself.
    """
    _check_width(hits, _largest(relevant))
    return average_precision(_first(hits, relevant), relevant)


def average_precision_at_k(hits: np.ndarray, relevant: np.ndarray, k: int) -> np.ndarray:
    """(Q,) float: precision at each hit among the first k, summed and divided by min(k, R); its mean is mAP@k.

    R is the query's number of relevant items: of a query that has more of them than k, no more than k are expected.
    """
    _check_width(hits, k)
    return average_precision(hits[:, :k], np.minimum(relevant, k))


def average_precision(hits: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """(Q,) float: precision at each hit, summed and divided by the number of relevant items; its mean is mAP.

    Exact where hits cover the full ranking (K = size of the gallery); what lies beyond K counts as not found.
    """
    ranks = np.arange(1, hits.shape[1] + 1)
    precision = np.cumsum(hits, axis=1, dtype=np.int32) / ranks
    return _share((precision * hits).sum(axis=1), relevant)


def mean(values: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """The mean of values (Q,) or (Q, n) over the queries with a relevant item; 0 where there is no such query."""
    answerable = relevant > 0
    return values[answerable].mean(axis=0) if answerable.any() else np.zeros(values.shape[1:])


def nmi(labels: np.ndarray, clusters: np.ndarray) -> float:
    """Normalised mutual information of two groupings (N,), 0 to 1: 2 I(labels; clusters) / (H(labels) + H(clusters)).

    The arithmetic mean of the entropies normalises, as in scikit-learn. Two groupings into one group each score 1.
    """
    both, a, b = _overlaps(labels, clusters)
    entropy = (_entropy(a) + _entropy(b)) / 2
    if entropy == 0:
        return 1.0
    return float(np.clip(2 - _entropy(both) / entropy, 0, 1))  # I = H(a) + H(b) - H(a, b)


def pairwise_f1(labels: np.ndarray, clusters: np.ndarray) -> float:
    """F1 over all pairs of items: same cluster is the answer, same label is the truth (Manning et al., 2008).

    1 where no two items share a label or a cluster: both groupings are then the same.
    """
    both, a, b = (np.sum(sizes * (sizes - 1) / 2) for sizes in _overlaps(labels, clusters))
    return float(2 * both / (a + b)) if a + b else 1.0


def _overlaps(labels: np.ndarray, clusters: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sizes of the non-empty (label, cluster) overlaps, of the labels and of the clusters; never a full table."""
    _, label = np.unique(labels, return_inverse=True)
    _, cluster = np.unique(clusters, return_inverse=True)
    pairs = label.astype(np.int64) * len(labels) + cluster
    return np.unique(pairs, return_counts=True)[1], np.bincount(label), np.bincount(cluster)


def _entropy(sizes: np.ndarray) -> float:
    share = sizes / sizes.sum()
    return float(-(share * np.log(share)).sum())


def _first(hits: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """Hits (Q, largest R) with everything beyond a query's own R switched off."""
    width = _largest(relevant)
    return hits[:, :width] & (np.arange(width) < relevant[:, None])


def _share(found: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """(Q,) found / relevant, 0 where nothing is relevant."""
    return np.divide(found, relevant, out=np.zeros(len(relevant)), where=relevant > 0)


def _largest(relevant: np.ndarray) -> int:
    return int(relevant.max(initial=0))


def _check_width(hits: np.ndarray, needed: int) -> None:
    if hits.shape[1] < needed:
        raise ValueError(f"hits hold {hits.shape[1]} neighbors a query, {needed} are needed")
