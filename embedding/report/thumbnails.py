"""Thumbnails of images by name, a grey tile for what cannot be read."""

import base64
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from datasets import captions, images
from datasets.errors import InputError
from datasets.images import pixels

Thumbnails = Callable[[str], np.ndarray]  # name of an image -> (side, side, 3) uint8 RGB

SIDE = 112  # pixels
_WHITE, _GREY = 255, 208
_QUALITY = 80  # of a JPEG, of 100
_BUILT_IN = re.compile(r"(\w+)\[(\d+)\]")  # glyphs[12]


def read_thumbnail(name: str, *, side: int = SIDE) -> np.ndarray:
    """(side, side, 3) uint8 RGB of the image ``name``: the whole image, centred on white.

    name : the path of a file, or the name and row of a built-in set ("glyphs[12]"); a grey tile stands for anything
        that is neither
    """
    return _tile(read_image(name, at_least=(side, side)), side)


def _tile(image: np.ndarray | None, side: int) -> np.ndarray:
    if image is None:
        return np.full((side, side, 3), _GREY, np.uint8)
    height, width = image.shape[:2]
    scale = side / max(height, width)
    height, width = (max(1, round(pixels * scale)) for pixels in (height, width))
    resized = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    tile = np.full((side, side, 3), _WHITE, np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    tile[top : top + height, left : left + width] = resized
    return tile


class Tiles:
    """``read_thumbnail`` that knows in ``grey`` the names of which it had no image to show."""

    def __init__(self) -> None:
        self.grey: list[str] = []

    def __call__(self, name: str) -> np.ndarray:
        image = read_image(name, at_least=(SIDE, SIDE))
        if image is None:
            self.grey.append(name)
        return _tile(image, SIDE)


def jpeg(thumbnail: np.ndarray) -> str:
    """A thumbnail (H, W, 3) uint8 RGB as a JPEG file, in the text that a page holds it by."""
    encoded = cv2.imencode(".jpg", cv2.cvtColor(thumbnail, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    return base64.b64encode(encoded.tobytes()).decode()


def read_image(name: str, *, at_least: tuple[int, int] | None = None) -> np.ndarray | None:
    """(H, W, 3) uint8 RGB of the image ``name``, named as for ``read_thumbnail``; None where there is none.

    at_least : height and width that are enough, as in ``pixels.read``
    """
    row = _BUILT_IN.fullmatch(name)
    if row and not Path(name).exists():
        return _read_row(row[1], int(row[2]))
    try:
        return pixels.read(name, at_least=at_least)
    except pixels.Unreadable:
        return None


def _read_row(set_name: str, row: int) -> np.ndarray | None:
    array = _load(set_name)
    return array[row] if array is not None and row < len(array) else None


@lru_cache(maxsize=1)
def _load(set_name: str) -> np.ndarray | None:
    """The images (N, H, W, 3) of a built-in set, of labelled images or of captions; None where there is no such set."""
    for sets in (images, captions):
        try:
            found = sets.get(set_name).load(None).images
        except (InputError, TypeError, OSError):  # no such set, or one that needs a folder
            continue
        if isinstance(found, np.ndarray):
            return found
    return None
