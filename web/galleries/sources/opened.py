"""Opened: the source that a gallery's words name, by what stands there."""

import os

from datasets.errors import InputError
from datasets.files import packed
from web.galleries.sources.base import Source
from web.galleries.sources.folder import Folder
from web.galleries.sources.listed import Listed
from web.galleries.sources.vectors import Vectors

_VECTORS = (".h5", ".hdf5")
_LISTS = (".txt", ".lst", ".csv", ".tsv")
TAKEN = "a folder, a .zip or .tar, a list (.txt, or .csv with a column path), or a vectors file (.h5)"


def source(place: str) -> Source:
    """A new one of what stands at ``place``; raises InputError where that names no pictures."""
    if os.path.isdir(place) or packed.split(place):
        return Folder(place)
    if not os.path.exists(place):
        raise InputError(f"{place} is not there: name {TAKEN}")
    if place.lower().endswith(_VECTORS):
        return Vectors(place)
    if place.lower().endswith(_LISTS):
        return Listed(place)
    raise InputError(f"{place} is no source of pictures: name {TAKEN}")


def finder(place: str) -> Source:
    """The same, to find the files of single pictures by; a folder's where nothing stands there any more."""
    try:
        return source(place)
    except InputError:
        return Folder(place)
