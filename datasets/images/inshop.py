"""DeepFashion In-shop, 52,712 photographs of 7,982 garments (Liu et al. 2016), with its own queries and gallery."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.lists import reading

COUNTS = {"train": (25_882, 3_997), "query": (14_218, 3_985), "gallery": (12_612, 3_985), "all": (52_712, 7_982)}
STATUSES = ("train", "query", "gallery")
PARTITION = "list_eval_partition.txt"
BOXES = "list_bbox_inshop.txt"
INNER = "In-shop Clothes Retrieval Benchmark"
SOURCE = "it is asked for at https://mmlab.ie.cuhk.edu.hk/projects/DeepFashion.html"

log = logging.getLogger(__name__)


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The set in the folder ``root``, or in the folder "In-shop Clothes Retrieval Benchmark" within it.

    Read are ``Eval/list_eval_partition.txt`` and, for ``boxes``, ``Anno/list_bbox_inshop.txt``; either may stand in
    ``root`` itself, as ``img`` may stand in ``root`` or in ``root/Img``. Where only ``img_highres`` is there, its
    images are taken, for which the boxes are not meant. Training garments with one photograph, which make no pair, are
    counted but not trained on. Raises InputError naming file and line, an image that is missing, or counts that are
    not those of the set.
    """
    folder = reading.folder(root, f"Eval/{PARTITION}", PARTITION, name="inshop", inner=INNER, source=SOURCE)
    rows = _counted(_file(folder, "Eval", PARTITION), "image_name item_id evaluation_status")
    status = np.array([_status(where, row[2]) for where, row in rows])
    labels, class_names = reading.classes([item_id for _, (_, item_id, _) in rows])
    names = [name for _, (name, _, _) in rows]
    start, inner = _image_folder(folder)
    if boxes and inner != "img":
        raise InputError(f"{folder}: boxes are those of the images in img, not of {inner}: unpack img.zip")
    image_set = ImageSet(
        name="inshop" if inner == "img" else "inshop (img_highres)",
        images=[str(start / inner / name.removeprefix("img/")) for name in names],
        labels=labels,
        class_names=class_names,
        boxes=_boxes(_file(folder, "Anno", BOXES), names) if boxes else None,
        **{part: np.flatnonzero(status == part) for part in STATUSES},
    )
    reading.check_counts(image_set, COUNTS, place=folder, title="DeepFashion In-shop")
    reading.check_present(image_set.images)
    return _without_single(image_set).check()


def _without_single(image_set: ImageSet) -> ImageSet:
    """The set without the training images that are alone in their class."""
    labels = image_set.labels[image_set.train]
    alone = np.bincount(labels, minlength=1)[labels] == 1
    if alone.any():
        log.info("inshop: %d training garments left out, a single photograph makes no pair", alone.sum())
    return replace(image_set, train=image_set.train[~alone])


def _file(folder: Path, inner: str, name: str) -> Path:
    within = folder / inner / name
    return folder / name if (folder / name).is_file() and not within.is_file() else within


def _image_folder(folder: Path) -> tuple[Path, str]:
    """Where the names of images start, and what stands there in place of their "img"."""
    for inner in ("img", "img_highres"):
        for start in (folder / "Img", folder):
            if (start / inner).is_dir():
                return start, inner
    raise InputError(f"{folder} has no Img/img and no Img/img_highres: unpack img.zip there")


def _counted(file: Path, columns: str) -> list[tuple[str, list[str]]]:
    """The lines of a table whose first line tells how many there are, and whose second names the columns."""
    rows = reading.cells(file, columns, skip=2)
    told = reading.lines(file)[0].strip()
    if told != str(len(rows)):
        raise InputError(f"{file}: line 1 tells of {told} images, but {len(rows)} follow: unpack the data set again")
    return rows


def _status(where: str, status: str) -> str:
    if status not in STATUSES:
        raise InputError(f"{where}: status '{status}' is none of {', '.join(STATUSES)}")
    return status


def _boxes(file: Path, names: list[str]) -> np.ndarray:
    """(N, 4) float32 of x, y, width, height in the order of ``names``."""
    rows = _counted(file, "image_name clothes_type pose_type x_1 y_1 x_2 y_2")
    found = {row[0]: reading.box(where, row[3:], corners=True) for where, row in rows}
    missing = [name for name in names if name not in found]
    if missing:
        raise InputError(f"{file}: no line for image {missing[0]} ({len(missing)} such image(s))")
    return np.array([found[name] for name in names], dtype=np.float32)
