"""k-reciprocal encoding: pictures are alike that share the neighbors which name them too (Zhong et al., CVPR 2017)."""

import numpy as np

from embedding.reranking.graph import Excluded

FIRST = 500  # of a ranking that a command puts in a new order


def k_reciprocal(
    queries: np.ndarray,
    gallery: np.ndarray,
    neighbors: np.ndarray,
    *,
    k1: int = 20,
    k2: int = 6,
    weight: float = 0.3,
    exclude: Excluded | None = None,
) -> np.ndarray:
    """Distances (Q, k) float32 of each query to its ``neighbors`` (Q, k) int64, the first of its ranking.

    queries (Q, D), gallery (G, D) : float32 unit rows
    k1 : neighbors among which two must name each other; k2 : neighbors over whose sets a set is averaged
    weight : of the distance between the vectors themselves, 1 less it that of the sets; defaults as published
    exclude : for each query the gallery rows that must have no say: itself, other crops of its picture. They are
        at -1, before all others

    Published for the whole gallery, which takes memory by its square; here a query and its first k are all there is,
    the same where k is the size of the gallery.
    """
    found = np.full(neighbors.shape, -1, np.float32)
    for row, (query, ids) in enumerate(zip(queries, neighbors, strict=True)):
        asked = np.ones(len(ids), bool) if exclude is None else ~np.isin(ids, exclude[row])
        vectors = np.concatenate([query[None], gallery[ids[asked]]])
        found[row, asked] = _distances(vectors, k1, k2, weight)[1:]
    return found


def _distances(vectors: np.ndarray, k1: int, k2: int, weight: float) -> np.ndarray:
    """(n,) from the first of the vectors (n, D) to each of them."""
    squares = np.maximum(2 - 2 * (vectors @ vectors.T), 0)
    largest = squares.max(axis=1, keepdims=True)
    squares /= np.where(largest > 0, largest, 1)
    encoded = _encoded(squares, k1, k2)
    shared = np.minimum(encoded[0], encoded).sum(axis=1)
    return (1 - weight) * (1 - shared / (2 - shared)) + weight * squares[0]  # each row of the encoded sums to 1


def _encoded(squares: np.ndarray, k1: int, k2: int) -> np.ndarray:
    """(n, n): for each vector the weights of its expanded reciprocal neighbors, averaged over its k2 nearest."""
    order = _ordered(squares, max(k1 + 1, k2))
    mutual = _mutual(order[:, : k1 + 1])
    half = _mutual(order[:, : round(k1 / 2) + 1])
    # A neighbor's own set, by half of k1, joins where more than two thirds of it are in the set already.
    joins = (mutual > 0) & (3 * (mutual @ half.T) > 2 * half.sum(axis=1))
    members = (mutual + joins.astype(np.float32) @ half) > 0
    weights = np.where(members, np.exp(-squares), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights[order[:, :k2]].mean(axis=1)


def _ordered(squares: np.ndarray, count: int) -> np.ndarray:
    """(n, count) or fewer: each vector itself, and its nearest."""
    squares = squares.copy()
    np.fill_diagonal(squares, -1)  # before its duplicates
    return np.argsort(squares, axis=1, kind="stable")[:, :count]


def _mutual(near: np.ndarray) -> np.ndarray:
    """(n, n) float32, 1 where two vectors are among the ``near`` (n, k) of each other."""
    named = np.zeros((len(near), len(near)), np.float32)
    np.put_along_axis(named, near, 1, axis=1)
    return named * named.T
