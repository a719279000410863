"""The camera rule: a query is not asked for images of its own class by its own camera, which would be too easy.

They are dropped from its ranking, as if the gallery did not have them (Zheng et al., Scalable Person
Re-identification: A Benchmark, ICCV 2015). The ranking of what is left is made whole.
"""

from collections.abc import Iterator

import numpy as np

from datasets.vectors import exact
from datasets.vectors.base import Embeddings

# Distances held at once: 212 queries to 19,732 images, which with their hits stays below 100 MB.
_BLOCK_DISTANCES = 2**22


def count_relevant(queries: Embeddings, gallery: Embeddings) -> np.ndarray:
    """(Q,) how many gallery images have the query's label, but another camera."""
    labels = np.concatenate([queries.labels, gallery.labels])
    cameras = np.concatenate([queries.cameras, gallery.cameras])
    _, both = np.unique(np.stack([labels, cameras], axis=1), axis=0, return_inverse=True)
    _, label = np.unique(labels, return_inverse=True)
    return _count(label, len(queries)) - _count(both, len(queries))


def _count(numbers: np.ndarray, queries: int) -> np.ndarray:
    """(Q,) how often the number of each of the first Q stands among the others; numbers from 0."""
    return np.bincount(numbers[queries:], minlength=numbers.max() + 1)[numbers[:queries]]


def hits(
    queries: Embeddings, gallery: Embeddings, metric: str, *, width: int = 0
) -> Iterator[tuple[slice, np.ndarray]]:
    """(rows of the queries, their hits (n, G) bool in the whole ranking without the dropped images) block after block.

    Where the ranking ends, misses follow, up to ``width`` columns where that is more than G. A query that is in the
    gallery too is of its own class and camera, and thus does not find itself. An image of another class at the very
    distance of a relevant one counts as the nearer: embeddings that are all the same find nothing first.
    """
    step = max(1, _BLOCK_DISTANCES // len(gallery))
    for rows, distances in exact.all_distances(queries.vectors, gallery.vectors, metric=metric, block=step):
        nearness = -distances if metric == "inner_product" else distances
        block = np.zeros((len(distances), max(width, len(gallery))), dtype=bool)
        for hit, near, label, camera in zip(block, nearness, queries.labels[rows], queries.cameras[rows], strict=True):
            same = gallery.labels == label
            hit[places(near[same & (gallery.cameras != camera)], near[~same])] = True
        yield rows, block


def places(relevant: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(r,) where in the ranking, from 0, images at the distances ``relevant`` (r,) stand among ``others`` (n,)."""
    if not len(relevant):
        return np.zeros(0, np.int64)
    relevant = np.sort(relevant)
    before = np.sort(others[others <= relevant[-1]])  # few, where the embeddings are any good
    return np.searchsorted(before, relevant, side="right") + np.arange(len(relevant))
