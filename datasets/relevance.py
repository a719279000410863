"""Relevance: which images a query asks for, by their labels: those of its class, or those that share a concept.

labels : (N,) int64, an image's class; or (N, L) bool, the concepts that it shows, where it may show several
"""

import numpy as np


def relevant(query_labels: np.ndarray, gallery_labels: np.ndarray) -> np.ndarray:
    """Whether gallery items are relevant to queries, bool, by labels whose leading shapes broadcast.

    Of classes: (Q, 1) and (G,) give (Q, G). Of concepts, whose last axis is L: (Q, 1, L) and (G, L) give (Q, G).
    """
    if gallery_labels.dtype == bool:
        return (query_labels & gallery_labels).any(axis=-1)
    return query_labels == gallery_labels


def hits(neighbors: np.ndarray, query_labels: np.ndarray, gallery_labels: np.ndarray) -> np.ndarray:
    """(Q, K) bool: is neighbor j relevant to query i; never where the id is negative."""
    return relevant(query_labels[:, None], gallery_labels[neighbors.clip(min=0)]) & (neighbors >= 0)
