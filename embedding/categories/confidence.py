"""Confidence: what share of a cluster is likely to be of one class, from what can be seen without labels."""

from collections.abc import Callable

import numpy as np
from sklearn.linear_model import LinearRegression

from datasets.vectors import exact
from embedding.categories.neighborhood import Neighborhood, mean_of_each, means, sizes, staying

# Evidence (C, 3) -> confidences (C,), 0 to 1.
Confidence = Callable[[np.ndarray], np.ndarray]

_CLOSEST = 3  # others that should be of an image's cluster if any are


def evidence(near: Neighborhood, clusters: np.ndarray) -> np.ndarray:
    """(C, 3) float64 of each cluster from 0 on: its silhouette, the share of closest others that stay, its size."""
    if not (clusters >= 0).any():
        return np.zeros((0, 3))
    stay = staying(near.neighbors[:, :_CLOSEST], clusters)
    per_image = silhouettes(near.rows, clusters), stay
    return np.stack([*(mean_of_each(values, clusters) for values in per_image), sizes(clusters)], axis=1)


def silhouettes(rows: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """(N,) float64, -1 to 1: how much nearer an image is to the others of its cluster than to the next cluster.

    (b - a) / max(a, b), a being the mean of 1 - cosine to the others of its cluster and b that to the images of the
    nearest other one (Rousseeuw, Journal of Computational and Applied Mathematics, 1987); unit rows, so that means of
    clusters are enough. 0 for noise, for an image alone in its cluster, and where there is one cluster only.
    """
    values = np.zeros(len(rows))
    there = np.flatnonzero(clusters >= 0)
    counts, own = sizes(clusters), clusters[there]
    if len(counts) < 2:
        return values
    centers = means(rows, clusters)
    _, products = exact.search(rows[there], centers, 1, metric="inner_product", exclude=own)
    count = counts[own]
    inside = np.einsum("nd,nd->n", rows[there], centers[own], dtype=np.float64) * count
    itself = np.einsum("nd,nd->n", rows[there], rows[there], dtype=np.float64)
    a = 1 - (inside - itself) / np.maximum(count - 1, 1)
    b = 1 - products[:, 0].astype(np.float64)
    values[there] = np.where(count > 1, (b - a) / np.maximum(np.maximum(a, b), 1e-12), 0)
    return values


def plain(found: np.ndarray) -> np.ndarray:
    """The silhouette, 0 where it is below: the order is worth more than the number, which tells no purity."""
    return found[:, 0].clip(0, 1)


def learned(found: np.ndarray, purities: np.ndarray) -> Confidence:
    """What evidence (C, 3) says of purity, by least squares over clusters whose purities (C,) are known.

    Evidence beyond what was seen counts as the most that was seen. ``plain`` where there are fewer than 10 clusters.
    """
    if len(found) < 10:
        return plain
    lowest, highest = found.min(axis=0), found.max(axis=0)
    line = LinearRegression().fit(found, purities)

    def confidence(asked: np.ndarray) -> np.ndarray:
        return line.predict(asked.clip(lowest, highest)).clip(0, 1) if len(asked) else np.zeros(0)

    return confidence


def purities(labels: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """(C,) float64, the share of each cluster from 0 on that has its most common label."""
    there = clusters >= 0
    _, label = np.unique(labels[there], return_inverse=True)
    width = int(label.max(initial=0)) + 1
    overlaps, counts = np.unique(clusters[there] * width + label, return_counts=True)
    totals = sizes(clusters)
    largest = np.zeros(len(totals))
    np.maximum.at(largest, overlaps // width, counts)
    return largest / np.maximum(totals, 1)
