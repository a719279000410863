"""VeRi-776, 51,035 photographs of 776 vehicles by twenty cameras (Liu, Liu, Mei, Ma, ECCV 2016 and TMM 2018).

A file is called ``0002_c002_00030600_0.jpg``: vehicle 2, camera 2, the moment, the vehicle's number at that moment.
Queries are not asked for images of their own vehicle by their own camera.
"""

import re
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.lists import reading

# Part of the split: its list, and the folder that the list's images are in.
PARTS = {
    "train": ("name_train.txt", "image_train"),
    "query": ("name_query.txt", "image_query"),
    "gallery": ("name_test.txt", "image_test"),
}
COUNTS = {"name_train.txt": 37_778, "name_query.txt": 1_678, "name_test.txt": 11_579}  # images
SOURCE = "its authors send it on request: https://github.com/JDAI-CV/VeRidataset"

_NAME = re.compile(r"(\d+)_c(\d+)_\d+_\d+\.jpg")


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The set in the folder ``root``, or in the folder VeRi within it.

    Read are ``name_train.txt``, ``name_query.txt`` and ``name_test.txt`` (the gallery), a name a line. Raises
    InputError naming a list that is missing or has not the set's count of images, a line that is no such name, an image
    that is missing, or a vehicle that both trains and tests.
    """
    lists = [name for name, _ in PARTS.values()]
    folder = reading.folder(root, *lists, name="veri776", inner="VeRi", source=SOURCE)
    if boxes:
        raise InputError(f"{folder}: VeRi-776 has no boxes, its images are cropped already; do not ask for crops")
    found = {part: _images(folder / names, folder / inner) for part, (names, inner) in PARTS.items()}
    rows = [row for part in PARTS for row in found[part]]
    reading.check_present([path for path, _, _ in rows])
    _check_apart(folder, found)
    labels, class_names = reading.classes([vehicle for _, vehicle, _ in rows])
    ends = np.cumsum([0, *map(len, found.values())])
    return ImageSet(
        name="veri776",
        images=[path for path, _, _ in rows],
        labels=labels,
        class_names=class_names,
        cameras=np.array([camera for _, _, camera in rows], dtype=np.int64),
        **{part: np.arange(*ends[place : place + 2]) for place, part in enumerate(PARTS)},
    ).check()


def _images(names: Path, folder: Path) -> list[tuple[str, str, int]]:
    """(path, vehicle, camera) of every image of a list."""
    rows = []
    for where, (name,) in reading.cells(names, "name"):
        match = _NAME.fullmatch(name)
        if match is None:
            raise InputError(f"{where}: a name of VeRi-776 is like 0002_c002_00030600_0.jpg, found '{name}'")
        rows.append((str(folder / name), match[1], int(match[2])))
    expected = COUNTS.get(names.name, len(rows))
    if len(rows) != expected:
        raise InputError(f"{names}: has {len(rows):,} images, where VeRi-776 has {expected:,}: unpack it again")
    return rows


def _check_apart(folder: Path, found: dict[str, list[tuple[str, str, int]]]) -> None:
    vehicles = {part: {vehicle for _, vehicle, _ in rows} for part, rows in found.items()}
    if both := vehicles["train"] & (vehicles["query"] | vehicles["gallery"]):
        raise InputError(f"{folder}: vehicle {min(both)} stands in name_train.txt and in a test list: unpack it again")
