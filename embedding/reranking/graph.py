"""Who is near to whom: the neighbors of queries, and the graph in which rows of a gallery choose each other."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array, diags_array

from datasets.vectors import exact

Excluded = Sequence[np.ndarray]

_NONE = -1  # the id of a neighbor that is not there


def nearest(
    queries: np.ndarray, gallery: np.ndarray, k: int, *, exclude: Excluded | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The k gallery rows most alike to every query: neighbors (Q, k) int64 and similarities (Q, k) float32.

    queries (Q, D), gallery (G, D) : float32 unit rows, or rows of zeros
    exclude : for each query the gallery rows that it must not find, such as itself and other crops of its picture

    k is the size of the gallery at most. Where fewer are left, neighbors end in -1 and similarities in 0.
    """
    k = min(k, len(gallery)) or 1
    most = max(map(len, exclude), default=0) if exclude is not None else 0
    neighbors, similarities = exact.search(queries, gallery, k + most, metric="inner_product")
    if most:
        gone = among(neighbors, exclude, len(gallery))
        neighbors[gone] = _NONE
        order = np.argsort(gone, axis=1, kind="stable")[:, :k]
        neighbors, similarities = (np.take_along_axis(found, order, axis=1) for found in (neighbors, similarities))
    similarities[neighbors == _NONE] = 0
    return neighbors, similarities


def among(neighbors: np.ndarray, exclude: Excluded, size: int) -> np.ndarray:
    """(Q, n) bool: which neighbors (Q, n) in a gallery of that size a query excludes."""
    rows = np.arange(len(neighbors))
    excluded = np.repeat(rows, list(map(len, exclude))) * size + np.concatenate(exclude)
    return (neighbors != _NONE) & np.isin(rows[:, None] * size + neighbors, excluded)


def of_gallery(gallery: np.ndarray, *, k: int = 50, gamma: float = 3.0) -> csr_array:
    """The graph that diffusion runs over: (G, G) float32, symmetric, normalised, no row its own neighbor.

    gallery : (G, D) float32 unit rows
    k : neighbors of a row; two are linked where each is among the other's. 50 is for one vector a picture, 200 for
        one a region (Iscen et al., CVPR 2017)
    gamma : an edge weighs the similarity to this power, 3 as there
    """
    return normalised(mutual(*others(gallery, k), gamma=gamma))


def others(gallery: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k other rows, or as many as there are, most alike to each: neighbors (G, k) and similarities (G, k).

    Where there is none at all, the neighbor is -1, and its similarity minus infinity.
    """
    rows = np.arange(len(gallery))
    return exact.search(gallery, gallery, max(1, min(k, len(rows) - 1)), metric="inner_product", exclude=rows)


def mutual(neighbors: np.ndarray, similarities: np.ndarray, *, gamma: float = 3.0) -> csr_array:
    """Affinities (G, G) float32: similarity to the power of gamma where both rows name each other, else nothing.

    neighbors (G, k) int64 without the rows themselves, -1 for none; similarities (G, k). Negative ones link nothing.
    """
    count = len(neighbors)
    linked = (neighbors != _NONE) & (similarities > 0)
    weights = similarities[linked].astype(np.float32) ** np.float32(gamma)
    starts = np.concatenate([[0], np.cumsum(linked.sum(axis=1))])
    small = np.int32 if max(starts[-1], count) < 2**31 else np.int64  # half of what a product reads
    parts = (weights, neighbors[linked].astype(small), starts.astype(small))
    named = csr_array(parts, shape=(count, count))
    named.sort_indices()
    return named.minimum(named.T.tocsr()).tocsr()


def normalised(affinities: csr_array) -> csr_array:
    """D^-1/2 A D^-1/2, D the sums of the rows; a row that nothing is linked to stays empty."""
    sums = np.asarray(affinities.sum(axis=1), np.float64)
    roots = diags_array(np.divide(1, np.sqrt(sums), out=np.zeros_like(sums), where=sums > 0).astype(np.float32))
    return (roots @ affinities @ roots).tocsr()
