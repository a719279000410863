"""Search across the two kinds: the images nearest to sentences, and the sentences nearest to images."""

from collections.abc import Callable

import numpy as np

from datasets.vectors import exact
from datasets.vectors import rows as vector_rows
from embedding.search.found import Ranked
from vse.evaluation import kernels

_BLOCK = 1 << 14  # rows of the gallery compared at a time, where the similarity is order


def images_for(sentences: np.ndarray, images: np.ndarray, k: int, *, similarity: str = "cosine") -> Ranked:
    """The k images (N, D) that are nearest to each of the sentences (Q, D), or all where there are fewer; exactly.

    similarity : cosine; or order, -|max(0, c - i)|^2 of a caption c and an image i
    """
    k = min(k, len(images))
    if similarity == "cosine":
        return exact.search(sentences, images, k, metric="inner_product")
    return _ranked(images, len(sentences), k, lambda block: _order(block, sentences).T)


def sentences_for(images: np.ndarray, sentences: np.ndarray, k: int, *, similarity: str = "cosine") -> Ranked:
    """The k sentences (C, D) that are nearest to each of the images (Q, D); else as ``images_for``."""
    k = min(k, len(sentences))
    if similarity == "cosine":
        return exact.search(images, sentences, k, metric="inner_product")
    return _ranked(sentences, len(images), k, lambda block: _order(images, block))


def _ranked(gallery: np.ndarray, queries: int, k: int, score: Callable[[np.ndarray], np.ndarray]) -> Ranked:
    """The best k of the gallery by what ``score`` gives of its blocks (n, D): (queries, n). Ties: the first row."""
    rows, scores = np.empty((queries, 0), np.int64), np.empty((queries, 0), np.float32)
    for start, block in vector_rows.blocks(gallery, _BLOCK):
        ids = np.broadcast_to(np.arange(start, start + len(block)), (queries, len(block)))
        rows, scores = np.hstack([rows, ids]), np.hstack([scores, score(block)])
        best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        rows, scores = (np.take_along_axis(part, best, axis=1) for part in (rows, scores))
    return rows, scores


def _order(images: np.ndarray, captions: np.ndarray) -> np.ndarray:
    """The scores (R, C) of images (R, D) and captions (C, D)."""
    scores = np.empty((len(images), len(captions)), np.float32)
    kernels.order_scores(np.array(images, np.float32), np.array(captions.T, np.float32, order="C"), scores)
    return scores
