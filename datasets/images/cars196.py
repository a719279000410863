"""Cars196, 16,185 photographs of 196 models of cars (Krause et al. 2013), as one folder or as the two of its devkit.

The split is the one of metric learning (Song et al. 2016): the first 98 classes train, the last 98 test. The set's own
split within the classes, for classification, is not used.
"""

from pathlib import Path

import numpy as np
from scipy.io import loadmat

from datasets.errors import InputError
from datasets.images.base import ImageSet, split_by_class
from datasets.lists import reading

COUNTS = {"train": (8_054, 98), "query": (8_131, 98)}
ONE_FOLDER = "cars_annos.mat"
DEVKIT = {"cars_train": "cars_train_annos.mat", "cars_test": "cars_test_annos_withlabels.mat"}
META = "cars_meta.mat"
CORNERS = ("bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2")


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The set in the folder ``root``, or in the folder cars196 within it.

    Read is ``cars_annos.mat``, with the images in ``car_ims``; or else, with the images in ``cars_train`` and
    ``cars_test``, ``cars_meta.mat``, ``cars_train_annos.mat`` and ``cars_test_annos_withlabels.mat``, each of which
    stands in ``devkit`` or beside it. Raises InputError naming the file and what it lacks, an image that is missing,
    or counts that are not those of the set.
    """
    folder = reading.folder(root, ONE_FOLDER, *(f"devkit/{name}" for name in (META, *DEVKIT.values())), *DEVKIT,
                          name="cars196", inner="cars196")  # fmt: skip
    if (folder / ONE_FOLDER).is_file():
        sources = {"": folder / ONE_FOLDER}
        class_names = _class_names(folder / ONE_FOLDER)
    else:
        sources = {part: _devkit(folder, name) for part, name in DEVKIT.items()}
        class_names = _class_names(_devkit(folder, META))
    tables = {part: _annotations(file) for part, file in sources.items()}
    labels = np.concatenate([_labels(sources[part], table, class_names) for part, table in tables.items()])
    image_set = ImageSet(
        name="cars196",
        images=[str(folder / part / name) for part, table in tables.items() for name in _image_names(table)],
        labels=labels,
        class_names=class_names,
        boxes=np.concatenate([_boxes(sources[part], table) for part, table in tables.items()]) if boxes else None,
        **split_by_class(labels, np.arange(len(class_names) // 2)),
    )
    reading.check_counts(image_set, COUNTS, place=folder, title="Cars196")
    reading.check_present(image_set.images)
    return image_set.check()


def _devkit(folder: Path, name: str) -> Path:
    beside = folder / name
    return beside if beside.is_file() else folder / "devkit" / name


def _read(file: Path, variable: str) -> np.ndarray:
    """A variable of a MATLAB file as a flat array."""
    if not file.is_file():
        raise InputError(f"{file} is missing: unpack the data set again")
    try:
        found = loadmat(file, variable_names=[variable], squeeze_me=True)
    except Exception as error:  # a damaged file makes scipy raise whatever its bytes happen to mean
        raise InputError(f"{file} cannot be read: {error}") from None
    if variable not in found:
        raise InputError(f"{file} has no variable '{variable}': unpack the data set again")
    return np.atleast_1d(found[variable])


def _class_names(file: Path) -> tuple[str, ...]:
    return tuple(map(str, _read(file, "class_names")))


def _annotations(file: Path) -> np.ndarray:
    """The records of a file's images, a structured array."""
    table = _read(file, "annotations")
    missing = [name for name in (*CORNERS, "class") if name not in (table.dtype.names or ())]
    if missing:
        what = "the file without labels is of no use, it takes cars_test_annos_withlabels.mat"
        raise InputError(f"{file}: its annotations have no {', '.join(missing)}: {what}")
    return table


def _image_names(table: np.ndarray) -> list[str]:
    return [str(name) for name in table["relative_im_path" if "relative_im_path" in table.dtype.names else "fname"]]


def _labels(file: Path, table: np.ndarray, class_names: tuple[str, ...]) -> np.ndarray:
    """(N,) int64 from MATLAB's classes, which count from 1."""
    labels = table["class"].astype(np.int64) - 1
    strange = np.flatnonzero((labels < 0) | (labels >= len(class_names)))
    if len(strange):
        found = f"image {strange[0] + 1} is of class {labels[strange[0]] + 1}"
        raise InputError(f"{file}: {found}, but there are names for {len(class_names)} classes")
    return labels


def _boxes(file: Path, table: np.ndarray) -> np.ndarray:
    """(N, 4) float32 of x, y, width, height."""
    corners = np.stack([table[name].astype(float) for name in CORNERS], axis=1).tolist()
    rows = [reading.box(f"{file}, image {number}", row, corners=True) for number, row in enumerate(corners, start=1)]
    return np.array(rows, dtype=np.float32).reshape(-1, 4)
