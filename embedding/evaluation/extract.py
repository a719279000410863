"""Network and images to embeddings."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet, Size
from datasets.images.skipped import Skipped
from datasets.vectors.base import Embeddings
from embedding.engine.gluon import forward
from embedding.extraction import memory
from embedding.mx import gluon, mx


def extract(
    net: gluon.Block, images: ImageSet, rows: np.ndarray, *, skipped: Skipped | None = None, **how: Any
) -> Embeddings:
    """What ``net`` makes of the images ``rows``, as vectors of unit length; all else as for ``outputs``.

    Those that cannot be read are not among them.
    """
    return embeddings(outputs(net, images, rows, skipped=skipped, **how), images, rows, skipped)


def embeddings(vectors: np.ndarray, images: ImageSet, rows: np.ndarray, skipped: Skipped | None = None) -> Embeddings:
    """``vectors`` (R, D) of the images ``rows`` at unit length, with labels and names, without what was ``skipped``.

    Raises InputError where nothing is left.
    """
    if skipped:
        vectors, rows = _without(vectors, images, rows, skipped)
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    cameras = None if images.cameras is None else images.cameras[rows]
    return Embeddings(vectors, images.labels[rows], tuple(images.image_name(int(row)) for row in rows), cameras)


def _without(
    vectors: np.ndarray, images: ImageSet, rows: np.ndarray, skipped: Skipped
) -> tuple[np.ndarray, np.ndarray]:
    """The vectors and rows of images that were not skipped; what a network has made NaN of is no such image."""
    missing = [i for i in np.flatnonzero(unread(vectors)) if images.image_name(int(rows[i])) in skipped]
    if len(missing) == len(rows):
        raise InputError(f"dataset {images.name}: none of {len(rows):,} pictures can be read: {skipped.some()}")
    return np.delete(vectors, missing, axis=0), np.delete(rows, missing)


def unread(vectors: np.ndarray) -> np.ndarray:
    """Which rows (R,) of ``vectors`` (R, ...) stand for a picture that cannot be read: those of NaN alone."""
    return np.isnan(vectors).reshape(len(vectors), -1).all(axis=1)


def through(part: Callable[[np.ndarray], np.ndarray], features: np.ndarray) -> np.ndarray:
    """What ``part`` of a network makes of ``features`` (N, C), (N, D); rows of NaN it does not see, they stay NaN.

    Where there are no others, they come back as they are.
    """
    missing = unread(features)
    if missing.all():
        return features
    if not missing.any():
        return part(features)
    found = part(features[~missing])
    whole = np.full((len(features), *found.shape[1:]), np.nan, found.dtype)
    whole[~missing] = found
    return whole


def outputs(
    net: gluon.Block, images: ImageSet, rows: np.ndarray, *, size: Size, contexts: list[mx.Context], **how: Any
) -> np.ndarray:
    """What ``net`` on ``contexts`` makes of the images ``rows``, (R, D) float32; else as ``memory.vectors``."""
    return memory.vectors(partial(forward, net, contexts), images, rows, size=size, **how)
