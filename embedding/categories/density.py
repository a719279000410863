"""Dense regions: the clusters that HDBSCAN finds in the graph of nearest neighbors, and noise between them."""

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from sklearn.cluster import HDBSCAN

from embedding.categories.neighborhood import NONE, Neighborhood, nearest_others

_EACH = 16  # images that stand for a piece of the graph when it is joined to others


def dense(near: Neighborhood, *, min_size: int) -> np.ndarray:
    """clusters (N,) int64 from 0 on, -1 for noise: the dense regions of ``min_size`` images and more.

    HDBSCAN (Campello, Moulavi, Sander, PAKDD 2013) on the graph of nearest neighbors, so that memory grows with N. It
    takes the leaves of its tree, not the most lasting branches: classes of an embedding lie so close together that
    the latter are whole groups of classes.
    """
    if len(near.rows) < max(2, min_size):
        return np.full(len(near.rows), NONE)
    found = HDBSCAN(
        min_cluster_size=max(2, min_size),
        min_samples=1,  # density by the nearest neighbor alone: with more, two thirds of such images are noise
        metric="precomputed",
        cluster_selection_method="leaf",
        copy=True,
    )
    return found.fit_predict(_graph(near)).astype(np.int64)


def _graph(near: Neighborhood) -> csr_array:
    """The distances between neighbors as a symmetric (N, N) graph in one piece, which HDBSCAN wants.

    Where neighbors leave it in pieces, images of each are joined to the nearest of others: at their true distance, so
    that what lies between two regions is nearer to neither than they are to each other, and stays noise.
    """
    graph = _edges(np.arange(len(near.rows)), near.neighbors, near.distances, len(near.rows))
    while True:
        pieces, piece = connected_components(graph, directed=False)
        if pieces == 1:
            return graph
        order = np.argsort(piece, kind="stable")
        place = np.arange(len(order)) - np.searchsorted(piece[order], piece[order])  # in its piece
        asked = order[place < _EACH]
        neighbors, distances = nearest_others(near.rows[asked], _EACH)
        neighbors = np.where(neighbors < 0, NONE, asked[neighbors])
        neighbors[piece[neighbors] == piece[asked][:, None]] = NONE
        graph = graph.maximum(_edges(asked, neighbors, distances, len(near.rows)))


def _edges(images: np.ndarray, neighbors: np.ndarray, distances: np.ndarray, count: int) -> csr_array:
    """(N, N) symmetric, from images (n,) to their neighbors (n, k), -1 for none."""
    there = neighbors >= 0
    ends = np.repeat(images, there.sum(axis=1)), neighbors[there]
    weights = np.maximum(distances[there], 1e-6).astype(np.float64)  # an edge of no length would be no edge
    graph = coo_array((weights, ends), shape=(count, count)).tocsr()
    return graph.maximum(graph.T)
