"""Labeled Faces in the Wild, 13,233 photographs of 5,749 people, to verify with only (Huang et al. 2007).

The set is judged by the 6,000 pairs of its View 2, in ten folds: the same person, or two? Nobody trains on it.
"""

from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet, Pairs
from datasets.lists import reading

COUNTS = {"all": (13_233, 5_749)}
ALIGNMENTS = ("lfw-deepfunneled", "lfw_funneled", "lfw")  # the folders of the archives
PAIRS = "pairs.txt"
SOURCE = "it holds a folder for every person, from lfw.tgz, lfw-funneled.tgz or lfw-deepfunneled.tgz"


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The images of ``root/lfw-deepfunneled``, ``root/lfw_funneled`` or ``root/lfw``, the first that is there.

    The set is called as that folder, since figures of differently aligned faces do not compare. Its pairs stand in
    ``root/pairs.txt`` or in the folder: the first line has the number of folds and, n, of pairs; every fold is n lines
    "name 1 2" and n lines "name 1 other 2". Query and gallery are the images that stand in pairs. Raises InputError
    naming file and line, a pair's image that is missing, or counts that are not those of the set.
    """
    place = reading.folder(root, *ALIGNMENTS, name="lfw", inner="lfw", source=SOURCE)
    if boxes:
        raise InputError(f"{place}: LFW has no boxes, its images are cropped already; do not ask for crops")
    folder = next(place / name for name in ALIGNMENTS if (place / name).exists())
    if not folder.is_dir():
        raise InputError(f"{folder} is a file and no folder: unpack the images there; {SOURCE}")
    if (folder / folder.name).is_dir():  # some archives hold the folder in a folder of its name
        folder = folder / folder.name
    files = [file for person in sorted(folder.iterdir()) if person.is_dir() for file in sorted(person.glob("*.jpg"))]
    labels, class_names = reading.classes([file.parent.name for file in files])
    pairs = _pairs(_file_of_pairs(place, folder), folder, files)
    asked = np.unique(pairs.rows)
    image_set = ImageSet(
        name=folder.name,
        images=[str(file) for file in files],
        labels=labels,
        class_names=class_names,
        train=asked[:0],
        query=asked,
        gallery=asked,
        pairs=pairs,
    )
    reading.check_counts(image_set, COUNTS, place=folder, title="LFW")
    return image_set.check()


def _file_of_pairs(place: Path, folder: Path) -> Path:
    for file in (place / PAIRS, folder / PAIRS):
        if file.is_file():
            return file
    raise InputError(f"{place / PAIRS} is missing: it is a download of its own, put the {PAIRS} of LFW's View 2 there")


def _pairs(file: Path, folder: Path, images: list[Path]) -> Pairs:
    lines = reading.lines(file)
    folds, count = _header(file, lines)
    where = [f"{file}, line {number}" for number in range(1, len(lines) + 1)]
    same = np.tile(np.repeat([True, False], count), folds)
    names = [_names(where[line], lines[line], same=kind) for line, kind in enumerate(same, start=1)]
    row_of = {f"{image.parent.name}/{image.name}": row for row, image in enumerate(images)}
    missing = [(where[line], name) for line, pair in enumerate(names, start=1) for name in pair if name not in row_of]
    if missing:
        first = f"{missing[0][0]}: {folder / missing[0][1]} is missing"
        raise InputError(f"{first} ({len({name for _, name in missing}):,} such images): unpack the images again")
    rows = np.array([[row_of[name] for name in pair] for pair in names], dtype=np.int64)
    return Pairs(rows, same, np.repeat(np.arange(folds), 2 * count))


def _header(file: Path, lines: list[str]) -> tuple[int, int]:
    """The number of folds and half of the number of pairs in each, where as many lines follow."""
    head = lines[0].split() if lines else []
    if len(head) != 2 or not all(cell.isdecimal() and int(cell) for cell in head):
        found = lines[0] if lines else "nothing"
        raise InputError(f"{file}, line 1: expected the numbers of folds and of pairs, as 10 300, found '{found}'")
    folds, count = map(int, head)
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) != 1 + 2 * folds * count:
        told = f"{folds} folds of {count} + {count} pairs, that is {2 * folds * count:,} lines"
        raise InputError(f"{file}: line 1 tells of {told}, but {len(lines) - 1:,} follow: download it again")
    return folds, count


def _names(where: str, line: str, *, same: bool) -> tuple[str, str]:
    """The two images of a line, as "Name/Name_0001.jpg"."""
    cells = line.split()
    if len(cells) != (3 if same else 4) or not (cells[1].isdecimal() and cells[-1].isdecimal()):
        expected = "name number number" if same else "name number name number"
        raise InputError(f"{where}: expected {expected}, found '{line}'")
    return _name(cells[0], cells[1]), _name(cells[0 if same else 2], cells[-1])


def _name(person: str, number: str) -> str:
    return f"{person}/{person}_{int(number):04d}.jpg"
