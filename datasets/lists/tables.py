"""Tables: CSV files as people and spreadsheets write them, with the place of every line."""

import codecs
import csv
import io
import os
import posixpath
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from datasets.errors import InputError
from datasets.files import address, contents, packed

Row = tuple[str, dict[str, str]]  # where a line stands, and its cells by column

ENDINGS = (".csv", ".tsv")
_BETWEEN = ",;\t"
_SEPARATOR = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)  # a line that some spreadsheets put before the header
_RUNS = re.compile(r"'*[=+\-@\t\r\n]")  # how what a spreadsheet takes for a formula begins, guarded or not
_NAMED = 6  # columns of a header that an error names
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def rows(file: str, needed: Sequence[str], *, empty: Sequence[str] = ()) -> list[Row]:
    """Every line of the table ``file`` that is not empty; the ``needed`` columns are there and have a value.

    empty : which of them may be without one

    Cells are parted by comma, semicolon or tab, whichever the header shows; text is UTF-8, or UTF-16 that says so at
    its beginning. Names of columns are in small letters and, like cells, without blanks around them. Raises InputError
    naming the file, and the line.
    """
    text, between, before = _opened(file, needed)
    try:
        return list(_rows(file, csv.reader(io.StringIO(text, newline=""), delimiter=between), needed, empty, before))
    except csv.Error as error:
        raise InputError(f"{file} cannot be read: {error}") from None


def columns(file: str) -> dict[str, list[str]]:
    """Column -> its cells, "" where there is none, of every line up to the last that is not empty.

    As ``rows`` reads the file, but that an empty line counts as a row of empty cells. A column without a name, such as
    some programs write for the number of the line, is left out.
    """
    text, between, before = _opened(file, ())
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=between))
    except csv.Error as error:
        raise InputError(f"{file} cannot be read: {error}") from None
    names = [name.strip().lower() for name in lines[0]] if lines else []
    if twice := [name for name in names if name and names.count(name) > 1]:
        raise InputError(f"{file}, line {1 + before}: column {twice[0]} is there twice")
    while len(lines) > 1 and not any(map(str.strip, lines[-1])):
        lines.pop()
    for number, cells in enumerate(lines[1:], start=2 + before):
        if any(map(str.strip, cells[len(names) :])):
            raise InputError(f"{file}, row {number}: more cells than the header has")
    across = zip_longest(names, *lines[1:], fillvalue="")
    return {name: list(map(str.strip, cells)) for name, *cells in across if name}


def _opened(file: str, needed: Sequence[str]) -> tuple[str, str, int]:
    """The text of a table, what parts its cells, and how many lines stand before the header."""
    text = decoded(file)
    if named := _SEPARATOR.match(text):
        return text[named.end() :], named[1], 1
    return text, _separator(text.partition("\n")[0], needed), 0


def decoded(file: str, errors: str = "strict") -> str:
    """The text of a file; raises InputError where it is missing, or naming the line that is no UTF-8.

    errors : "surrogateescape" keeps bytes that are none, as in names of files
    """
    if os.path.isdir(file) or not (os.path.exists(file) or packed.split(file)):
        raise InputError(f"{file} is {'a folder' if os.path.isdir(file) else 'not there'}")
    data = contents.read(file)
    encoding = next((name for bom, name in _BOMS.items() if data.startswith(bom)), "utf-8")
    if encoding != "utf-16" and b"\0" in data:
        raise InputError(f"{file} is no text, or UTF-16 that does not say so: save it as UTF-8")
    try:
        return data.decode(encoding, errors)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{file}, line {line}: cannot be read, it is no {encoding[:6].upper().rstrip('-')} text (byte"
            f" 0x{data[error.start]:02x}): save the file as UTF-8"
        ) from None


def _separator(header: str, needed: Sequence[str]) -> str:
    """What parts the cells of a header: that by which most of the columns are found, else most cells."""

    def found(between: str) -> tuple[int, int]:
        names = [name.strip().strip('"').strip().lower() for name in header.split(between)]
        return sum(column in names for column in needed), len(names)

    return max(_BETWEEN, key=found)


def _rows(
    file: str, lines: Iterator[list[str]], needed: Sequence[str], may_lack: Sequence[str], before: int
) -> Iterator[Row]:
    columns = [name.strip().lower() for name in next(lines, [])]
    _check_header(f"{file}, line {1 + before}", columns, needed)
    for cells in lines:
        where = f"{file}, line {lines.line_num + before}"
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        if any(cells[len(columns) :]):
            raise InputError(f"{where}: more cells than the header has")
        row = dict(zip(columns, cells + [""] * (len(columns) - len(cells)), strict=False))
        if empty := [column for column in needed if not row[column] and column not in may_lack]:
            raise InputError(f"{where}: no {empty[0]}")
        yield where, row


def _check_header(where: str, found: Sequence[str], needed: Sequence[str]) -> None:
    missing = [column for column in needed if column not in found]
    if missing:
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        there = ", ".join(found[:_NAMED]) + more or "nothing"
        raise InputError(f"{where}: no column {', '.join(missing)} (found {there})")
    if twice := [column for column in needed if found.count(column) > 1]:
        raise InputError(f"{where}: column {twice[0]} is there twice")


def guarded(text: str) -> str:
    """The text of a cell, behind a ' where a spreadsheet would run it; ``unguarded`` is the way back.

    What would look as if it were guarded already gets one more, so that every text comes back as it was.
    Source: OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{text}" if _RUNS.match(text) else text


def unguarded(text: str) -> str:
    """The text that ``guarded`` was given."""
    return text[1:] if text.startswith("'") and _RUNS.match(text) else text


def path_from(file: str, cell: str) -> str:
    """The path that a cell of the list ``file`` names: absolute, an address, from ~, or from the list's folder on.

    Backslashes are taken for slashes. A list in an archive names files in that archive.
    """
    if address.is_address(cell):
        return cell
    path = os.path.expanduser(cell.replace("\\", "/"))
    return posixpath.normpath(posixpath.join(posixpath.dirname(file), path))
