"""Diffusion: what a query is alike to spreads over the neighbor graph of the gallery (Iscen et al., CVPR 2017)."""

import numpy as np
from scipy.sparse import csr_array

from embedding.reranking import conjugate_gradients, graph

_TOGETHER = 128  # queries at a time: four arrays of gallery rows by so many are held


def diffuse(
    queries: np.ndarray,
    gallery: np.ndarray,
    *,
    k: int = 50,
    query_k: int = 10,
    gamma: float = 3.0,
    alpha: float = 0.99,
    steps: int = 20,
    exclude: graph.Excluded | None = None,
    links: csr_array | None = None,
) -> np.ndarray:
    """Scores (Q, G) float32, the higher the better; defaults are the publication's for one vector a picture.

    queries (Q, D), gallery (G, D) : float32 unit rows
    k, gamma : of the graph, see ``graph.of_gallery``; links : that graph, where it is there already
    query_k : each query starts at so many of its nearest, with their similarities to the power of gamma
    alpha : how much is passed on from row to row, below 1
    steps : of conjugate gradients at most
    exclude : for each query the gallery rows that it must not start at: itself, other crops of its picture

    Solves (I - alpha S) f = y. Rows that nothing has reached stand behind all others, by their similarity.
    """
    links = graph.of_gallery(gallery, k=k, gamma=gamma) if links is None else links
    neighbors, similarities = graph.nearest(queries, gallery, query_k, exclude=exclude)
    weights = np.maximum(similarities, 0) ** np.float32(gamma)
    scores = np.empty((len(queries), len(gallery)), np.float32)
    for start in range(0, len(queries), _TOGETHER):
        part = slice(start, start + _TOGETHER)
        begun = started(neighbors[part], weights[part], len(gallery))
        reached = conjugate_gradients.solve(links, begun, alpha=alpha, steps=steps).T
        alike = queries[part] @ gallery.T
        behind = alike - alike.max(axis=1, keepdims=True, initial=-np.inf)  # none is above 0
        scores[part] = np.where(reached > 0, reached, behind)
    return scores


def diffuse_first(
    queries: np.ndarray,
    gallery: np.ndarray,
    neighbors: np.ndarray,
    *,
    exclude: graph.Excluded | None = None,
    **settings: float,
) -> np.ndarray:
    """Scores (Q, n) float32 of the ``neighbors`` (Q, n) int64, the first of each query, in a graph of these alone.

    For galleries whose all pairs are too many. settings, exclude : as for ``diffuse``, which this is where n is the
    whole gallery; the publication cuts the graph of the whole gallery to the first instead
    """
    scores = np.empty(neighbors.shape, np.float32)
    for row, ids in enumerate(neighbors):
        without = None if exclude is None else [np.flatnonzero(np.isin(ids, exclude[row]))]
        scores[row] = diffuse(queries[[row]], gallery[ids], exclude=without, **settings)[0]
    return scores


def started(neighbors: np.ndarray, weights: np.ndarray, size: int) -> np.ndarray:
    """Y (G, Q) float32: at the neighbors (Q, k) of each query their weights (Q, k), 0 elsewhere; -1 is no neighbor."""
    begun = np.zeros((size, len(neighbors)), np.float32)
    query, column = np.nonzero(neighbors >= 0)
    begun[neighbors[query, column], query] = weights[query, column]
    return begun
