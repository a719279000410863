"""Stacked: pictures that lie as rows of one array of a MATLAB 7.3 file, which is HDF5, read one at a time.

MATLAB turns the order of axes round: rows are (3, W, H). A path leads to one as into an archive: all.mat/IAll/17.
"""

import re
import threading
from functools import lru_cache
from typing import NamedTuple

import h5py
import numpy as np

from datasets.errors import InputError

_THROUGH = re.compile(r"(.+?\.mat)/(\w+)/(\d+)", re.IGNORECASE)
_reading = threading.Lock()


class Place(NamedTuple):
    """Where a picture lies: row ``row`` of the array ``name`` of ``file``."""

    file: str
    name: str
    row: int


def split(path: str) -> Place | None:
    """The place that a path names; None where it is no such path."""
    found = _THROUGH.fullmatch(path)
    return found and Place(found[1], found[2], int(found[3]))


def paths(file: str, name: str) -> list[str]:
    """The paths of all rows of the array ``name``; raises InputError where they are no pictures."""
    array = _array(file, name)
    if array.ndim != 4 or array.shape[1] != 3 or array.dtype != np.uint8:
        raise InputError(f"{file}: {name} is {array.shape} {array.dtype}, not pictures (N, 3, W, H) uint8")
    return [f"{file}/{name}/{row}" for row in range(len(array))]


def read(place: Place) -> bytes:
    """The picture as a PPM file, which anybody decodes; raises InputError where it is not there."""
    array = _array(place.file, place.name)
    try:
        with _reading:
            pixels = array[place.row].transpose(2, 1, 0)  # (H, W, 3)
    except (OSError, IndexError, ValueError) as error:
        raise InputError(f"{place.file}: row {place.row} of {place.name} cannot be read ({error})") from None
    height, wide = pixels.shape[:2]
    return b"P6 %d %d 255\n" % (wide, height) + np.ascontiguousarray(pixels).tobytes()


def size(place: Place) -> int:
    """The bytes of a picture's pixels."""
    return int(np.prod(_array(place.file, place.name).shape[1:]))


@lru_cache(maxsize=16)
def _array(file: str, name: str) -> h5py.Dataset:
    try:
        return h5py.File(file, "r")[name]
    except KeyError:
        raise InputError(f"{file}: has no array {name}: it is another file") from None
    except OSError as error:
        raise InputError(f"{file} cannot be read as MATLAB 7.3 ({error}): fetch it again") from None
