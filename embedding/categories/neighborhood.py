"""Images among their nearest others: what clusters are found in and judged by, without a matrix of all pairs."""

from dataclasses import dataclass

import numpy as np

from datasets.vectors import exact

NONE = -1  # the cluster of noise
NEAREST = 15  # others of an image that are looked at


@dataclass(frozen=True)
class Neighborhood:
    """N images with their nearest others.

    rows : (N, D) float32 unit rows
    neighbors : (N, 15) int64 rows, or N - 1 where there are no more, nearest first; -1 for none
    distances : of these, 1 - cosine, float32
    """

    rows: np.ndarray
    neighbors: np.ndarray
    distances: np.ndarray


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """The vectors (N, D) as float32 of unit length; rows of zeros stay zeros."""
    rows = np.array(vectors, np.float32)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return rows


def neighborhood(rows: np.ndarray) -> Neighborhood:
    """The neighborhood of unit rows (N, D), by exact search."""
    return Neighborhood(rows, *nearest_others(rows, NEAREST))


def nearest_others(rows: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The nearest others of unit rows (N, D): neighbors (N, k) and 1 - cosine, k no more than N - 1 but at least 1."""
    k = max(1, min(k, len(rows) - 1))
    neighbors, products = exact.search(rows, rows, k, metric="inner_product", exclude=np.arange(len(rows)))
    return neighbors, np.clip(1 - products, 0, 2)


def sizes(clusters: np.ndarray) -> np.ndarray:
    """(C,) how many images each cluster from 0 on has; noise is not counted."""
    return np.bincount(clusters[clusters >= 0])


def means(rows: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """(C, D) float32, the mean row of each cluster from 0 on, zeros for an empty one; noise has none."""
    there = clusters >= 0
    counts = sizes(clusters)
    order = np.argsort(clusters[there], kind="stable")
    found = np.zeros((len(counts), rows.shape[1]), np.float32)
    if there.any():
        starts = np.cumsum(counts) - counts
        found[counts > 0] = np.add.reduceat(rows[there][order], starts[counts > 0], axis=0)
    return found / np.maximum(counts, 1)[:, None].astype(np.float32)


def staying(neighbors: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """(N,) float64, what share of an image's nearest others are in its cluster; 0 for noise.

    neighbors : (N, K); of a cluster of s images only the nearest s - 1 count where these are fewer, so that a cluster
        which keeps to itself reaches 1 whatever its size
    """
    there = clusters >= 0
    width = np.zeros(len(clusters), np.int64)
    width[there] = np.minimum(sizes(clusters)[clusters[there]] - 1, neighbors.shape[1])
    together = (clusters[neighbors] == clusters[:, None]) & (neighbors >= 0)
    together &= np.arange(neighbors.shape[1]) < width[:, None]
    return together.sum(axis=1) / np.maximum(width, 1)


def mean_of_each(values: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """(C,) float64, the mean of values (N,) over each cluster from 0 on."""
    there = clusters >= 0
    return np.bincount(clusters[there], values[there]) / np.maximum(sizes(clusters), 1)
