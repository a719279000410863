"""CUB-200-2011, 200 species of birds (Wah et al. 2011), and every folder in its layout.

The split is the one of metric learning (Song et al. 2016): the first half of the classes trains, the second half
tests. The set's own ``train_test_split.txt`` splits within the classes, for classification, and is not used.
"""

import math
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet, split_by_class

COUNTS = (11_788, 5_864, 5_924)  # images of the true CUB-200-2011: all, train, test


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The set in the folder ``root``, or in the folder CUB_200_2011 within it.

    Read are ``images.txt`` (id path), ``image_class_labels.txt`` (id class), ``classes.txt`` (class name) and, for
    ``boxes``, ``bounding_boxes.txt`` (id x y width height). Image paths start in ``root/images`` or else in ``root``.
    A folder of another number of classes than 200 lends the set its own name. Raises InputError naming file and line.
    """
    folder = _folder(root)
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
    _check_counts(image_set, folder)
    return image_set.check()


def _folder(root: str | Path | None) -> Path:
    if root is None:
        raise InputError("dataset cub200 needs its folder: name the folder that holds images.txt")
    for folder in (Path(root), Path(root, "CUB_200_2011")):
        if (folder / "images.txt").is_file():
            return folder
    what = "has no images.txt" if Path(root).is_dir() else "is not a folder"
    raise InputError(f"{root} {what}: name the unpacked folder CUB_200_2011 or the one it stands in")


def _table(file: Path) -> dict[int, str]:
    """The lines "id rest" of a file, by id in the file's order."""
    rows: dict[int, str] = {}
    for number, line in enumerate(_lines(file), start=1):
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


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise InputError(f"{file} is missing: unpack the data set again") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}") from None


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
    return np.array([_box(file, key, rows[key]) for key in paths], dtype=np.float32)


def _box(file: Path, key: int, text: str) -> list[float]:
    try:
        x, y, width, height = map(float, text.split())
    except ValueError:
        raise InputError(f"{file}: image {key} needs four numbers x y width height, found '{text}'") from None
    if not (width > 0 and height > 0 and math.isfinite(x + y + width + height)):
        raise InputError(f"{file}: the box of image {key} is empty (found '{text}')")
    return [x, y, width, height]


def _full_paths(folder: Path, paths: list[str]) -> list[str]:
    # One look settles for all where paths start; whether each image is there shows when it is decoded.
    inner = folder / "images"
    outside = (folder / paths[0]).exists() and not (inner / paths[0]).exists()
    start = folder if outside or not inner.is_dir() else inner
    return [str(start / path) for path in paths]


def _check_counts(image_set: ImageSet, folder: Path) -> None:
    found = (len(image_set), len(image_set.train), len(image_set.query))
    if len(image_set.class_names) == 200 and found != COUNTS:
        raise InputError(
            f"{folder} has 200 classes, but {found[0]} images ({found[1]} train, {found[2]} test) where CUB-200-2011"
            f" has {COUNTS[0]} ({COUNTS[1]}, {COUNTS[2]}): unpack the data set again"
        )
