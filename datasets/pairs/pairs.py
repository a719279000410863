"""Pairs, your own pictures with texts and labels: train.tsv and test.tsv, a line a pair."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.lists import reading, tables
from datasets.pairs.base import PairSet

LISTS = ("train.tsv", "test.tsv")
NAMES = "categories.txt"
LINE = "path<TAB>label<TAB>text"
BETWEEN = ","  # several labels


@dataclass(frozen=True)
class _Pair:
    where: str
    path: str
    labels: tuple[str, ...]
    text: str


def load(root: str | Path | None, *, texts: str = "") -> PairSet:
    """The pairs of the lists in the folder ``root``, called as the folder is.

    A line is ``path<TAB>label<TAB>text``; the path is absolute or from the list's folder on, several labels have commas
    between them, and the text has no further tab. Where every label is a whole number, ``categories.txt`` may name
    them, a line each from 0 on. The pairs of test.tsv ask, those of train.tsv train and answer. Raises InputError
    naming list and line.
    """
    if texts:
        raise InputError(f"--texts={texts}: your own pairs have one kind of texts; leave it out")
    if root is None or not Path(root).is_dir():
        what = "name it by --data-path" if root is None else f"{root} is none"
        raise InputError(f"dataset pairs needs the folder of {' and '.join(LISTS)}: {what}")
    folder = Path(root)
    parts = [_read(folder / name) for name in LISTS]
    listed = [pair for part in parts for pair in part]
    _check_once(listed)
    reading.check_present([pair.path for pair in listed])
    labels, class_names = _labels(folder, listed)
    train = np.arange(len(parts[0]))
    pictures = ImageSet(
        name=folder.resolve().name,
        images=[pair.path for pair in listed],
        labels=labels,
        class_names=class_names,
        train=train,
        query=np.arange(len(train), len(listed)),
        gallery=train,
    )
    return PairSet(pictures, tuple(pair.text for pair in listed)).check()


def _read(file: Path) -> list[_Pair]:
    found = []
    for number, line in enumerate(tables.decoded(str(file)).splitlines(), start=1):
        if not line.strip():
            continue
        where, cells = f"{file}, line {number}", [cell.strip() for cell in line.split("\t")]
        if len(cells) != 3 or not all(cells):
            raise InputError(f"{where}: expected {LINE}, found '{line[:100]}'")
        labels = tuple(dict.fromkeys(label.strip() for label in cells[1].split(BETWEEN) if label.strip()))
        if not labels:
            raise InputError(f"{where}: has no label; write one, or several with commas between them")
        found.append(_Pair(where, tables.path_from(str(file), cells[0]), labels, cells[2].replace("\0", " ")))
    if not found:
        raise InputError(f"{file} is empty: write a line a pair, {LINE}")
    return found


def _check_once(listed: list[_Pair]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for pair in listed:
        if (pair.path, pair.text) in seen:
            raise InputError(f"{pair.where}: the pair is there already, in {seen[pair.path, pair.text]}; take one out")
        seen[pair.path, pair.text] = pair.where


def _labels(folder: Path, listed: list[_Pair]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Labels (N,) int64 where every pair has one, else (N, L) bool, and their names."""
    given = {label for pair in listed for label in pair.labels}
    numbers = all(label.isdecimal() for label in given)
    order = sorted(given, key=lambda label: (int(label), label) if numbers else label)
    place = {label: position for position, label in enumerate(order)}
    names = _named(folder / NAMES, order) if numbers else tuple(order)
    if all(len(pair.labels) == 1 for pair in listed):
        return np.array([place[pair.labels[0]] for pair in listed], np.int64), names
    found = np.zeros((len(listed), len(order)), bool)
    for row, pair in enumerate(listed):
        found[row, [place[label] for label in pair.labels]] = True
    return found, names


def _named(file: Path, numbers: list[str]) -> tuple[str, ...]:
    """The names of labels that are numbers from 0 on, by the lines of ``file`` where it is there."""
    if not file.exists():
        return tuple(numbers)
    names = [line.strip() for line in reading.lines(file)]
    if int(numbers[-1]) >= len(names):
        raise InputError(f"{file}: names {len(names)} labels, and the lists have label {numbers[-1]}")
    return tuple(names[int(number)] for number in numbers)
