"""Search across the two kinds: the images nearest to sentences, and the sentences nearest to images."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from datasets.vectors import exact
from datasets.vectors import rows as vector_rows
from vse.evaluation import kernels

_BLOCK = 1 << 14  # rows of the gallery compared at a time, where the similarity is order

# Rows of a gallery (Q, k) int64, best first, -1 for none; and their scores (Q, k) float32, a higher one being better.
Ranked = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Hit:
    """What was found: its name (the path of an image, or a sentence) and its score."""

    name: str
    score: float


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


def by_score(queries: np.ndarray, gallery: np.ndarray, neighbors: np.ndarray) -> Ranked:
    """What an index has found, ``neighbors`` (Q, k), with the true cosines, in their order."""
    scores = exact.between(queries, gallery, neighbors, metric="inner_product")
    order = np.argsort(-scores, axis=1, kind="stable")
    return tuple(np.take_along_axis(part, order, axis=1) for part in (neighbors, scores))


def hits(ranked: Ranked, names: Sequence[str]) -> list[list[Hit]]:
    """What was found for each query; ``names`` are those of the gallery."""
    return [
        [Hit(names[row], float(score)) for row, score in zip(rows, scores, strict=True) if row >= 0]
        for rows, scores in zip(*ranked, strict=True)
    ]


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
