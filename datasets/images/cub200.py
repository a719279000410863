"""CUB-200-2011, 200 species of birds (Wah et al. 2011), and every folder in its layout.

The split is the one of metric learning (Song et al. 2016): the first half of the classes trains, the second half
tests. The set's own ``train_test_split.txt`` splits within the classes, for classification, and is not used.
"""

from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files import archive
from datasets.images.base import ImageSet, split_by_class
from datasets.lists import reading

URL = "https://data.caltech.edu/records/65de6-vp158/files/CUB_200_2011.tgz"
MD5 = "97eceeb196236b17998738112f37df78"
PARTS = ("images.txt", "image_class_labels.txt", "classes.txt")
COUNTS = {"train": (5_864, 100), "query": (5_924, 100)}


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The set in the folder ``root``, or in the folder CUB_200_2011 within it; else downloaded into it, 1.2 GB.

    Read are ``images.txt`` (id path), ``image_class_labels.txt`` (id class), ``classes.txt`` (class name) and, for
    ``boxes``, ``bounding_boxes.txt`` (id x y width height). Image paths start in ``root/images`` or else in ``root``.
    A folder of another number of classes than 200 lends the set its own name. Raises InputError naming file and line.
    """
    folder = reading.folder(root, *PARTS, name="cub200", inner="CUB_200_2011", fetch=_fetch)
    class_names = dict(sorted(_table(folder / "classes.txt").items()))
    paths = _table(folder / "images.txt")
    labels = _labels(folder / "image_class_labels.txt", paths, list(class_names))
    image_set = ImageSet(
        name="cub200" if len(class_names) == 200 else folder.resolve().name,
        images=_full_paths(folder, list(paths.values())),
        labels=labels,
        class_names=tuple(class_names.values()),
        boxes=_boxes(folder / "bounding_boxes.txt", paths) if boxes else None,
        **split_by_class(labels, np.arange(len(class_names) // 2)),
    )
    if len(class_names) == 200:
        reading.check_counts(image_set, COUNTS, place=folder, title="CUB-200-2011")
    reading.check_present(image_set.images)
    return image_set.check()


def _fetch(folder: Path) -> Path:
    return archive.unpacked(URL, folder, md5=MD5)


def _table(file: Path) -> dict[int, str]:
    """The lines "id rest" of a file, by id in the file's order."""
    rows: dict[int, str] = {}
    for number, line in enumerate(reading.lines(file), start=1):
        if not line.strip():
            continue
        key, _, rest = line.strip().partition(" ")
        if not key.isdecimal() or not rest:
            raise InputError(f"{file}, line {number}: expected a number, a space and a value, found '{line}'")
        if int(key) in rows:
            raise InputError(f"{file}, line {number}: number {key} stands twice")
        rows[int(key)] = rest.strip()
    if not rows:
        raise InputError(f"{file} is empty")
    return rows


def _labels(file: Path, paths: dict[int, str], class_ids: list[int]) -> np.ndarray:
    """(N,) int64 in the order of ``paths``: the position of an image's class in ``class_ids``."""
    position = {str(class_id): place for place, class_id in enumerate(class_ids)}
    of_image = _matching(file, paths)
    for key, class_id in of_image.items():
        if class_id not in position:
            raise InputError(f"{file}: image {key} is of class '{class_id}', which classes.txt does not have")
    empty = position.keys() - set(of_image.values())
    if empty:
        raise InputError(f"{file}: no image is of class {min(empty, key=int)} of classes.txt")
    return np.array([position[of_image[key]] for key in paths], dtype=np.int64)


def _matching(file: Path, paths: dict[int, str]) -> dict[int, str]:
    """The table of a file that must tell of every image, and of no other."""
    rows = _table(file)
    missing, strange = paths.keys() - rows.keys(), rows.keys() - paths.keys()
    if missing:
        raise InputError(f"{file}: no line for image {min(missing)} of images.txt ({len(missing)} such image(s))")
    if strange:
        raise InputError(f"{file}: image {min(strange)} is not in images.txt ({len(strange)} such image(s))")
    return rows


def _boxes(file: Path, paths: dict[int, str]) -> np.ndarray:
    """(N, 4) float32 of x, y, width, height in the order of ``paths``."""
    if not file.is_file():
        raise InputError(f"{file} is missing: this folder has no boxes, do not ask for crops to boxes")
    rows = _matching(file, paths)
    return np.array([reading.box(f"{file}, image {key}", rows[key].split()) for key in paths], dtype=np.float32)


def _full_paths(folder: Path, paths: list[str]) -> list[str]:
    # One look settles for all where paths start.
    inner = folder / "images"
    outside = (folder / paths[0]).exists() and not (inner / paths[0]).exists()
    start = folder if outside or not inner.is_dir() else inner
    return [str(start / path) for path in paths]
