"""Files, images without labels: a folder, an archive, a list or a pattern of them, to be turned into vectors."""

import fnmatch
import glob
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files import address, contents, packed, tree
from datasets.files.tree import PassedOver
from datasets.images.base import ImageSet
from datasets.lists import listed, pictures

log = logging.getLogger(__name__)

TAKEN = 'a folder, a .zip or .tar, a text or CSV file of paths, or a pattern in quotes such as "pics/**/*.jpg"'


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """All pictures of ``root``, in one class and with no train part.

    root : a folder or an archive (.zip, .tar), all of whose pictures at any depth are taken, in alphabetical order; a
        text file with a path or an address a line, or a CSV file with a column path, whose order stays; or a pattern
        of any of these but lists ("pics/**/*.jpg", "shards/*.tar")

    What is passed over is told in one line. Raises InputError where there is no picture, or where a list names files
    that are not there.
    """
    if root is None:
        raise InputError(f"dataset files needs images: name by --data-path {TAKEN}")
    place = os.path.expanduser(str(root))
    if boxes:
        raise InputError(f"{root} has no boxes: files cannot tell them")
    passed = PassedOver()
    paths = _paths(place, passed)
    if passed:
        log.info("%s: %s", root, passed)
    if not paths:
        raise InputError(f"{root} holds no picture{f' ({passed})' if passed else ''}: name {TAKEN}")
    rows = np.arange(len(paths))
    return ImageSet(
        name=_name(place),
        images=paths,
        labels=np.zeros(len(paths), dtype=np.int64),
        class_names=("image",),
        train=rows[:0],
        query=rows,
        gallery=rows,
    ).check(alone=True)


def image_files(root: Path) -> list[str]:
    """The paths of all pictures under the folder ``root``, at any depth, in alphabetical order."""
    passed = PassedOver()
    found = _within(str(root), passed)
    if passed:
        log.info("%s: %s", root, passed)
    return found


def _paths(place: str, passed: PassedOver) -> list[str]:
    if contents.is_file(place) and not packed.is_archive(place):
        return [place] if pictures.is_picture(place, PassedOver()) else listed.paths(place)
    if os.path.isdir(place) or packed.split(place):
        return _within(place, passed)
    if glob.has_magic(place):
        return _matching(place, passed)
    as_address = place.replace(":/", "://", 1)  # a Path has one slash of two
    if address.is_address(as_address):
        raise InputError(
            f"{as_address}: is an address; put it, and others, into a text file, one a line, and name that"
        )
    raise InputError(f"{place} is not there: dataset files needs images, name {TAKEN}")


def _within(place: str, passed: PassedOver) -> list[str]:
    return [os.path.join(place, path) for path in pictures.under(place, passed)]


def _matching(pattern: str, passed: PassedOver) -> list[str]:
    """What matches a pattern, in alphabetical order: pictures, and those of archives; folders do not count."""
    found, matching = [], sorted(_in_depth(pattern, passed))
    for path in matching:
        if packed.is_archive(path):
            found += _within(path, passed)
        elif os.path.isfile(path) and pictures.is_picture(path, passed):
            found.append(path)
    if not found and not passed:
        what = "folders but no file" if matching else "nothing"
        raise InputError(f"{pattern}: matches {what}; pics/**/*.jpg, say, are files in folders of any depth")
    return found


def _in_depth(pattern: str, passed: PassedOver) -> Iterator[str]:
    """What matches a pattern; where it has **, files alone, each once: ``glob`` goes round circles of links."""
    parts = pattern.split("/")
    if "**" not in parts:
        yield from glob.iglob(pattern)
        return
    first = parts.index("**")
    above, wanted = "/".join(parts[:first]) or "/" * (first > 0), parts[first:]
    for folder in filter(os.path.isdir, glob.iglob(above) if above else (".",)):
        for path in tree.files(folder, passed):
            if _matches(path.split("/"), wanted):
                yield os.path.join(folder if above else "", path)


def _matches(names: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether a path matches a pattern, both in their parts; ** is any number of folders."""
    if not names or not wanted:
        return not names and all(part == "**" for part in wanted)
    if wanted[0] == "**":
        return _matches(names, wanted[1:]) or _matches(names[1:], wanted)
    return fnmatch.fnmatchcase(names[0], wanted[0]) and _matches(names[1:], wanted[1:])


def _name(place: str) -> str:
    """What to call the set: its folder, or the file without ending; of a pattern, the last folder that it names."""
    if not os.path.exists(place) and glob.has_magic(place):
        place = os.path.dirname(place[: next(i for i, sign in enumerate(place) if sign in "*?[")]) or "."
    path = Path(place).resolve()
    return (path.stem if path.is_file() else path.name) or "files"
