"""Asked: the pictures that somebody asks with, as files or addresses, perhaps cropped to a part of them."""

import math
from collections.abc import Sequence

import numpy as np

from datasets.errors import InputError
from datasets.files import contents
from datasets.images.base import ImageSet


def pictures(paths: Sequence[str], crop: str = "") -> ImageSet:
    """The pictures ``paths``, all of which ask; each once.

    crop : x,y,width,height in pixels of the one picture, the part of it that asks; "" for all of it
    Raises InputError, which names the picture or --crop, where it is no such part, or there are several pictures.
    """
    names = list(dict.fromkeys(paths))
    for name in names:
        if not name.strip():
            raise InputError('"": names no picture; give the path of one, or an address')
    rows, box = np.arange(len(names)), None
    if crop:
        if len(names) > 1:
            raise InputError(f"--crop={crop}: crops one picture, and {len(names)} ask; ask with each by itself")
        box = np.array([_box(crop)], np.float32)
    return ImageSet("asked", names, np.zeros(len(names), np.int64), ("image",), rows[:0], rows, rows, boxes=box)


def _box(crop: str) -> list[float]:
    try:
        box = [float(part) for part in crop.split(",")]
    except ValueError:
        box = []
    if len(box) != 4 or not all(map(math.isfinite, box)) or min(box[2:]) <= 0:
        raise InputError(f"--crop={crop}: give x,y,width,height in pixels, such as 40,60,300,200")
    return box


def own_rows(asked: Sequence[str], gallery: Sequence[str]) -> list[np.ndarray]:
    """For each picture that asks the rows of the gallery that are the same file, in whatever way it is named."""
    wanted = {contents.identity(path) for path in asked}
    rows: dict[contents.Identity, list[int]] = {}
    for row, path in enumerate(gallery):
        if (known := contents.identity(path)) in wanted:
            rows.setdefault(known, []).append(row)
    return [np.array(rows.get(contents.identity(path), []), np.int64) for path in asked]
