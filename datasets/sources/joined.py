"""Joined: several sets as the parts of one, in which the pictures of each stand beside those of all others."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.truth import Truth, of_labels


def joined(sets: Sequence[ImageSet], name: str) -> ImageSet:
    """One set of all ``sets``, each a part of it under its own name; their training images are left out.

    Raises InputError where their truths are of several protocols, or some are files and some are not.
    """
    truths = [images.truth or of_labels(images.labels, images.query, images.gallery) for images in sets]
    if len({truth.protocol for truth in truths}) > 1 or any(isinstance(images.images, np.ndarray) for images in sets):
        names = ", ".join(images.name for images in sets)
        raise InputError(f"--data={names}: sets are compared together where all are files, and judged alike")
    starts = np.cumsum([0, *(len(images) for images in sets)])
    places = np.cumsum([0, *(len(images.gallery) for images in sets)])
    query, gallery = (
        np.concatenate([getattr(images, part) + start for images, start in zip(sets, starts, strict=False)])
        for part in ("query", "gallery")
    )
    count = int(starts[-1])
    boxes = np.concatenate([_boxes(images) for images in sets])
    truth = Truth(
        truths[0].protocol,
        *(
            tuple(rows + place for one, place in zip(truths, places, strict=False) for rows in getattr(one, grade))
            for grade in ("easy", "hard", "junk")
        ),
        boxes=None if np.isnan(boxes).all() else boxes,
        parts=tuple(images.name for images, one in zip(sets, truths, strict=True) for _ in range(len(one))),
    )
    found = ImageSet(
        name=name,
        images=[path for images in sets for path in images.images],
        labels=np.zeros(count, np.int64),
        class_names=("image",),
        train=query[:0],
        query=query,
        gallery=gallery,
        truth=truth,
    )
    return replace(found, parts=tuple(images.name for images in sets for _ in range(len(images)))).check(alone=True)


def _boxes(images: ImageSet) -> np.ndarray:
    """(Q, 4) what each query is cropped to, NaN for nothing."""
    crops = images.crops
    return (
        np.full((len(images.query), 4), np.nan, np.float32) if crops is None else crops[images.query].astype(np.float32)
    )
