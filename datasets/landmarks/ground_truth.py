"""Ground truth of Oxford and Paris, and of sets in their form: what each query is to find, by texts or a pickle."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files import plain_pickle
from datasets.images.truth import Rows, Truth, positions
from datasets.lists import reading

PREFIX = "oxc1_"  # before the name of a query's picture in Oxford's text files
QUERY = "_query.txt"
GRADES = ("good", "ok", "junk")
NO_BOX = (math.nan,) * 4


@dataclass(frozen=True)
class GroundTruth:
    """The names of the gallery's pictures and of the queries' pictures, without endings; and what these are to find."""

    gallery: Sequence[str]
    asked: Sequence[str]
    truth: Truth


def from_texts(folder: Path, pictures: Sequence[str], *, unreadable: Sequence[str] = ()) -> GroundTruth:
    """The text files ``<query>_{query,good,ok,junk}.txt`` of Oxford5k and Paris6k (Philbin et al. 2007, 2008).

    pictures : the names of all that are there; those that are not ``unreadable`` are the gallery
    A name that a file has twice counts once, and what is good or ok is no junk. Raises InputError naming the file, and
    the line or a picture that is not there.
    """
    files = sorted(folder.glob(f"*{QUERY}"))
    if not files:
        raise InputError(f"{folder} has no <query>{QUERY}: unpack the ground truth again")
    gallery = [name for name in pictures if name not in unreadable]
    place_of: dict[str, int | None] = {name: place for place, name in enumerate(gallery)}
    place_of |= dict.fromkeys(unreadable)
    found = []
    for file in files:
        good, ok, junk = (
            _graded(file.with_name(file.name.replace(QUERY, f"_{grade}.txt")), place_of) for grade in GRADES
        )
        found.append((*_query(file), sorted(good), sorted(ok - good), sorted(junk - good - ok)))
    names, boxes, good, ok, junk = zip(*found, strict=True)
    return GroundTruth(gallery, names, _truth("oxford", boxes, *map(positions, (good, ok, junk))))


def _graded(file: Path, place_of: dict[str, int | None]) -> set[int]:
    """The positions of the pictures that a file names, but for those that nobody can read."""
    places = set()
    for number, line in enumerate(reading.lines(file), start=1):
        name = line.strip()
        if name and name not in place_of:
            raise InputError(f"{file}, line {number}: picture {name} is not there: unpack the pictures again")
        places.add(place_of[name] if name else None)
    return places - {None}


def _query(file: Path) -> tuple[str, Sequence[float]]:
    """The picture of a query, and its box."""
    where, cells = reading.cells(file, "picture x1 y1 x2 y2")[0]
    return cells[0].removeprefix(PREFIX), reading.box(where, cells[1:], corners=True)


def from_pickle(file: Path, *, revisited: bool) -> GroundTruth:
    """A ``gnd_<set>.pkl``: names ``imlist`` and ``qimlist``, and for each query ``gnd`` with positions in the former.

    revisited : each query has ``easy``, ``hard`` and ``junk``, and without it ``ok`` and ``junk``; besides ``bbx``, its
        box by two corners, unless no query has one
    Raises InputError naming the file and the query.
    """
    content = plain_pickle.read(file)
    gallery, asked, entries = (_listed(file, content, key) for key in ("imlist", "qimlist", "gnd"))
    for key, names in (("imlist", gallery), ("qimlist", asked)):
        if not all(isinstance(name, str) for name in names):
            raise InputError(f"{file}: its {key} has something else than names")
    if len(asked) != len(entries) or not entries:
        raise InputError(f"{file}: has {len(asked):,} queries in qimlist, but {len(entries):,} in gnd")
    grades = ("easy", "hard", "junk") if revisited else ("ok", "junk")
    lists = [
        positions([_places(file, number, entry, grade, len(gallery)) for number, entry in enumerate(entries)])
        for grade in grades
    ]
    easy, hard, junk = lists if revisited else (lists[0], positions([()] * len(entries)), lists[1])
    has_boxes = any("bbx" in entry for entry in entries)
    boxes = [_box(file, number, entry) if has_boxes else NO_BOX for number, entry in enumerate(entries)]
    return GroundTruth(gallery, asked, _truth("revisited" if revisited else "oxford", boxes, easy, hard, junk))


def _listed(file: Path, content: object, key: str) -> Sequence:
    found = content.get(key) if isinstance(content, dict) else None
    if not isinstance(found, list | tuple):
        raise InputError(f"{file}: has no list {key}: it is no ground truth of Oxford and Paris, fetch it again")
    return found


def _places(file: Path, number: int, entry: object, grade: str, count: int) -> np.ndarray:
    """The positions of a grade, each once."""
    found = _listed(file, entry, grade)
    wrong = [place for place in found if type(place) is not int or not 0 <= place < count]
    if wrong:
        raise InputError(f"{file}: query {number} names {wrong[0]!r} as {grade}, of {count:,} pictures")
    return np.unique(np.array(found, dtype=np.int64))


def _box(file: Path, number: int, entry: dict) -> Sequence[float]:
    found = entry.get("bbx")
    if not isinstance(found, list | tuple) or not all(isinstance(side, int | float) for side in found):
        raise InputError(f"{file}: query {number} has no box bbx of four numbers")
    return reading.box(f"{file}: query {number}", found, corners=True)


def _truth(protocol: str, boxes: Sequence[Sequence[float]], easy: Rows, hard: Rows, junk: Rows) -> Truth:
    crops = np.array(boxes, dtype=np.float32)
    return Truth(protocol, easy, hard, junk, boxes=None if np.isnan(crops).all() else crops)
