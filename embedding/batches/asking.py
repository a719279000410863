"""Asking: a picture that somebody asks with, or a part of it, as a network sees it."""

import math

import numpy as np

from datasets.errors import InputError
from datasets.images import pixels
from datasets.images.base import ImageSet
from embedding.batches import decode

Part = tuple[float, float, float, float]  # left, top, width and height, as shares of the upright picture

_LEAST = 1e-3  # share of a side


def fitted(
    data: bytes, name: str, size: tuple[int, int], *, resize: str, part: Part | None = None, least: int = 0
) -> np.ndarray:
    """The picture of a file's bytes, (H, W, 3) uint8 RGB, as ``decode.read_fitted`` has those of a set.

    It is decoded no larger than that takes.

    least : pixels that each side must have at the end
    Raises ``pixels.Unreadable`` with ``name``, and InputError for a part that is none, or too small.
    """
    if part is not None:
        return _part(data, name, size, resize, part, least)
    row = np.zeros(1, np.int64)
    alone = ImageSet("asking", (name,), row, ("image",), row[:0], row, row)
    return decode.read_fitted(alone, 0, size, resize=resize, fetched=data, least=least)


def _part(data: bytes, name: str, size: tuple[int, int], resize: str, part: Part, least: int) -> np.ndarray:
    _check(part)
    enough = decode.enough_to_fit(size, resize)
    if not isinstance(enough, int):
        enough = math.ceil(enough[0] / part[3]), math.ceil(enough[1] / part[2])
    image, by = pixels.decode_reduced(data, name, enough)
    seen = decode.fit_part(image, _cut(image, part), size, resize=resize, by=by)
    if min(seen.shape[:2]) < least:
        what = f"the part is {seen.shape[1]} x {seen.shape[0]} pixels, and the network takes none of less than {least}"
        raise InputError(f"{name}: {what}; draw a larger one")
    return seen


def _check(part: Part) -> None:
    left, top, width, height = part
    if not (0 <= left < 1 and 0 <= top < 1 and _LEAST <= width <= 1 and _LEAST <= height <= 1):
        told = ", ".join(f"{share:g}" for share in part)
        raise InputError(f"crop {told}: give left, top, width and height as shares of the picture, 0 to 1")


def _cut(image: np.ndarray, part: Part) -> np.ndarray:
    """All pixels that the part touches, up to the picture's own border."""
    (left, top, width, height), (high, wide) = part, image.shape[:2]
    row, column = int(top * high), int(left * wide)
    below, beyond = math.ceil((top + height) * high), math.ceil((left + width) * wide)
    return image[row : max(below, row + 1), column : max(beyond, column + 1)]
