"""Captioned: the images that tables of paths and captions name, and what is held out of them to test on."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.lists import tables
from datasets.lists.described import Described

COLUMNS = ("path", "caption")
PARTS = {"train": "train", "dev": "dev", "val": "dev", "validation": "dev", "test": "test"}
SHARE, MOST = 10, 1_000  # one image in ten is held out, but not more than so many
SEED = 0

_BREAK = re.compile(r"\s*[\r\n]+\s*")  # within a cell of a spreadsheet

Line = tuple[str, str, str, str]  # where it stands, path, caption, part


def lines(file: str, part: str = "") -> list[Line]:
    """The lines of a table with the columns path, caption, and split where there is no ``part``.

    The part of a line is "" where nothing tells it. Raises InputError naming file and line.
    """
    found = []
    for where, row in tables.rows(file, COLUMNS):
        split = part or row.get("split", "").lower()
        if split and split not in PARTS:
            raise InputError(f"{where}: split '{row['split']}' is none of {', '.join(PARTS)}")
        found.append(
            (where, tables.path_from(file, row["path"]), _BREAK.sub(" ", row["caption"]), PARTS.get(split, ""))
        )
    if not found:
        raise InputError(f"{file} has a header, but no line of an image")
    return found


def grouped(named: Iterable[Line]) -> list[Described]:
    """The images of such lines in order, each with all its captions; raises InputError for one of two parts."""
    images: dict[str, Described] = {}
    for where, path, caption, part in named:
        before = images.setdefault(path, Described(path, [], part, where))
        if before.part != part:
            raise InputError(
                f"{where}: {path} is to {part or 'no part'} here and to {before.part or 'no part'} in {before.where}"
            )
        images[path] = replace(before, captions=[*before.captions, caption])
    return list(images.values())


def held_out(images: Sequence[Described], parts: Sequence[str]) -> list[Described]:
    """The same, where those of no part train, and a tenth of these is of each of the ``parts`` that no image is of.

    Which ones is drawn, the same on every call: it depends on the number and the order of the images alone.
    """
    found = [replace(image, part=image.part or "train") for image in images]
    for number, part in enumerate(parts):
        train = [row for row, image in enumerate(found) if image.part == "train"]
        if any(image.part == part for image in found) or len(train) < 2:
            continue
        count = min(max(len(train) // SHARE, 1), MOST)
        for row in np.random.default_rng((SEED, number)).permutation(train)[:count]:
            found[row] = replace(found[row], part=part)
    return found


def split_files(folder: Path) -> list[tuple[str, str]]:
    """The tables of a folder, each with its part: of all of them ``captions``, "", or of each its own."""
    for names in (("captions",), tuple(PARTS)):
        found = [(name, folder / f"{name}{ending}") for name in names for ending in tables.ENDINGS]
        if there := [(str(file), PARTS.get(name, "")) for name, file in found if file.is_file()]:
            return there
    return []
