"""INRIA Holidays, 1,491 photographs of 500 scenes, the first of each of which asks for the others (Jegou et al. 2008).

A photograph is called by its number, ``123401.jpg``: the second one of scene 1234. A query is itself in the gallery,
and is not counted there.
"""

import re
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files.tree import PassedOver
from datasets.images.base import ImageSet
from datasets.images.truth import Truth, positions
from datasets.lists import pictures, reading

COUNTS = {"all": (1_491, 500), "query": (500, 500)}
SOURCE = "jpg1.tar.gz and jpg2.tar.gz come from https://thoth.inrialpes.fr/~jegou/data.php"

_NAME = re.compile(r"(\d+)(\d\d)\.jpg")


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The photographs of ``root/jpg``, or of ``root`` itself, at any depth, or of ``root/holidays`` likewise.

    Raises InputError naming a photograph that is called in another way, or twice, or counts that are not those of the
    set.
    """
    folder = _folder(root)
    if boxes:
        raise InputError(f"{folder}: Holidays has no boxes; do not ask for crops to boxes")
    found = dict(sorted((Path(path).name, str(folder / path)) for path in pictures.under(str(folder), PassedOver())))
    numbers = [_number(path, name) for name, path in found.items()]
    labels, class_names = reading.classes([scene for scene, _ in numbers])
    query = np.flatnonzero([number == 0 for _, number in numbers])
    gallery = np.arange(len(found))
    image_set = ImageSet(
        name="holidays",
        images=list(found.values()),
        labels=labels,
        class_names=class_names,
        train=gallery[:0],
        query=query,
        gallery=gallery,
        truth=_truth(labels, query),
    )
    reading.check_counts(image_set, COUNTS, place=folder, title="Holidays")
    return image_set.check()


def _folder(root: str | Path | None) -> Path:
    if root is None:
        raise InputError(f"dataset holidays needs its folder: name the folder of its photographs; {SOURCE}")
    for place in (Path(root, "holidays"), Path(root)):
        for folder in (place / "jpg", place):
            if folder.is_dir() and any(map(_NAME.fullmatch, reading.entries(str(folder)))):
                return folder
    what = "holds no photograph of Holidays" if Path(root).is_dir() else "is not a folder"
    raise InputError(f"{root} {what}, which are called like 100000.jpg: unpack them into {Path(root, 'jpg')}; {SOURCE}")


def _number(path: str, name: str) -> tuple[str, int]:
    """The scene of a photograph, and its number there, 0 for the one that asks."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise InputError(f"{path}: a photograph of Holidays is called like 100000.jpg: remove the file or rename it")
    return found[1], int(found[2])


def _truth(labels: np.ndarray, query: np.ndarray) -> Truth:
    same = [np.flatnonzero(labels == labels[row]) for row in query]
    easy = [rows[rows != row] for rows, row in zip(same, query, strict=True)]
    return Truth("holidays", positions(easy), positions([()] * len(query)), positions([[row] for row in query]))
