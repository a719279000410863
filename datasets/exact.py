"""Exact k nearest neighbors, a block of queries at a time: euclidean, inner product, angular, hamming."""

from collections.abc import Iterator, Sequence

import faiss
import numpy as np

METRICS = ("euclidean", "inner_product", "angular", "hamming")

_NONE = -1  # the id of a neighbor that is not there


def search(
    queries: np.ndarray,
    gallery: np.ndarray,
    k: int,
    *,
    metric: str = "euclidean",
    exclude: np.ndarray | None = None,
    block: int = 4096,
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest gallery rows of every query: neighbors (Q, k) int64, nearest first, and distances (Q, k) float32.

    queries (Q, D), gallery (G, D) : float32 (anything else is converted); packed bits in uint8 where metric is hamming
    metric : euclidean (not squared), inner_product (the products themselves, largest first), angular (1 - cosine; a
        row of zeros is at 1 from everything) or hamming (number of differing bits)
    exclude : (Q,) the gallery row that each query must not find, itself in leave-one-out; -1 excludes nothing

    Where fewer than k are there, neighbors end in -1 and distances in infinity (minus infinity for inner_product).
    Equal distances come in no promised order. Euclidean distances come from |x|^2 - 2xy + |y|^2 in single precision:
    between near duplicates they are right to about 3e-4 times the length of the vectors.
    """
    neighbors = np.empty((len(queries), k), np.int64)
    distances = np.empty((len(queries), k), np.float32)
    found = blocks(queries, gallery, k, metric=metric, exclude=exclude, block=block)
    for rows, block_neighbors, block_distances in found:
        neighbors[rows], distances[rows] = block_neighbors, block_distances
    return neighbors, distances


def blocks(
    queries: np.ndarray,
    gallery: np.ndarray,
    k: int,
    *,
    metric: str = "euclidean",
    exclude: np.ndarray | None = None,
    block: int = 4096,
) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """As ``search``, but yields (rows of the queries, neighbors, distances) so that (Q, k) is never held whole."""
    _check(queries, gallery, k, metric, exclude)
    gallery = _prepare(gallery, metric)
    for start in range(0, len(queries), block):
        rows = slice(start, min(start + block, len(queries)))
        wanted = k if exclude is None else k + 1
        neighbors, distances = _nearest(_prepare(queries[rows], metric), gallery, wanted, metric)
        if exclude is not None:
            neighbors, distances = _remove(neighbors, distances, exclude[rows])
        yield rows, neighbors, distances


def own_rows(names: Sequence[str], gallery_names: Sequence[str]) -> np.ndarray:
    """For ``exclude``: (Q,) the gallery row that is the query itself, by their names; -1 where it is not there."""
    row_of = {name: row for row, name in enumerate(gallery_names)}
    return np.array([row_of.get(name, _NONE) for name in names], dtype=np.int64)


def _check(queries: np.ndarray, gallery: np.ndarray, k: int, metric: str, exclude: np.ndarray | None) -> None:
    if metric not in METRICS:
        raise ValueError(f"metric '{metric}' is none of {', '.join(METRICS)}")
    if queries.ndim != 2 or gallery.ndim != 2 or queries.shape[1] != gallery.shape[1]:
        raise ValueError(f"queries {queries.shape} and gallery {gallery.shape} must be (Q, D) and (G, D)")
    if metric == "hamming" and not queries.dtype == gallery.dtype == np.uint8:
        raise ValueError(f"hamming takes packed uint8 codes, not {queries.dtype} and {gallery.dtype}")
    if exclude is not None and exclude.shape != (len(queries),):
        raise ValueError(f"exclude {exclude.shape} must name one gallery row for each of {len(queries)} queries")
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")


def _prepare(rows: np.ndarray, metric: str) -> np.ndarray:
    """Rows (n, D) as faiss takes them: contiguous, float32 or uint8, unit length where only the angle counts."""
    rows = np.ascontiguousarray(rows, np.uint8 if metric == "hamming" else np.float32)
    if metric != "angular":
        return rows
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)


def _nearest(queries: np.ndarray, gallery: np.ndarray, k: int, metric: str) -> tuple[np.ndarray, np.ndarray]:
    """Neighbors and distances (n, k), padded where the gallery has fewer than k rows."""
    neighbors = np.full((len(queries), k), _NONE, np.int64)
    distances = np.zeros((len(queries), k), np.float32)
    there = min(k, len(gallery))
    if there:
        distances[:, :there], neighbors[:, :there] = _faiss(queries, gallery, there, metric)
    distances[neighbors == _NONE] = -np.inf if metric == "inner_product" else np.inf
    return neighbors, distances


def _faiss(queries: np.ndarray, gallery: np.ndarray, k: int, metric: str) -> tuple[np.ndarray, np.ndarray]:
    """Distances and neighbors (n, k) for k <= G."""
    if metric == "hamming":
        return faiss.knn_hamming(queries, gallery, k, variant="mc")
    if metric == "euclidean":
        squared, neighbors = faiss.knn(queries, gallery, k, faiss.METRIC_L2)
        return np.sqrt(np.maximum(squared, 0)), neighbors  # rounding can leave a square just below zero
    products, neighbors = faiss.knn(queries, gallery, k, faiss.METRIC_INNER_PRODUCT)
    if metric == "inner_product":
        return products, neighbors
    return np.clip(1 - products, 0, 2), neighbors


def _remove(neighbors: np.ndarray, distances: np.ndarray, exclude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, k + 1) -> (n, k): each row without its excluded id.

    Where the id is not among the k + 1, as many others are at least as near, and the last of them is the one too many.
    """
    found = neighbors == exclude[:, None]
    column = np.where(found.any(axis=1), found.argmax(axis=1), neighbors.shape[1] - 1)
    keep = np.ones_like(found)
    keep[np.arange(len(keep)), column] = False
    shape = (len(neighbors), neighbors.shape[1] - 1)
    return neighbors[keep].reshape(shape), distances[keep].reshape(shape)
