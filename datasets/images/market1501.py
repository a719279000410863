"""Market-1501, 32,668 detections of 1,501 pedestrians by six cameras (Zheng et al. 2015).

A file is called ``0002_c1s1_000451_03.jpg``: person 0002, camera 1, sequence 1, frame 451, detection 3. Person -1 is
junk, of which the protocol takes no notice; person 0000 are distractors, which stand in the gallery as a class that
nobody asks for. Queries are not asked for images of their own person by their own camera.
"""

import re
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.lists import reading

PARTS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
COUNTS = {"bounding_box_train": 12_936, "query": 3_368, "bounding_box_test": 19_732}  # images, junk among them
INNER = "Market-1501-v15.09.15"
SOURCE = "it comes from https://zheng-lab.cecs.anu.edu.au/Project/project_reid.html"
JUNK = "-1"

_NAME = re.compile(r"(-1|\d+)_c(\d+)s\d+_\d+_\d+\.jpg")


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The set in the folder ``root``, or in the folder Market-1501-v15.09.15 within it.

    Read are the names of the files in ``bounding_box_train``, ``query`` and ``bounding_box_test`` (the gallery); what
    is no .jpg is passed over. Raises InputError naming a folder that is missing or has not the set's count of images,
    or a file that is not called as above.
    """
    folder = reading.folder(root, *PARTS.values(), name="market1501", inner=INNER, source=SOURCE)
    if boxes:
        raise InputError(f"{folder}: Market-1501 has no boxes, its images are cropped already; do not ask for crops")
    found = {part: _images(folder / inner) for part, inner in PARTS.items()}
    rows = [row for part in PARTS for row in found[part]]
    labels, class_names = reading.classes([person for _, person, _ in rows])
    ends = np.cumsum([0, *map(len, found.values())])
    return ImageSet(
        name="market1501",
        size=(256, 128),
        images=[path for path, _, _ in rows],
        labels=labels,
        class_names=class_names,
        cameras=np.array([camera for _, _, camera in rows], dtype=np.int64),
        **{part: np.arange(*ends[place : place + 2]) for place, part in enumerate(PARTS)},
    ).check()


def _images(folder: Path) -> list[tuple[str, str, int]]:
    """(path, person, camera) of every image of a folder that is no junk, in alphabetical order."""
    if not folder.is_dir():
        raise InputError(f"folder {folder} is missing: unpack Market-1501 again")
    files = sorted(file for file in folder.iterdir() if file.suffix == ".jpg" and not file.name.startswith("."))
    expected = COUNTS.get(folder.name, len(files))
    if len(files) != expected:
        raise InputError(f"{folder}: has {len(files):,} images, where Market-1501 has {expected:,}: unpack it again")
    rows = [_row(file) for file in files]
    return [row for row in rows if row[1] != JUNK]


def _row(file: Path) -> tuple[str, str, int]:
    name = _NAME.fullmatch(file.name)
    if name is None:
        raise InputError(f"{file}: a name of Market-1501 is like 0002_c1s1_000451_03.jpg: remove the file or rename it")
    return str(file), name[1], int(name[2])
