"""Shapes: photographs of any proportions as a few shapes, so that a network has few memory plans to keep."""

import numpy as np

from datasets.images.base import ImageSet
from embedding.batches import decode

# Width to height of what cameras give, upright and lying; a photograph loses at most 13 % of a side to the nearest.
_PROPORTIONS = (9 / 16, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 16 / 9)


def nearest(height: int, width: int, side: int) -> tuple[int, int]:
    """Height and width, the longer one ``side``, of the shape whose proportions come nearest."""
    ratio = min(_PROPORTIONS, key=lambda known: abs(np.log(known * height / width)))
    return (side, max(1, round(side * ratio))) if ratio <= 1 else (max(1, round(side / ratio)), side)


def shaped(image: np.ndarray, side: int) -> np.ndarray:
    """The centre of ``image`` (H, W, 3) in the proportions of the nearest shape, scaled to it."""
    height, width = image.shape[:2]
    high, wide = nearest(height, width, side)
    kept_high, kept_wide = min(height, round(width * high / wide)), min(width, round(height * wide / high))
    top, left = (height - kept_high) // 2, (width - kept_wide) // 2
    centre = image[top : top + max(1, kept_high), left : left + max(1, kept_wide)]
    return decode.fit(centre, (high, wide), resize="stretch")


def read(images: ImageSet, row: int, side: int) -> np.ndarray:
    """Image ``row`` as ``shaped`` has it, decoded no larger than that takes; raises ``pixels.Unreadable``."""
    return shaped(decode.read(images, row, at_least=(side, side)), side)


def grouped(pictures: list[np.ndarray]) -> tuple[list[np.ndarray], np.ndarray]:
    """Pictures of like shapes stacked, some (n, H, W, 3), and the place of each picture among all of these.

    Where there are several shapes n is a power of two, for a network keeps a memory plan of every n too.
    """
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for place, picture in enumerate(pictures):
        by_shape.setdefault(picture.shape, []).append(place)
    parts = [part for places in by_shape.values() for part in ([places] if len(by_shape) == 1 else _powers(places))]
    order = np.empty(len(pictures), np.int64)
    order[np.concatenate(parts)] = np.arange(len(pictures))
    return [np.stack([pictures[place] for place in part]) for part in parts], order


def _powers(places: list[int]) -> list[list[int]]:
    """``places`` cut into pieces whose lengths are powers of two, largest first."""
    parts, start = [], 0
    while start < len(places):
        count = 1 << ((len(places) - start).bit_length() - 1)
        parts.append(places[start : start + count])
        start += count
    return parts
