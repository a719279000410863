"""Vectors in text: CSV, and a word and its numbers a line as GloVe and word2vec have them, read some MB at a time."""

import csv
import itertools
import logging
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.stored import converted

log = logging.getLogger(__name__)

SUFFIXES = (".csv", ".tsv", ".txt", ".vec")

_SNIFFED = 64  # lines by which a file is judged
_PART = 1 << 23  # bytes of text at a time
_DELIMITERS = {".csv": (",", ";", "\t", None), ".tsv": ("\t",)}  # None is any number of blanks
_OTHERS = (None, ",", ";")
_NO_VALUES = (
    "id",
    "ids",
    "index",
    "row",
    "label",
    "labels",
    "class",
    "target",
    "",
)  # columns that are numbers, but none of a vector's

_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")

Line = tuple[int, str]  # its number in the file, from 1; the text


@dataclass(frozen=True)
class _Layout:
    """Where the numbers of a line are.

    skip : lines before the first vector; rows : how many vectors a header says that there are, or 0
    width : parts of a line; columns : which of them are the vector's
    listed : whether a vector is written in brackets, "[0.1, 0.2]", as pandas writes a list
    """

    delimiter: str | None
    skip: int
    width: int
    columns: tuple[int, ...]
    rows: int = 0
    listed: bool = False


def vectors(path: Path) -> np.ndarray:
    """The vectors (N, D) float32 of a file, a line a row; mapped where they are many.

    Parted by commas, semicolons, tabs or blanks. A first line of names is passed over, and so are columns that are
    called id, index or label or hold words in most lines, and a first one that counts the rows; or the file is GloVe's
    or word2vec's. Raises InputError naming the file and the line.
    """
    layout = _layout(path)
    if passed := layout.width - len(layout.columns):
        log.info("%s: %d of %d columns are passed over: ids, labels or words", path, passed, layout.width)
    return converted.array([path], lambda: _blocks(path, layout))


def _blocks(path: Path, layout: _Layout) -> Iterator[np.ndarray]:
    count, lines = 0, itertools.islice(_lines(path), layout.skip, None)
    while part := _part(lines):
        yield _numbers(path, part, layout)
        count += len(part)
    if layout.rows and layout.rows != count:
        raise InputError(f"{path}: says that it has {layout.rows} vectors, and has {count}: cut short")


def _part(lines: Iterator[Line]) -> list[Line]:
    part, size = [], 0
    for line in lines:
        part.append(line)
        size += len(line[1])
        if size > _PART:
            break
    return part


def _lines(path: Path) -> Iterator[Line]:
    """The lines that are not empty; letters other than ASCII do not matter."""
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                text = (line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line).decode("latin-1").strip(" \r\n")
                if text:
                    yield number, text
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def _numbers(path: Path, lines: Sequence[Line], layout: _Layout) -> np.ndarray:
    """(n, D) float32 of so many lines."""
    texts = [_regular(path, line, layout) for line in lines]
    how = {"delimiter": "," if layout.listed else layout.delimiter, "comments": None, "quotechar": '"', "ndmin": 2}
    try:
        return np.loadtxt(texts, np.float32, usecols=None if layout.listed else layout.columns, **how)
    except ValueError as error:
        raise _wrong(path, lines, texts, layout) or InputError(f"{path}: {' '.join(str(error).split())}") from None


def _regular(path: Path, line: Line, layout: _Layout) -> str:
    """A line of as many parts as all others: of a word with blanks in it only the numbers are kept."""
    number, text = line
    if layout.listed:
        start, end = text.find("["), text.rfind("]")
        if not 0 <= start < end:
            raise InputError(f"{path}: line {number} has no numbers in brackets, as the first has")
        return text[start + 1 : end]
    parts = text.count(layout.delimiter or " ") + 1
    if parts == layout.width or '"' in text:
        return text
    words = _split(text, layout.delimiter)
    before = layout.width - len(layout.columns)
    if layout.delimiter is None and len(words) >= layout.width and before <= 1:
        return " ".join(["_"] * before + words[len(words) - len(layout.columns) :])
    raise InputError(f"{path}: line {number} has {len(words)} values, the first {layout.width}: they must not differ")


def _wrong(path: Path, lines: Sequence[Line], texts: Sequence[str], layout: _Layout) -> InputError | None:
    """What is wrong with the first line that cannot be read."""
    wanted = None
    for (number, _), text in zip(lines, texts, strict=True):
        words = _split(text, "," if layout.listed else layout.delimiter)
        values = words if layout.listed else [words[column] for column in layout.columns if column < len(words)]
        wanted = wanted or len(values)
        if len(values) != wanted:
            return InputError(
                f"{path}: line {number} has {len(values)} numbers, another {wanted}: they must not differ"
            )
        for value in values:
            if not _is_number(value):
                return _no_number(path, number, value)
    return None


def _no_number(path: Path, number: int, value: str, otherwise: str = "") -> InputError:
    return InputError(f"{path}: line {number}: '{value[:40]}' is no number; mend it, or take the line out{otherwise}")


def _layout(path: Path) -> _Layout:
    numbered = list(itertools.islice(_lines(path), _SNIFFED))
    lines = [text for _, text in numbered]
    if not lines:
        raise InputError(f"{path}: the file is empty")
    if "[" in lines[-1]:
        return _Layout(",", skip=int("[" not in lines[0]), width=0, columns=(), listed=True)
    if any(_has_decimal_commas(lines[-1].split(by)) for by in (";", "\t", None)):
        raise InputError(f"{path}: line {numbered[-1][0]} has decimal commas; write points: sed 's/,/./g' < OLD > NEW")
    delimiter = next((one for one in _delimiters(path) if _reads(lines[-1], one)), "")
    if delimiter == "":
        raise InputError(f"{path}: line {numbered[-1][0]} is no row of numbers: '{lines[-1][:60]}'")
    rows = [_split(line, delimiter) for line in lines]
    if len(rows[0]) == 2 != len(rows[-1]) and all(word.isdecimal() for word in rows[0]):  # word2vec's
        count, dim = map(int, rows[0])
        words = int(len(rows[-1]) > dim)
        return _Layout(delimiter, 1, dim + words, tuple(range(words, dim + words)), rows=count)
    names = [name.strip().lower() for name in rows[0]] if _are_names(rows[0]) else []
    body = rows[bool(names) :]
    width = min(map(len, body)) if delimiter is None else len(body[0])
    if delimiter is None:
        body = [row[len(row) - width :] for row in body]  # words may have blanks in them
    if len(names) not in (0, width):
        raise InputError(f"{path}: the first line has {len(names)} names, the second {width} values")
    left_out = {place for place, name in enumerate(names) if name in _NO_VALUES}
    numbers = (number for number, _ in numbered[bool(names) :])
    left_out |= _words(path, dict(zip(numbers, body, strict=True)), set(range(width)) - left_out, delimiter)
    left_out |= {0} if not names and _counts(body) else set()
    return _Layout(delimiter, bool(names), width, tuple(place for place in range(width) if place not in left_out))


def _words(path: Path, rows: Mapping[int, Sequence[str]], places: Set[int], delimiter: str | None) -> set[int]:
    """Which of these columns hold words, of rows by their line; raises InputError where most of one are numbers.

    Words before a line of numbers and blanks, as in GloVe's files, may be numbers as often as they are.
    """
    found = set()
    for place in places:
        words = {number: row[place] for number, row in rows.items() if place < len(row) and _is_word(row[place])}
        if 2 * len(words) < len(rows) and words and (delimiter or place):
            raise _no_number(path, *next(iter(words.items())), f", or call column {place + 1} label in a first line")
        found |= {place} if words else set()
    return found


def _delimiters(path: Path) -> tuple[str | None, ...]:
    return _DELIMITERS.get(path.suffix.lower(), _OTHERS)


def _reads(line: str, delimiter: str | None) -> bool:
    """Whether a line, parted so, ends in two values that are none but numbers."""
    words = _split(line, delimiter)
    return len(words) > 1 and any(_is_number(word) for word in words[-2:]) and not any("," in w for w in words[-2:])


def _has_decimal_commas(words: Sequence[str]) -> bool:
    """Whether two values or more are numbers, some of them as "0,25"."""
    with_commas = sum(bool(_DECIMAL_COMMA.fullmatch(word.strip(' "'))) for word in words)
    return with_commas > 0 and with_commas + sum(map(_is_number, words)) > 1


def _split(text: str, delimiter: str | None) -> list[str]:
    if delimiter is None:
        return text.split()
    return next(csv.reader([text], delimiter=delimiter)) if '"' in text else text.split(delimiter)


def _are_names(words: Sequence[str]) -> bool:
    """Whether a first line holds no numbers, or no others than those of its columns, as pandas writes them."""
    numbers = [word.strip() for word in words if word.strip()]
    counted = len(numbers) > 1 and numbers == [str(place) for place in range(len(numbers))]
    return counted or not any(map(_is_number, words))


def _counts(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first column says 0, 1, 2 or 1, 2, 3 and so on, and at least one other is no whole number."""
    first = [row[0].strip() for row in rows]
    counted = any(first == [str(start + place) for place in range(len(first))] for start in (0, 1))
    return counted and len(rows) > 2 and any(not word.strip().lstrip("-").isdecimal() for row in rows for word in row)


def _is_word(text: str) -> bool:
    """Whether it is neither a number nor a value that is missing."""
    return bool(text.strip()) and not _is_number(text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text  # which Python would pass over
