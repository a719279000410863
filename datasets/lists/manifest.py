"""Manifest: a CSV file that gives every image its label and its part, in the columns of Open Metric Learning."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.lists import listed, reading, tables

log = logging.getLogger(__name__)

COLUMNS = ("label", "path", "split")
ROLES = ("is_query", "is_gallery")
CORNERS = ("x_1", "y_1", "x_2", "y_2")
TRAINS = {"train": True, "validation": False, "test": False}  # whether it trains
FLAGS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False, "": False}


@dataclass(frozen=True)
class _Image:
    """One line: where it stands, and what it says."""

    where: str
    path: str
    label: str
    trains: bool
    asks: bool
    found: bool
    box: tuple[float, ...] | None

    @property
    def line(self) -> str:
        return self.where.rpartition(", ")[2]


def load(file: str, *, boxes: bool = False) -> ImageSet:
    """The set of a CSV file, a plain one or one in an archive; see ``images.folder`` for its columns.

    Raises InputError naming the file and its line.
    """
    rows = tables.rows(file, COLUMNS + (CORNERS if boxes else ()))
    if not rows:
        raise InputError(f"{file} has a header, but no line of an image")
    if len(set(ROLES) & set(rows[0][1])) == 1:
        raise InputError(f"{file}, line 1: of the columns is_query and is_gallery only one is there: give both or none")
    images = [_image(file, where, row, boxes=boxes) for where, row in rows]
    listed.check_present(file, [image.where for image in images], [image.path for image in images])
    images = _once(file, images)
    labels, class_names = reading.classes([image.label for image in images])
    return ImageSet(
        name=Path(file).stem,
        images=[image.path for image in images],
        labels=labels,
        class_names=class_names,
        train=_positions([image.trains for image in images]),
        query=_positions([image.asks for image in images]),
        gallery=_positions([image.found for image in images]),
        boxes=np.array([image.box for image in images], dtype=np.float32) if boxes else None,
    )


def _positions(flags: list[bool]) -> np.ndarray:
    return np.flatnonzero(np.array(flags, dtype=bool))


def _image(file: str, where: str, row: dict[str, str], *, boxes: bool) -> _Image:
    split = row["split"].lower()
    if split not in TRAINS:
        raise InputError(f"{where}: split '{row['split']}' is none of {', '.join(TRAINS)}")
    trains = TRAINS[split]
    asks, found = (_role(where, row, role) and not trains for role in ROLES)
    crop = box(where, row) if boxes else None
    return _Image(where, tables.path_from(file, row["path"]), tables.unguarded(row["label"]), trains, asks, found, crop)


def _role(where: str, row: dict[str, str], role: str) -> bool:
    flag = row.get(role, "true").lower()
    if flag not in FLAGS:
        raise InputError(f"{where}: {role} '{row[role]}' is neither True nor False")
    return FLAGS[flag]


def box(where: str, row: dict[str, str]) -> tuple[float, ...]:
    """x, y, width, height of a line's box; spreadsheets of many countries write 10,5 for 10.5."""
    return tuple(reading.box(where, [row[corner].replace(",", ".") for corner in CORNERS], corners=True))


def _once(file: str, images: list[_Image]) -> list[_Image]:
    """Every image once, where it stands first; the same with another box is another image.

    Raises InputError where an image has two labels, or trains and tests.
    """
    first: dict[tuple[str, tuple[float, ...] | None], _Image] = {}
    again = []
    for image in images:
        key = (image.path, image.box)
        before = first.setdefault(key, image)
        if before is image:
            continue
        _check_same(before, image)
        again.append((before, image))
        first[key] = replace(before, asks=before.asks or image.asks, found=before.found or image.found)
    if again:
        before, image = again[0]
        log.warning(
            "%s: %s stands in %s and in %s; %d line(s) that name an image again are passed over",
            file, image.path, before.line, image.line, len(again),
        )  # fmt: skip
    return list(first.values())


def _check_same(before: _Image, image: _Image) -> None:
    if before.label != image.label:
        what, first, second = "is of class", f"'{before.label}'", f"'{image.label}'"
    elif before.trains != image.trains:
        what, first, second = "is to", *("train" if one.trains else "test" for one in (before, image))
    else:
        return
    raise InputError(f"{image.where}: {image.path} {what} {second} here and {first} in {before.line}: keep one of them")
