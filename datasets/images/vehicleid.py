"""PKU VehicleID, photographs of vehicles from front and back (Liu, Tian, Wang, Pang, Huang, CVPR 2016).

Three test lists are published, of 800, 1,600 and 2,400 vehicles. One photograph of each, drawn at random, is the
gallery and all others ask; scores are means over ten such draws, which evaluation makes.
"""

from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.lists import reading

SPLITS = ("800", "1600", "2400")
DEFAULT = "800"
DRAWS = 10
FOLDER, IMAGES, TRAIN = "train_test_split", "image", "train_list.txt"
# Images and vehicles of a list.
COUNTS = {
    "train_list.txt": (113_346, 13_164),
    "test_list_800.txt": (7_332, 800),
    "test_list_1600.txt": (12_995, 1_600),
    "test_list_2400.txt": (20_038, 2_400),
}
SOURCE = "its authors send it on request: https://www.pkuml.org/resources/pku-vehicleid.html"


def load(root: str | Path | None, *, boxes: bool = False, split: str = "") -> ImageSet:
    """The set in the folder ``root``, or in the folder VehicleID_V1.0 within it; ``split`` is the vehicles of the test.

    Read are ``train_test_split/train_list.txt`` and the test list of that size: a line an image, its number and that of
    the vehicle. Raises InputError naming --split, the list or its line, counts that are not the set's, an image that is
    missing, or a vehicle that both trains and tests.
    """
    split = split or DEFAULT
    if split not in SPLITS:
        raise InputError(f"--split={split}: vehicleid has the splits {', '.join(SPLITS)}")
    folder = reading.folder(root, FOLDER, name="vehicleid", inner="VehicleID_V1.0", source=SOURCE)
    if boxes:
        raise InputError(f"{folder}: VehicleID has no boxes, its images are cropped already; do not ask for crops")
    lists = (folder / FOLDER / TRAIN, folder / FOLDER / f"test_list_{split}.txt")
    train, test = (_images(file, folder / IMAGES) for file in lists)
    if both := {vehicle for _, vehicle in train} & {vehicle for _, vehicle in test}:
        raise InputError(f"{lists[1]}: vehicle {min(both)} stands in {TRAIN} too: unpack the set again")
    rows = train + test
    reading.check_present([path for path, _ in rows])
    labels, class_names = reading.classes([str(vehicle) for _, vehicle in rows], order=int)
    asked = np.arange(len(train), len(rows))
    return ImageSet(
        name=f"vehicleid-{split}",
        images=[path for path, _ in rows],
        labels=labels,
        class_names=class_names,
        train=np.arange(len(train)),
        query=asked,
        gallery=asked,
        draws=DRAWS,
    ).check()


def _images(file: Path, folder: Path) -> list[tuple[str, int]]:
    """(path, vehicle) of every image of a list."""
    rows = []
    for where, (image, vehicle) in reading.cells(file, "image vehicle"):
        rows.append((str(folder / f"{image}.jpg"), reading.class_number(where, vehicle)))
    found = (len(rows), len({vehicle for _, vehicle in rows}))
    expected = COUNTS.get(file.name, found)
    if found != expected:
        counts = f"{found[0]:,} images of {found[1]:,} vehicles, where VehicleID has {expected[0]:,} of {expected[1]:,}"
        raise InputError(f"{file}: has {counts}: unpack the set again")
    return rows
