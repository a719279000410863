"""Lists of images: the text files by which a set names its images, and whether what they name is there."""

import math
import os
from collections.abc import Callable, Container, Sequence
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files import address, packed
from datasets.images.base import ImageSet

Counts = dict[str, tuple[int, int]]  # "train", "query", "gallery" or "all" -> its images, its classes


def folder(
    root: str | Path | None,
    *markers: str,
    name: str,
    inner: str,
    source: str = "",
    fetch: Callable[[Path], object] | None = None,
) -> Path:
    """The folder of the set ``name``, which holds one of the ``markers`` (files or folders).

    It is ``root`` or ``root/inner``, or these two in ``root/<name>``. Where it is none of them, but ``root`` is a
    folder and not ``inner`` itself, ``fetch`` is called to fill ``root/<name>``. ``source`` says where the set can be
    had. Raises InputError naming ``root`` where there is no such folder.
    """
    source = source and f"; {source}"
    if root is None:
        raise InputError(f"dataset {name} needs its folder: name the folder that holds {markers[0]}{source}")
    found = _holding(Path(root), markers, name, inner)
    if found is None and fetch is not None and Path(root).is_dir() and Path(root).name != inner:
        try:
            fetch(Path(root, name))
        except InputError as error:
            raise InputError(f"{root} has no {markers[0]}, and {error}") from None
        found = _holding(Path(root), markers, name, inner)
    if found is None:
        what = f"has no {markers[0]}" if Path(root).is_dir() else "is not a folder"
        source = "; or make a folder for it, and it is downloaded there" if fetch else source
        raise InputError(f"{root} {what}: name the unpacked folder {inner} or the one it stands in{source}")
    return found


def _holding(root: Path, markers: Sequence[str], name: str, inner: str) -> Path | None:
    places = (root, root / inner, root / name, root / name / inner)
    return next((place for place in places if any((place / marker).exists() for marker in markers)), None)


def lines(file: Path) -> list[str]:
    """The lines of a text file, without their ends; raises InputError where it is missing or no UTF-8 text."""
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise InputError(f"{file} is missing: unpack the data set again") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}") from None


def cells(file: Path, columns: str, *, skip: int = 0, cut: str | None = None) -> list[tuple[str, list[str]]]:
    """The lines of a table as (where it stands, its cells), after the first ``skip`` and without the empty ones.

    ``columns`` names what a line holds ("image_id class_id path"); ``cut`` parts the cells, white space unless given.
    Raises InputError naming file and line where a line has another number of cells, or the file where it has no line.
    """
    wanted = len(columns.split())
    rows = []
    for number, line in enumerate(lines(file), start=1):
        if number <= skip or not line.strip():
            continue
        row = [cell.strip() for cell in line.split(cut)]
        if len(row) != wanted:
            raise InputError(f"{file}, line {number}: expected {columns}, found '{line}'")
        rows.append((f"{file}, line {number}", row))
    if not rows:
        raise InputError(f"{file} is empty: unpack the data set again")
    return rows


def class_number(where: str, text: str) -> int:
    """The number of a class; raises InputError, which begins with ``where``, where ``text`` is none."""
    if not text.isdecimal():
        raise InputError(f"{where}: expected the number of a class, found '{text}'")
    return int(text)


def box(where: str, numbers: Sequence[str | float], *, corners: bool = False) -> list[float]:
    """x, y, width, height of a box in pixels from these four, or from x, y, x, y of its ``corners``.

    Raises InputError, which begins with ``where``, where they are no four numbers or the box is empty.
    """
    found = " ".join(map(str, numbers))
    try:
        x, y, width, height = map(float, numbers)
    except ValueError:
        what = "left top right bottom" if corners else "x y width height"
        raise InputError(f"{where}: a box needs four numbers {what}, found '{found}'") from None
    if corners:
        width, height = width - x, height - y
    if not (width > 0 and height > 0 and math.isfinite(x + y + width + height)):
        raise InputError(f"{where}: the box is empty (found '{found}')")
    return [x, y, width, height]


def classes(
    names: Sequence[str], *, order: Callable[[str], object] | None = None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Labels (N,) int64 of images from the name of each one's class, and the names in order."""
    class_names = tuple(sorted(set(names), key=order))
    number = {name: label for label, name in enumerate(class_names)}
    return np.array([number[name] for name in names], dtype=np.int64), class_names


def check_present(paths: Sequence[str]) -> None:
    """Raises InputError naming the first folder or image that is missing, and how many images are; else nothing."""
    missing = absent(paths)
    if not missing:
        return
    first = paths[missing[0]]
    parent = os.path.dirname(first)
    first = first if os.path.isdir(parent) else f"folder {parent}"
    raise InputError(
        f"{first} is missing, {len(missing):,} of {len(paths):,} images are not there: the set is half unpacked,"
        f" unpack it again"
    )


def absent(paths: Sequence[str]) -> list[int]:
    """The positions of those ``paths`` that are not there; addresses are not asked for.

    Every folder is looked into once, which takes a second for a hundred thousand images.
    """
    found: dict[str, Container[str]] = {}
    missing = []
    for row, path in enumerate(paths):
        if address.is_address(path):
            continue
        parent, name = os.path.split(path)
        if parent not in found:
            found[parent] = _names_in(parent or ".")
        if name not in found[parent]:
            missing.append(row)
    return missing


def _names_in(place: str) -> Container[str]:
    if inside := packed.split(place):
        return _Packed(*inside)
    try:
        return entries(place)
    except PermissionError:
        return _Unlisted(place)  # one may still know what stands in it


class _Packed:
    """The names of the files in a folder of an archive."""

    def __init__(self, archive: str, inner: str) -> None:
        self._members, self._inner = packed.index(archive).members, f"{inner}/" if inner else ""

    def __contains__(self, name: object) -> bool:
        return f"{self._inner}{name}" in self._members


class _Unlisted:
    """The names in a folder that cannot be listed."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __contains__(self, name: object) -> bool:
        return os.path.exists(os.path.join(self._place, str(name)))


def entries(place: str) -> set[str]:
    """The names of what stands in the folder ``place``; none where it is no folder."""
    try:
        with os.scandir(place) as found:
            return {entry.name for entry in found}
    except (FileNotFoundError, NotADirectoryError):
        return set()


def check_counts(image_set: ImageSet, counts: Counts, *, place: Path, title: str) -> None:
    """Raises InputError where a part has other counts of images and classes than the published set ``title``.

    Where images have several labels, all of them count as classes, whether an image shows them or not.
    """
    for part, expected in counts.items():
        labels = image_set.labels if part == "all" else image_set.labels[getattr(image_set, part)]
        found = (len(labels), labels.shape[1] if image_set.several_labels else len(np.unique(labels)))
        if found != expected:
            where = "" if part == "all" else f" in its {part} part"
            raise InputError(
                f"{place}: has {found[0]:,} images of {found[1]:,} classes{where}, where {title} has"
                f" {expected[0]:,} of {expected[1]:,}: unpack the set again, or it is another one"
            )
