"""Shapes: photographs of any proportions as a few shapes, so that a network has few memory plans to keep."""

from collections.abc import Sequence

import numpy as np

from datasets.images.base import ImageSet
from embedding.batches import decode

# Width to height of what cameras give, upright and lying; a photograph loses at most 13 % of a side to the nearest.
_PROPORTIONS = (9 / 16, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 16 / 9)
_STEP, _LEAST = 32, 64  # pixels between the longest sides of small photographs; what the smallest are enlarged to


def nearest(height: int, width: int, side: int) -> tuple[int, int]:
    """Height and width, the longer one ``side``, of the shape whose proportions come nearest."""
    ratio = min(_PROPORTIONS, key=lambda known: abs(np.log(known * height / width)))
    return (side, max(1, round(side * ratio))) if ratio <= 1 else (max(1, round(side / ratio)), side)


def longest(height: int, width: int, side: int) -> int:
    """The longest side that a photograph comes to: ``side``, or for a smaller one, never enlarged, a step below."""
    own = max(height, width)
    return side if own >= side else min(side, max(_LEAST, own // _STEP * _STEP))


def shaped(image: np.ndarray, side: int) -> np.ndarray:
    """The centre of ``image`` (H, W, 3) in the proportions of the nearest shape, scaled to it.

    One that is smaller than ``side`` is not enlarged, unless it has less than 64 pixels.
    """
    height, width = image.shape[:2]
    high, wide = nearest(height, width, longest(height, width, side))
    kept_high, kept_wide = min(height, round(width * high / wide)), min(width, round(height * wide / high))
    top, left = (height - kept_high) // 2, (width - kept_wide) // 2
    centre = image[top : top + max(1, kept_high), left : left + max(1, kept_wide)]
    return decode.fit(centre, (high, wide), resize="stretch")


def read(images: ImageSet, row: int, side: int) -> np.ndarray:
    """Image ``row`` as ``shaped`` has it, decoded no larger than that takes; raises ``pixels.Unreadable``."""
    return shaped(decode.read(images, row, at_least=(side, side)), side)


def groups(pictures: Sequence[np.ndarray], *, together: bool) -> list[np.ndarray]:
    """Pictures as a network is to see them, in order, some (n, H, W, 3): ``together`` where all have one shape.

    Else every one alone: of a group its number would matter too, so that there would be as many plans again, and on the
    CPU the trunks are no slower for it.
    """
    return [np.stack(pictures)] if together else [picture[None] for picture in pictures]
