"""Exact k nearest neighbors, in blocks of queries and of the gallery: euclidean, inner product, angular, hamming."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import faiss
import numpy as np

from datasets.vectors import rows as vector_rows
from datasets.vectors.metric_names import METRICS

_NONE = -1  # the id of a neighbor that is not there
_ROOM = 1 << 28  # bytes of a prepared block of the gallery
_PART = 1024  # queries that a thread searches for at a time
_WORTH = 1 << 28  # products of two numbers, from which on it pays to start threads
_COMPARED = 1 << 16  # neighbors that are compared with their queries at a time
_COPIED = 1 << 13  # the same where they are copied first: so few that the copy stays in the cache
_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1, dtype=np.uint8)  # bits of a byte

_Blocks = Iterable[tuple[int, np.ndarray]]


def search(
    queries: np.ndarray,
    gallery: np.ndarray,
    k: int,
    *,
    metric: str = "euclidean",
    exclude: np.ndarray | None = None,
    block: int = 4096,
    room: int = _ROOM,
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest gallery rows of every query: neighbors (Q, k) int64, nearest first, and distances (Q, k) float32.

    queries (Q, D), gallery (G, D) : float32 (anything else is converted); packed bits in uint8 where metric is hamming.
        Both may be mapped from files larger than memory
    metric : euclidean (not squared), inner_product (the products themselves, largest first), angular (1 - cosine; a
        row of zeros is at 1 from everything) or hamming (number of differing bits)
    exclude : (Q,) the gallery row that each query must not find, itself in leave-one-out; -1 excludes nothing
    block : queries at a time
    room : bytes of the gallery at a time where it is mapped or must be converted; it is then read for each block of
        queries anew, and of a map no more than this is resident

    Where fewer than k are there, neighbors end in -1 and distances in infinity (minus infinity for inner_product).
    Equal distances come in no promised order. Euclidean distances come from |x|^2 - 2xy + |y|^2 in single precision:
    between near duplicates they are right to about 3e-4 times the length of the vectors.
    """
    neighbors = np.empty((len(queries), k), np.int64)
    distances = np.empty((len(queries), k), np.float32)
    block = -(-len(queries) // max(1, -(-len(queries) // block))) or 1  # no small one is left at the end
    found = blocks(queries, gallery, k, metric=metric, exclude=exclude, block=block, room=room)
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
    room: int = _ROOM,
) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """As ``search``, but yields (rows of the queries, neighbors, distances) so that (Q, k) is never held whole."""
    _check(queries, gallery, k, metric, exclude)
    walk = _walk(gallery, metric, room)
    for start in range(0, len(queries), block):
        rows = slice(start, min(start + block, len(queries)))
        wanted = k if exclude is None else k + 1
        neighbors, distances = _nearest(vector_rows.prepared(queries[rows], metric), walk(), wanted, metric)
        if exclude is not None:
            neighbors, distances = remove(neighbors, distances, exclude[rows])
        yield rows, neighbors, distances


def all_distances(
    queries: np.ndarray, gallery: np.ndarray, *, metric: str = "euclidean", block: int = 256
) -> Iterator[tuple[slice, np.ndarray]]:
    """(rows of the queries, their distances (n, G) float32 to the whole gallery) block after block.

    In the units of ``search`` and as right as there. For whole rankings of a gallery in memory: where only a part of
    the ranking is asked for, ``blocks`` is the faster.
    """
    _check(queries, gallery, 1, metric, None)
    gallery = vector_rows.prepared(gallery, metric)
    for start in range(0, len(queries), block):
        rows = slice(start, min(start + block, len(queries)))
        yield rows, _all_distances(vector_rows.prepared(queries[rows], metric), gallery, metric)


def _all_distances(queries: np.ndarray, gallery: np.ndarray, metric: str) -> np.ndarray:
    """(n, G) of prepared queries and a prepared gallery."""
    if metric == "hamming":
        bits = np.empty((len(queries), len(gallery)), np.int32)
        faiss.hammings(*map(faiss.swig_ptr, (queries, gallery)), *bits.shape, gallery.shape[1], faiss.swig_ptr(bits))
        return bits.astype(np.float32)
    kind = faiss.METRIC_L2 if metric == "euclidean" else faiss.METRIC_INNER_PRODUCT
    return _distances(faiss.pairwise_distances(queries, gallery, kind), metric)


def between(queries: np.ndarray, gallery: np.ndarray, neighbors: np.ndarray, *, metric: str) -> np.ndarray:
    """Distances (Q, k) float32 of every query to its ``neighbors`` (Q, k) int64, from the differences themselves.

    In the units of ``search``, but right to single precision also between near duplicates; infinity (minus infinity
    for inner_product) where the id is negative. Rows of a large map are read in the order in which they lie, some at a
    time; of a small one what was read stays resident (``rows.take``).
    """
    distances = np.empty(neighbors.shape, np.float32)
    near = vector_rows.may_stay(gallery)
    in_place = near and _is_prepared(gallery, metric)
    step = max(1, (_COPIED if near and not in_place else _COMPARED) // max(1, neighbors.shape[1]))
    for start in range(0, len(queries), step):
        part = slice(start, start + step)
        ids, found = np.ascontiguousarray(neighbors[part], np.int64), gallery
        if not in_place:
            found = vector_rows.prepared(vector_rows.take(gallery, ids.clip(0).ravel()), metric)
            ids = np.where(ids < 0, _NONE, np.arange(ids.size).reshape(ids.shape))
        distances[part] = _by_ids(vector_rows.prepared(queries[part], metric), found, ids, metric)
    distances[neighbors < 0] = -np.inf if metric == "inner_product" else np.inf
    return distances


def _by_ids(queries: np.ndarray, gallery: np.ndarray, ids: np.ndarray, metric: str) -> np.ndarray:
    """Distances (n, k) of prepared queries (n, D) to the rows ``ids`` (n, k) of a prepared gallery."""
    if metric == "hamming":
        return _BITS[queries[:, None] ^ gallery[ids]].sum(axis=2, dtype=np.int32)
    found = np.empty(ids.shape, np.float32)
    compare = faiss.fvec_inner_products_by_idx if metric == "inner_product" else faiss.fvec_L2sqr_by_idx
    compare(*map(faiss.swig_ptr, (found, queries, gallery, ids)), queries.shape[1], *ids.shape)
    if metric == "inner_product":
        return found
    if metric == "euclidean":
        return np.sqrt(found)
    # Between unit rows 1 - cosine is half the square; a row of zeros is at 1 from everything.
    zeros = ~gallery.any(axis=1)
    return np.where(zeros[ids] | ~queries.any(axis=1)[:, None], 1, found / 2)


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


def _is_prepared(gallery: np.ndarray, metric: str) -> bool:
    """Whether Faiss can search the rows where they lie."""
    dtype = np.uint8 if metric == "hamming" else np.float32
    return gallery.dtype == dtype and gallery.flags.c_contiguous and gallery.flags.aligned and metric != "angular"


def _walk(gallery: np.ndarray, metric: str, room: int) -> Callable[[], _Blocks]:
    """What gives (first row, prepared block) of the whole gallery; called anew for each block of queries.

    One block where it needs no preparing, or where all of it may be prepared once for all queries.
    """
    row = max(1, gallery.shape[1] * (1 if metric == "hamming" else 4))
    if len(gallery) * row <= room or _is_prepared(gallery, metric) and not vector_rows.is_mapped(gallery):
        whole = vector_rows.prepared(gallery, metric)
        return lambda: [(0, whole)] if len(whole) else []
    size = max(1, room // row)
    copy = np.empty((size, gallery.shape[1]), np.uint8 if metric == "hamming" else np.float32)

    def walk() -> _Blocks:
        for start in range(0, len(gallery), size):
            part = gallery[start : start + size]
            yield start, vector_rows.prepared(part, metric, room=copy)
            vector_rows.give_back(part)

    return walk


def _nearest(queries: np.ndarray, gallery: _Blocks, k: int, metric: str) -> tuple[np.ndarray, np.ndarray]:
    """Neighbors and distances (n, k), padded where the gallery has fewer than k rows."""
    largest = metric in ("inner_product", "angular")
    nothing = -np.inf if largest else np.inf
    neighbors = np.full((len(queries), k), _NONE, np.int64)
    raw = np.full((len(queries), k), nothing, np.float32)
    for start, part in gallery:
        there = min(k, len(part))
        found = np.full_like(raw, nothing), np.full_like(neighbors, _NONE)
        found[0][:, :there], found[1][:, :there] = _faiss(queries, part, there, metric)
        if not start:
            raw, neighbors = found
            continue
        found[1][:, :there] += start
        both = np.stack([raw, found[0]]), np.stack([neighbors, found[1]])
        raw, neighbors = faiss.merge_knn_results(*both, keep_max=largest)
    distances = _distances(raw, metric)
    distances[neighbors == _NONE] = -np.inf if metric == "inner_product" else np.inf
    return neighbors, distances


def _faiss(queries: np.ndarray, gallery: np.ndarray, k: int, metric: str) -> tuple[np.ndarray, np.ndarray]:
    """Squared distances, products or differing bits, and neighbors (n, k) for k <= G."""
    if metric == "hamming":
        return faiss.knn_hamming(queries, gallery, k, variant="mc")
    kind = faiss.METRIC_L2 if metric == "euclidean" else faiss.METRIC_INNER_PRODUCT
    parts = _parts(queries, gallery, faiss.omp_get_max_threads())
    if len(parts) == 1:
        return faiss.knn(queries, gallery, k, kind)
    with ThreadPoolExecutor(faiss.omp_get_max_threads(), initializer=faiss.omp_set_num_threads, initargs=(1,)) as pool:
        found = list(pool.map(lambda part: faiss.knn(queries[part], gallery, k, kind), parts))
    return tuple(np.concatenate(of_parts) for of_parts in zip(*found, strict=True))


def _parts(queries: np.ndarray, gallery: np.ndarray, threads: int) -> list[slice]:
    """The queries that a thread searches for by itself, or all of them: Faiss's own threads, which share every product,
    wait for each other, beside other processes half of the time. No part is so small that Faiss goes row by row.
    """
    count, fewest = len(queries), -(-faiss.cvar.distance_compute_blas_threshold // max(1, queries.shape[1]))
    parts = count // max(fewest, min(_PART, -(-count // threads))) // threads * threads
    if threads == 1 or not parts or queries.size * len(gallery) < _WORTH:
        return [slice(0, count)]
    return [slice(count * part // parts, count * (part + 1) // parts) for part in range(parts)]


def _distances(raw: np.ndarray, metric: str) -> np.ndarray:
    if metric == "euclidean":
        return np.sqrt(np.maximum(raw, 0))  # rounding can leave a square just below zero
    return np.clip(1 - raw, 0, 2) if metric == "angular" else raw


def remove(neighbors: np.ndarray, distances: np.ndarray, exclude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, k + 1) -> (n, k): each row without its excluded id.

    Where the id is not among the k + 1, as many others are at least as near, and the last of them is the one too many.
    """
    found = neighbors == exclude[:, None]
    column = np.where(found.any(axis=1), found.argmax(axis=1), neighbors.shape[1] - 1)
    keep = np.ones_like(found)
    keep[np.arange(len(keep)), column] = False
    shape = (len(neighbors), neighbors.shape[1] - 1)
    return neighbors[keep].reshape(shape), distances[keep].reshape(shape)
