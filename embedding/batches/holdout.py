"""Training classes held out: not trained on, they choose the best checkpoint."""

import logging

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from embedding.batches import decode

log = logging.getLogger(__name__)


def hold_out_classes(images: ImageSet, share: float, seed: int, *, max_bad: float = 0.0) -> ImageSet:
    """The train part of ``images`` split by class: ``share`` of the classes, at least 2 or none, become the queries."""
    labels = images.labels[images.train]
    classes = np.random.default_rng((seed, 0)).permutation(np.unique(labels))
    count = min(max(2, round(share * len(classes))), len(classes) - 2) if share else 0
    held = classes[: count if count >= 2 else 0]  # two at least on either side, or there is nothing to tell apart
    is_held = np.isin(labels, held)
    asked = readable(images, images.train[is_held], max_bad)
    return images.with_split(train=images.train[~is_held], query=asked, gallery=asked)


def readable(images: ImageSet, rows: np.ndarray, max_bad: float) -> np.ndarray:
    """The ``rows`` whose images can be read; InputError where others are more than ``max_bad`` of the train part."""
    kept, bad = [], 0
    for row in rows:
        try:
            decode.read(images, int(row))
        except InputError as error:
            bad += 1
            if bad > max_bad * len(images.train):
                raise InputError(f"{error}; --max-bad={max_bad:g} allows fewer than {bad}") from None
            log.warning("skipped: %s", error)
        else:
            kept.append(int(row))
    return np.array(kept, dtype=np.int64)


def hold_out_images(images: ImageSet, share: float, seed: int, *, max_bad: float = 0.0) -> ImageSet:
    """The train part of ``images`` split at random: ``share`` of its images become queries, to be found in the rest.

    For sets that are tested on the classes that they train on.
    """
    order = np.random.default_rng((seed, 0)).permutation(images.train)
    held, rest = np.split(order, [min(round(share * len(order)), len(order) - 2)])
    return images.with_split(train=np.sort(rest), query=readable(images, np.sort(held), max_bad), gallery=np.sort(rest))
