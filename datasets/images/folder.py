"""Folder, your own images: class folders in a folder or an archive, or a CSV manifest with label, path and split."""

import logging
import os
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files import contents, packed
from datasets.files.tree import PassedOver
from datasets.images.base import ImageSet
from datasets.lists import manifest, pictures, reading, tables

log = logging.getLogger(__name__)

# What people call the folders of the parts of a set.
PARTS = {
    "train": ("train", "training"),
    "validation": ("val", "valid", "validation"),
    "test": ("test", "testing"),
    "query": ("query", "queries"),
    "gallery": ("gallery", "database"),
}
_PART = {name: part for part, names in PARTS.items() for name in names}

Files = list[tuple[str, str]]  # class and path, from the set's place on, of every image


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The images of the folder, the archive (.zip, .tar) or the CSV file ``root``, and called as it is.

    Folder: ``root/<class>/*.jpg`` (or .png, ...), at any depth: the class of ``root/animals/cat/a.jpg`` is
    "animals/cat". The first half of the classes in alphabetical order trains, the second half tests, leave-one-out;
    where there are ``root/train/<class>`` and ``root/test/<class>`` (or val), or ``root/query`` and ``root/gallery``,
    they say so. A class with one image trains nothing and asks nothing, but stays in the gallery. An archive is as the
    folder that was packed.

    CSV: one line an image with ``label,path,split``; paths start in the CSV's folder; ``split`` is train, validation
    or test (the last two mean the same); the label '=x, guarded so that no spreadsheet runs it, is =x. Optional:
    ``is_query,is_gallery`` (otherwise leave-one-out) and ``x_1,y_1,x_2,y_2``, the corners in pixels of the box that
    ``boxes`` asks for. It may stand in an archive with its images: ``pets.zip/pets.csv``.

    Raises InputError naming the folder, or the file and its line.
    """
    if root is None:
        raise InputError("dataset folder needs a folder of class folders or a CSV file: name it by --data-path")
    place = os.path.expanduser(str(root))
    if place.lower().endswith(tables.ENDINGS):
        return manifest.load(place, boxes=boxes).with_lone_in_gallery().check(alone=True)
    if not (os.path.isdir(place) or packed.split(place)) or contents.is_file(place) and not packed.is_archive(place):
        there = os.path.exists(place) or packed.split(place)
        raise InputError(f"{root} is {'neither a folder nor an archive nor a CSV file' if there else 'not there'}")
    if boxes:
        raise InputError(f"{root} has no boxes: class folders cannot tell them, a CSV file can")
    return _from_folders(place)


def _from_folders(place: str) -> ImageSet:
    passed = PassedOver()
    name, (place, paths) = _name(place), _descended(place, pictures.under(place, passed))
    parts = _parts(place, paths)
    files = {part: _by_class(os.path.join(place, part), inside, passed) for part, inside in parts.items()}
    if passed:
        log.info("%s: %s", place, passed)
    for part, found in files.items():
        if not found:
            where = os.path.join(place, part) if part else place
            raise InputError(f"{where} has no class folders: put the images of every class into a folder of its own")
    made = _from_classes(name, place, files[""]) if "" in files else _from_parts(name, files)
    return made.with_lone_in_gallery().check(alone=True)


def _name(place: str) -> str:
    path = Path(place).resolve()
    return path.stem if path.is_file() else path.name


def _descended(place: str, paths: list[str]) -> tuple[str, list[str]]:
    """The same, from within the one folder that holds the class folders, as archives have it, where there is one."""
    while paths:
        top = paths[0].partition("/")[0]
        inner = [path[len(top) + 1 :] for path in paths if path.startswith(f"{top}/")]
        if len(inner) < len(paths) or not all("/" in path for path in inner):
            break
        place, paths = os.path.join(place, top), inner
    return place, paths


def _parts(place: str, paths: list[str]) -> dict[str, list[str]]:
    """The paths in the folder of each part, from there on; all under "" where no folders say the parts."""
    tops = {path.partition("/")[0] for path in paths if "/" in path}
    folder = {_PART[top.lower()]: top for top in sorted(tops) if top.lower() in _PART}
    wanted = next(
        (tests for tests in (("query", "gallery"), ("test",), ("validation",)) if folder.keys() >= set(tests)), ()
    )
    if "train" not in folder or not wanted:
        return {"": paths}
    used = [folder[part] for part in ("train", *wanted)]
    if others := sorted(tops - set(used)):
        log.info("%s: %s make the set; not used: %s", place, ", ".join(used), ", ".join(others))
    return {top: [path[len(top) + 1 :] for path in paths if path.startswith(f"{top}/")] for top in used}


def _by_class(place: str, paths: list[str], passed: PassedOver) -> Files:
    """Class and path of every image under ``place``, in the order of both; one beside the class folders has none."""
    found = []
    for path in paths:
        name, _, _ = path.rpartition("/")
        if name:
            found.append((name, os.path.join(place, path)))
        else:
            passed.add("images beside the class folders", path)
    names = {name for name, _ in found}
    deeper = sorted(name for name in names if any(name[:end] in names for end in _slashes(name)))
    if deeper:
        log.info(
            "%s: classes are taken at every depth; %d lie in folders of other classes, such as %s",
            place, len(deeper), deeper[0],
        )  # fmt: skip
    return sorted(found)


def _slashes(name: str) -> list[int]:
    return [place for place, sign in enumerate(name) if sign == "/"]


def _from_classes(name: str, place: str, files: Files) -> ImageSet:
    """Half of the classes that have pairs train; the others ask each other, in them and all that are alone."""
    labels, class_names = reading.classes([label for label, _ in files])
    counts = np.bincount(labels)
    paired = np.flatnonzero(counts > 1)
    if len(paired) < 4:
        lone = f" with two images or more, {len(counts) - len(paired)} with one" if (counts == 1).any() else ""
        raise InputError(
            f"{place} has {len(paired)} class folder(s){lone}: to train and to test takes at least two each"
        )
    is_train = np.isin(labels, paired[: len(paired) // 2])
    test = np.flatnonzero(~is_train)
    return ImageSet(name, [path for _, path in files], labels, class_names, np.flatnonzero(is_train), test, test)


def _from_parts(name: str, files: dict[str, Files]) -> ImageSet:
    """The set of its parts: those that train, and one that asks itself or two, those that ask and those that answer."""
    rows = [row for part in files.values() for row in part]
    labels, class_names = reading.classes([label for label, _ in rows])
    ends = np.cumsum([len(part) for part in files.values()])
    train, query, *gallery = (np.arange(end - len(part), end) for end, part in zip(ends, files.values(), strict=True))
    return ImageSet(name, [path for _, path in rows], labels, class_names, train, query, *(gallery or [query]))
