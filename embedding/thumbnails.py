"""Thumbnails of images by name, a grey tile for what cannot be read."""

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from datasets import images
from datasets.errors import InputError

Thumbnails = Callable[[str], np.ndarray]  # name of an image -> (side, side, 3) uint8 RGB

SIDE = 112  # pixels
_WHITE, _GREY = 255, 208
_BUILT_IN = re.compile(r"(\w+)\[(\d+)\]")  # glyphs[12]


def read_thumbnail(name: str) -> np.ndarray:
    """(112, 112, 3) uint8 RGB of the image ``name``: the whole image, centred on white.

    name : the path of a file, or the name and row of a built-in set ("glyphs[12]"); a grey tile stands for anything
        that is neither
    """
    image = read_image(name)
    if image is None:
        return np.full((SIDE, SIDE, 3), _GREY, np.uint8)
    height, width = image.shape[:2]
    scale = SIDE / max(height, width)
    height, width = (max(1, round(side * scale)) for side in (height, width))
    resized = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    tile = np.full((SIDE, SIDE, 3), _WHITE, np.uint8)
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    tile[top : top + height, left : left + width] = resized
    return tile


def read_image(name: str) -> np.ndarray | None:
    """(H, W, 3) uint8 RGB of the image ``name``, named as for ``read_thumbnail``; None where there is none."""
    path, row = Path(name), _BUILT_IN.fullmatch(name)
    if row and not path.exists():
        return _read_row(row[1], int(row[2]))
    try:
        encoded = np.fromfile(path, np.uint8)
        image = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    except (OSError, ValueError, cv2.error):
        return None
    return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _read_row(set_name: str, row: int) -> np.ndarray | None:
    array = _load(set_name)
    return array[row] if array is not None and row < len(array) else None


@lru_cache(maxsize=1)
def _load(set_name: str) -> np.ndarray | None:
    """The images (N, H, W, 3) of a built-in set, or None where there is no such set."""
    try:
        found = images.get(set_name).load(None).images
    except (InputError, TypeError, OSError):  # no such set, or one that needs a folder
        return None
    return found if isinstance(found, np.ndarray) else None
