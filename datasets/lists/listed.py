"""Listed: the pictures that a text file or a table names, in its order."""

import logging
import os
from collections.abc import Sequence

from datasets.errors import InputError
from datasets.files import address, packed
from datasets.images.pixels import ENDINGS
from datasets.lists import reading, tables

log = logging.getLogger(__name__)


def paths(file: str) -> list[str]:
    """The paths and addresses that a text file (one a line) or a CSV file (column path) names, each once.

    Raises InputError naming the list and the line of the first file that is not there, and how many are.
    """
    if file.lower().endswith(tables.ENDINGS):
        named = [(where, row["path"]) for where, row in tables.rows(file, ("path",))]
    else:
        lines = tables.decoded(file, errors="surrogateescape").split("\n")
        named = [(f"{file}, line {number}", line.strip()) for number, line in enumerate(lines, start=1) if line.strip()]
    wheres = [where for where, _ in named]
    found = [tables.path_from(file, cell) for _, cell in named]
    check_present(file, wheres, found)
    _check_no_folder(wheres, found)
    for url in {path.partition("://")[0]: path for path in found if address.is_address(path)}.values():
        address.check(url)
    return _once(wheres, found)


def check_present(file: str, wheres: Sequence[str], found: Sequence[str]) -> None:
    """Raises InputError naming the first file of a list that is not there; ``wheres`` tells where each one is named."""
    missing = reading.absent(found)
    if missing:
        first = missing[0]
        raise InputError(
            f"{wheres[first]}: {found[first]} is not there, nor are {len(missing) - 1:,} more of {len(found):,} files"
            f" that {file} names: mend the list (paths start in its folder), or add them"
            if len(missing) > 1
            else f"{wheres[first]}: {found[first]} is not there: mend the list (paths start in its folder), or add it"
        )


def _check_no_folder(wheres: Sequence[str], found: Sequence[str]) -> None:
    """Raises InputError naming the first line with a folder or an archive, of those that are not called a picture."""
    for where, path in zip(wheres, found, strict=True):
        if address.is_address(path) or path.lower().endswith(ENDINGS):
            continue
        if os.path.isdir(path) or packed.is_archive(path):
            what = "a folder" if os.path.isdir(path) else "an archive"
            raise InputError(f"{where}: {path} is {what}; a list names pictures: name {what} itself by --data-path")


def _once(wheres: Sequence[str], found: Sequence[str]) -> list[str]:
    """Each path once, where it stands first; the others are told."""
    first: dict[str, int] = {}
    again = [(row, first[path]) for row, path in enumerate(found) if first.setdefault(path, row) != row]
    if again:
        row, before = again[0]
        log.warning(
            "%s: %s stands in line %s already; it and %d such lines in all are taken once",
            wheres[row], found[row], wheres[before].rpartition(" ")[2], len(again),
        )  # fmt: skip
    return list(first)
