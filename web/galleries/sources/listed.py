"""Listed: the pictures that a text file names, one a line, or a table with a column path, and perhaps label."""

import os

from datasets.errors import InputError
from datasets.files import address
from datasets.files.tree import PassedOver
from datasets.lists import tables
from web.galleries.sources.base import LONGEST, Entry, Given, kept, named

_LABELS = ("label", "class", "category")


class Listed:
    """A Source; what it names that is not there is told, and looked for again at each refresh."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.passed = PassedOver()

    def entries(self) -> list[Entry]:
        """In its order, each path once."""
        found: dict[str, Entry] = {}
        for where, cell, category in self._rows():
            path = kept(cell)
            if address.is_address(cell):
                raise InputError(f"{where}: {cell} is an address; a gallery is made of files, fetch it first")
            if len(path.encode()) > LONGEST or "\0" in path:
                self.passed.add("lines that name no file", where)
            elif path in found:
                self.passed.add("lines that name a file again", where)
            else:
                found[path] = Entry(path, kept(category)[:200])
        if not found:
            raise InputError(f"{self._file} names no picture: put one a line, or a column path")
        return list(found.values())

    def _rows(self) -> list[tuple[str, str, str]]:
        """Where each line stands, what it names, and its class."""
        if self._file.lower().endswith(tables.ENDINGS):
            rows = tables.rows(self._file, ("path",))
            return [(where, row["path"], _label(row)) for where, row in rows]
        lines = tables.decoded(self._file, errors="surrogateescape").split("\n")
        return [
            (f"{self._file}, line {number}", line.strip(), "") for number, line in enumerate(lines, 1) if line.strip()
        ]

    def place(self, path: str) -> str:
        """As the list names it, from its folder on."""
        return os.path.realpath(tables.path_from(self._file, named(path)))

    def vectors(self) -> Given | None:
        """None."""
        return None


def _label(row: dict[str, str]) -> str:
    """The class that a line of a table tells, "" for none."""
    return tables.unguarded(next((row[name] for name in _LABELS if name in row), ""))
