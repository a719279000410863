"""Scores of image-text retrieval, both ways: recall among the first 1, 5 and 10, median and mean rank, and rsum."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from datasets.errors import InputError, RunFailed
from vse.evaluation import kernels

CAPTIONS = "captions"  # what the attribute "queries" of a vectors file says where its queries are captions
KS = (1, 5, 10)

_TILE = 2048  # images, and captions, compared at a time: 16 MB of scores
_PAIRS = 1024  # pairs compared at a time: their rows stay in the cache

# Scores of unit rows that differ by less differ by rounding: of the same two rows products in another place of a table
# are not the same to the last bit.
_ALIKE = 1e-6


def evaluate(
    images: np.ndarray, captions: np.ndarray, image_of: np.ndarray, *, similarity: str = "cosine"
) -> dict[str, float]:
    """{name: score}: "i2t r@1", "i2t r@5", "i2t r@10", "i2t medr", "i2t meanr", the same for "t2i", and "rsum".

    i2t searches captions for an image, which finds any of its own, t2i images for a caption. Arguments are those of
    ``ranks``, the scores those of ``summary``.
    """
    return summary(*ranks(images, captions, image_of, similarity=similarity))


def summary(image_ranks: np.ndarray, caption_ranks: np.ndarray) -> dict[str, float]:
    """The scores, by name, of ranks from 0 of images (N,) and of captions (C,).

    Recalls are in per cent; ranks count from 1, the median rounded down; rsum is the sum of the six recalls.
    """
    scores = {}
    for way, found in (("i2t", image_ranks), ("t2i", caption_ranks)):
        scores |= {f"{way} r@{k}": 100 * float(np.mean(found < k)) for k in KS}
        scores |= {f"{way} medr": float(np.floor(np.median(found)) + 1), f"{way} meanr": float(np.mean(found) + 1)}
    return scores | {"rsum": sum(score for name, score in scores.items() if " r@" in name)}


def evaluate_folds(
    images: np.ndarray, captions: np.ndarray, image_of: np.ndarray, *, folds: int = 5, similarity: str = "cosine"
) -> dict[str, float]:
    """The means of ``evaluate`` over ``folds`` parts of consecutive images with their captions, each on its own.

    Of the 5,000 test images of COCO these are the figures called 1K. Raises InputError where there are fewer images.
    """
    if not 1 <= folds <= len(images):
        raise InputError(f"{len(images)} images cannot be scored in {folds} folds; take fewer folds")
    found = []
    for rows in np.array_split(np.arange(len(images)), folds):
        own = np.flatnonzero((image_of >= rows[0]) & (image_of <= rows[-1]))
        part = images[rows[0] : rows[-1] + 1], captions[own], image_of[own] - rows[0]
        found.append(evaluate(*part, similarity=similarity))
    return {name: float(np.mean([scores[name] for scores in found])) for name in found[0]}


def ranks(
    images: np.ndarray, captions: np.ndarray, image_of: np.ndarray, *, similarity: str = "cosine", tile: int = _TILE
) -> tuple[np.ndarray, np.ndarray]:
    """The ranks from 0, (N,) of images and (C,) of captions, int64.

    An image's rank is that of the best of its own captions among all captions, a caption's that of its image among all
    images. Ties count against: what is as similar as the right answer, to within the rounding of single precision,
    stands before it, so that embeddings that are all alike find nothing. Captions of one image do not stand before
    each other. Ranks are counted, not sorted: one product a tile serves both ways, and no table is held whole.

    images (N, D), captions (C, D) : float32 (anything else is converted), of unit rows
    image_of : (C,) the row of the image that each caption belongs to, in any order; every image has one at least
    similarity : cosine; or order, -|max(0, c - i)|^2 (see ``losses.order``)
    tile : images, and captions, compared at a time

    Raises RunFailed where a number is not finite.
    """
    images, captions = (np.ascontiguousarray(rows, np.float32) for rows in (images, captions))
    _check(images, captions, image_of, similarity)
    own = _own_scores(images, captions, image_of, similarity) - _ALIKE
    best = np.full(len(images), -np.inf, np.float32)
    np.maximum.at(best, image_of, own)
    captions_before, images_before = (np.zeros(len(side), np.int32) for side in (images, captions))
    for rows, columns, scores in _tiles(images, captions, similarity, tile):
        kernels.count(scores, best[rows], own[columns], captions_before[rows], images_before[columns])
        # What belongs together was counted too, and must not be.
        here = np.flatnonzero((image_of[columns] >= rows.start) & (image_of[columns] < rows.stop))
        captions_here, images_here = here + columns.start, image_of[columns][here]
        found = scores[images_here - rows.start, here]
        np.subtract.at(captions_before, images_here, found >= best[images_here])
        images_before[captions_here] -= found >= own[captions_here]
    return captions_before.astype(np.int64), images_before.astype(np.int64)


def _tiles(
    images: np.ndarray, captions: np.ndarray, similarity: str, tile: int
) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """(rows of the images, rows of the captions, their scores, which the next ones overwrite) of all of them."""
    compare = _SIMILARITIES[similarity].table
    room = np.empty(min(tile, len(images)) * min(tile, len(captions)), np.float32)
    for start in range(0, len(captions), tile):
        some = captions[start : start + tile]
        for first in range(0, len(images), tile):
            others = images[first : first + tile]
            scores = room[: len(others) * len(some)].reshape(len(others), len(some))
            compare(others, some, scores)
            yield slice(first, first + tile), slice(start, start + tile), scores


def _own_scores(images: np.ndarray, captions: np.ndarray, image_of: np.ndarray, similarity: str) -> np.ndarray:
    """(C,) the score of each caption with its image; raises RunFailed where one is not finite."""
    compare = _SIMILARITIES[similarity].pairs
    parts = (slice(start, start + _PAIRS) for start in range(0, len(captions), _PAIRS))
    scores = np.concatenate([compare(images[image_of[part]], captions[part]) for part in parts])
    if not np.isfinite(scores).all():
        caption = int(np.argmin(np.isfinite(scores)))
        wrong = f"the embedding of caption {caption} or of its image, {image_of[caption]}, is not finite"
        raise RunFailed(f"{wrong}: the network has diverged; train it anew with a lower learning rate")
    return scores


def _check(images: np.ndarray, captions: np.ndarray, image_of: np.ndarray, similarity: str) -> None:
    if similarity not in _SIMILARITIES:
        raise ValueError(f"similarity '{similarity}' is none of {', '.join(_SIMILARITIES)}")
    if images.ndim != 2 or captions.ndim != 2 or images.shape[1] != captions.shape[1]:
        raise ValueError(f"images {images.shape} and captions {captions.shape} must be (N, D) and (C, D)")
    if image_of.shape != (len(captions),) or not len(captions):
        raise ValueError(f"image_of {image_of.shape} must name one image for each of {len(captions)} captions")
    if image_of.min() < 0 or image_of.max() >= len(images):
        raise ValueError(f"image_of names images {image_of.min()} to {image_of.max()}, there are {len(images)}")
    if (lacking := np.bincount(image_of, minlength=len(images)) == 0).any():
        raise ValueError(f"image {int(np.argmax(lacking))} has no caption: it cannot be found")


class _Similarity(NamedTuple):
    """table : of images (R, D) and captions (K, D), into (R, K); pairs : of images and captions (P, D), (P,)."""

    table: Callable[[np.ndarray, np.ndarray, np.ndarray], None]
    pairs: Callable[[np.ndarray, np.ndarray], np.ndarray]


def _cosine_table(images: np.ndarray, captions: np.ndarray, scores: np.ndarray) -> None:
    np.dot(images, captions.T, out=scores)


def _cosine_pairs(images: np.ndarray, captions: np.ndarray) -> np.ndarray:
    return np.einsum("pd,pd->p", images, captions)


def _order_table(images: np.ndarray, captions: np.ndarray, scores: np.ndarray) -> None:
    kernels.order_scores(images, np.ascontiguousarray(captions.T), scores)


def _order_pairs(images: np.ndarray, captions: np.ndarray) -> np.ndarray:
    above = np.maximum(captions - images, 0)
    return -np.einsum("pd,pd->p", above, above)


_SIMILARITIES = {
    "cosine": _Similarity(_cosine_table, _cosine_pairs),
    "order": _Similarity(_order_table, _order_pairs),
}
