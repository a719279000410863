"""Folder, your own images: a folder of class folders, or a CSV manifest with the columns of Open Metric Learning."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet, split_by_class
from datasets.lists import reading

ENDINGS = (".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
COLUMNS = ("label", "path", "split")
ROLES = ("is_query", "is_gallery")
CORNERS = ("x_1", "y_1", "x_2", "y_2")
TRAINS = {"train": True, "validation": False, "test": False}  # whether it trains
_NAMED = 6  # columns of a header that an error names
FLAGS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False, "": False}


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The images of the folder ``root``, or of the CSV file ``root``; the set is called as the folder or the file is.

    Folder: ``root/<class>/*.jpg`` (or .png, ...). The first half of the classes in alphabetical order trains, the
    second half tests, leave-one-out; where there are ``root/train/<class>`` and ``root/test/<class>``, they say so.

    CSV: one line an image with ``label,path,split``; paths start in the CSV's folder; ``split`` is train, validation
    or test (the last two mean the same). Optional: ``is_query,is_gallery`` (otherwise leave-one-out) and
    ``x_1,y_1,x_2,y_2``, the corners in pixels of the box that ``boxes`` asks for.

    Raises InputError naming the folder, or the file and its line.
    """
    if root is None:
        raise InputError("dataset folder needs a folder of class folders or a CSV file: name it by --data-path")
    place = Path(root)
    if place.suffix.lower() == ".csv":
        return _from_csv(place, boxes=boxes)
    if not place.is_dir():
        raise InputError(f"{place} is {'neither a folder nor a CSV file' if place.exists() else 'not there'}")
    if boxes:
        raise InputError(f"{place} has no boxes: class folders cannot tell them, a CSV file can")
    parts = (place / "train", place / "test")
    return _from_parts(place, *parts) if all(part.is_dir() for part in parts) else _from_classes(place)


def _from_classes(root: Path) -> ImageSet:
    files = class_files(root)
    if len(files) < 4:
        raise InputError(f"{root} has {len(files)} class folder(s): to train and to test takes at least two each")
    labels = np.repeat(np.arange(len(files), dtype=np.int64), [len(paths) for paths in files.values()])
    return ImageSet(
        name=root.resolve().name,
        images=[path for paths in files.values() for path in paths],
        labels=labels,
        class_names=tuple(files),
        **split_by_class(labels, np.arange(len(files) // 2)),
    ).check()


def _from_parts(root: Path, train: Path, test: Path) -> ImageSet:
    parts = [class_files(train), class_files(test)]
    rows = [(path, name) for files in parts for name, paths in files.items() for path in paths]
    labels, class_names = reading.classes([name for _, name in rows])
    cut = sum(map(len, parts[0].values()))
    test_rows = np.arange(cut, len(rows))
    return ImageSet(
        name=root.resolve().name,
        images=[path for path, _ in rows],
        labels=labels,
        class_names=class_names,
        train=np.arange(cut),
        query=test_rows,
        gallery=test_rows,
    ).check()


def class_files(root: Path) -> dict[str, list[str]]:
    """The image files of every class folder under ``root``, both in alphabetical order.

    Raises InputError where there is no such folder, or one without an image.
    """
    folders = sorted(entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith((".", "__")))
    if not folders:
        raise InputError(f"{root} has no class folders: put the images of every class into a folder of its own")
    files = {folder.name: [str(file) for file in sorted(folder.iterdir()) if _is_image(file)] for folder in folders}
    for folder in folders:
        if not files[folder.name]:
            raise InputError(f"class folder {folder} has no images ({' '.join(ENDINGS)}): add some or remove it")
    return files


def _is_image(file: Path) -> bool:
    return file.suffix.lower() in ENDINGS and not file.name.startswith(".")


def _from_csv(file: Path, *, boxes: bool) -> ImageSet:
    rows = list(_rows(file, COLUMNS + (CORNERS if boxes else ())))
    if not rows:
        raise InputError(f"{file} has a header, but no line of an image")
    labels, class_names = reading.classes([row["label"] for _, row in rows])
    is_train = np.array([_split(where, row) for where, row in rows])
    roles = [[_role(where, row, role) for where, row in rows] for role in ROLES]
    query, gallery = (np.flatnonzero(~is_train & np.array(role)) for role in roles)
    return ImageSet(
        name=file.stem,
        images=[str(file.parent / row["path"]) for _, row in rows],
        labels=labels,
        class_names=class_names,
        train=np.flatnonzero(is_train),
        query=query,
        gallery=gallery,
        boxes=_boxes(rows) if boxes else None,
    ).check()


def _rows(file: Path, needed: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """Every line as (where it stands, its cells by column); the ``needed`` ones are not empty."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines, restval="")
            _check_header(file, reader.fieldnames or (), needed)
            for row in reader:
                where = f"{file}, line {reader.line_num}"
                empty = [column for column in needed if not row[column].strip()]
                if empty or None in row:
                    raise InputError(f"{where}: " + (f"no {empty[0]}" if empty else "more cells than the header has"))
                yield where, {column: cell.strip() for column, cell in row.items()}
    except FileNotFoundError:
        raise InputError(f"{file} is not there") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file} cannot be read: {error}") from None


def _check_header(file: Path, found: Sequence[str], needed: tuple[str, ...]) -> None:
    missing = [column for column in needed if column not in found]
    if missing:
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        there = ", ".join(found[:_NAMED]) + more or "nothing"
        raise InputError(f"{file}, line 1: no column {', '.join(missing)} (found {there})")
    if len(set(ROLES) & set(found)) == 1:
        raise InputError(f"{file}, line 1: of the columns is_query and is_gallery only one is there: give both or none")


def _split(where: str, row: dict[str, str]) -> bool:
    if row["split"].lower() not in TRAINS:
        raise InputError(f"{where}: split '{row['split']}' is none of {', '.join(TRAINS)}")
    return TRAINS[row["split"].lower()]


def _role(where: str, row: dict[str, str], role: str) -> bool:
    flag = row.get(role, "true").lower()
    if flag not in FLAGS:
        raise InputError(f"{where}: {role} '{row[role]}' is neither True nor False")
    return FLAGS[flag]


def _boxes(rows: list[tuple[str, dict[str, str]]]) -> np.ndarray:
    """(N, 4) float32 of x, y, width, height of the lines' boxes."""
    found = [reading.box(where, [row[corner] for corner in CORNERS], corners=True) for where, row in rows]
    return np.array(found, dtype=np.float32)
