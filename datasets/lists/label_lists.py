"""Label lists: text files with one image a line, `path 0 1 0 ...`, as HashNet (Cao et al. 2017) deals out its sets.

A folder holds ``train.txt``, ``test.txt`` (or ``query.txt``), ``database.txt`` (the gallery), and ``classes.txt`` with
a name a line where somebody has written one. Behind a path stands a 1 for every concept that the image shows, and a 0
for every other one.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.lists import reading

PARTS = {"train": ("train.txt",), "query": ("test.txt", "query.txt"), "gallery": ("database.txt",)}
NAMES = "classes.txt"
LINE = "'path 0 1 0 ...'"


@dataclass(frozen=True)
class LabelList:
    """What one list says: the paths as they stand in it, and labels (N, L) bool."""

    file: Path
    paths: list[str]
    labels: np.ndarray


def published(
    root: str | Path | None,
    *,
    name: str,
    inner: str,
    title: str,
    counts: reading.Counts,
    source: str,
    boxes: bool,
) -> ImageSet:
    """The set whose lists are published with their ``counts``, in ``root`` or in the folder ``inner`` within it.

    Raises InputError as ``load`` does, and where a part has other counts.
    """
    folder = reading.folder(root, "train.txt", "database.txt", name=name, inner=inner, source=source)
    image_set = load(folder, name=name, boxes=boxes)
    reading.check_counts(image_set, counts, place=folder, title=title)
    return image_set


def load(folder: Path, *, name: str, boxes: bool = False) -> ImageSet:
    """The set of the lists in ``folder``; an image that stands in two lists is one image in two parts.

    Its labels are classes (N,) where every line has exactly one 1, otherwise concepts (N, L) bool; an image that shows
    none of them is relevant to no query. Where no folder is there as a list names it, its leading parts are dropped one
    by one until one is, in ``folder`` or in ``folder/images``: ``/home/them/coco/val2014/a.jpg`` is found as
    ``val2014/a.jpg``.

    Raises InputError naming file and line: of another number of labels, of what is no 0 or 1, of an image that is
    missing, or listed twice, or with other labels than elsewhere; and naming a list that is missing or empty.
    """
    if boxes:
        raise InputError(f"{folder}: its lists have no boxes; do not ask for crops to boxes")
    parts = {part: read(_file(folder, files)) for part, files in PARTS.items()}
    _check_widths(list(parts.values()))
    images, labels, rows = _merged(folder, parts)
    single = bool((labels.sum(axis=1) == 1).all())
    return ImageSet(
        name=name,
        images=images,
        labels=labels.argmax(axis=1).astype(np.int64) if single else labels,
        class_names=_class_names(folder / NAMES, labels.shape[1]),
        **rows,
    ).check()


def read(file: Path) -> LabelList:
    """The list ``file``; raises InputError naming it, and the line that is wrong."""
    rows = reading.lines(file)
    if not rows:
        raise InputError(f"{file} is empty: it takes a line {LINE} for every image")
    width = len(rows[0].split()) - 1
    paths, digits = [], []
    for number, row in enumerate(rows, start=1):
        path, *values = row.split() or [""]
        text = "".join(values)
        if width < 2 or not len(values) == len(text) == width or text.strip("01"):
            raise InputError(f"{file}, line {number}: {_fault(values, width, row)}")
        paths.append(path)
        digits.append(text)
    labels = np.frombuffer("".join(digits).encode(), dtype=np.uint8).reshape(-1, width) == ord("1")
    return LabelList(file, paths, labels)


def _fault(values: list[str], width: int, row: str) -> str:
    if not row.strip():
        return f"is empty, where {LINE} is expected: remove it"
    wrong = [value for value in values if value not in ("0", "1")]
    if wrong:
        return f"expected 0 or 1 behind the path, which has no spaces, found '{wrong[0]}'"
    wanted = f"line 1 has {width}" if len(values) != width else f"{LINE} has two or more"
    return f"has {len(values)} label(s), where {wanted}"


def _file(folder: Path, names: Sequence[str]) -> Path:
    """The one file of ``folder`` that is called so."""
    there = [name for name in names if (folder / name).exists()]
    if not there:
        raise InputError(f"{folder / names[0]} is missing: a set has the lists train.txt, test.txt and database.txt")
    if len(there) > 1:
        raise InputError(f"{folder} has {' and '.join(there)}: keep the one that lists the queries")
    return folder / there[0]


def _check_widths(found: list[LabelList]) -> None:
    first = found[0]
    for other in found[1:]:
        if other.labels.shape[1] != first.labels.shape[1]:
            raise InputError(
                f"{other.file}, line 1: has {other.labels.shape[1]} label(s), where {first.file} has"
                f" {first.labels.shape[1]}: take lists of the same set"
            )


def _merged(folder: Path, parts: dict[str, LabelList]) -> tuple[list[str], np.ndarray, dict[str, np.ndarray]]:
    """Files, labels (N, L) bool and each part's rows, of images in the order in which they are first listed."""
    lines = [(found.file, number) for found in parts.values() for number in range(1, len(found.paths) + 1)]
    listed = [path for found in parts.values() for path in found.paths]
    files = located(folder, listed)
    missing = [line for line, file in enumerate(files) if not file]
    if missing:
        raise InputError(
            f"{_place(lines[missing[0]])}: image {listed[missing[0]]} is missing, {len(missing):,} of"
            f" {len(listed):,} listed are not there: put them into {folder} or {folder / 'images'}"
        )
    seen: dict[str, int] = {}
    first = np.array([seen.setdefault(file, line) for line, file in enumerate(files)])  # where it is first listed
    labels = np.concatenate([found.labels for found in parts.values()])
    ends = np.cumsum([0, *(len(found.paths) for found in parts.values())])
    for start, end in zip(ends, ends[1:], strict=False):
        _check_once(first[start:end], lines[start:end], listed[start:end])
    other = (labels != labels[first]).any(axis=1)
    if other.any():
        line = int(other.argmax())
        raise InputError(
            f"{_place(lines[line])}: image {listed[line]} has other labels than in {_place(lines[first[line]])}"
        )
    kept, rows = np.unique(first, return_inverse=True)
    split = {part: rows[start:end] for part, start, end in zip(parts, ends, ends[1:], strict=False)}
    return [files[line] for line in kept], labels[kept], split


def _check_once(first: np.ndarray, lines: list[tuple[Path, int]], listed: list[str]) -> None:
    """Raises InputError where a list names an image twice; ``first`` (N,) tells its images apart."""
    _, kept, same = np.unique(first, return_index=True, return_inverse=True)
    again = np.flatnonzero(kept[same] != np.arange(len(first)))
    if len(again):
        line = int(again[0])
        raise InputError(
            f"{_place(lines[line])}: image {listed[line]} stands in line {lines[kept[same[line]]][1]} already"
            f" ({len(again):,} such line(s)): remove one of them"
        )


def _place(line: tuple[Path, int]) -> str:
    return f"{line[0]}, line {line[1]}"


def located(folder: Path, listed: Sequence[str]) -> list[str]:
    """The file under ``folder`` that each listed path means, see ``load``; "" where there is none.

    Every folder is looked into once for every way in which the lists write it.
    """
    places: dict[str, list[tuple[str, set[str]]]] = {}
    found = []
    for path in listed:
        parent, _, name = path.rpartition("/")
        if parent not in places:
            places[parent] = [(place, reading.entries(place)) for place in _places(folder, parent)]
        found.append(next((f"{place}/{name}" for place, names in places[parent] if name in names), ""))
    return found


def _places(folder: Path, parent: str) -> list[str]:
    """The folders that a list may mean by ``parent``: those of its longest end that are there."""
    if parent.startswith("/") and os.path.isdir(parent):
        return [os.path.normpath(parent)]
    parts = [part for part in parent.split("/") if part not in ("", ".")]
    for start in range(len(parts) + 1):
        tail = os.path.join(*parts[start:], "")
        there = [os.path.normpath(base / tail) for base in (folder, folder / "images") if (base / tail).is_dir()]
        if there:
            return there
    return []


def _class_names(file: Path, width: int) -> tuple[str, ...]:
    """The names of the ``width`` concepts: the lines of ``file`` where it is there, else "0", "1", ..."""
    if not file.exists():
        return tuple(map(str, range(width)))
    names = [line.strip() for line in reading.lines(file)]
    if len(names) != width or len(set(names)) != width or "" in names:
        raise InputError(f"{file}: expected {width} different names, a line each, found {len(set(names) - {''})}")
    return tuple(names)
