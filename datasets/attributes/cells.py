"""Cells: columns of text as numbers, where all of their cells are such; what is empty is missing."""

import re
from collections.abc import Sequence

import numpy as np

from datasets.errors import InputError

# What has zeros before it, or too many digits, is a code, such as that of a town: 01067 is a text.
_WHOLE = re.compile(r"[+-]?(?:0|[1-9]\d{0,17})|")
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d{0,17})(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|")
_EXACT = 2**53  # whole numbers up to here are floats, too


def typed(cells: Sequence[str]) -> np.ndarray:
    """(N,) int64 where all cells are whole numbers, float64 where all are numbers or empty, else str.

    Words such as "nan" are text, and so is a column without a single value.
    """
    if not any(cells):
        return np.array(cells, dtype=str)
    if all(map(_WHOLE.fullmatch, cells)):
        if all(cells):
            return np.array(cells).astype(np.int64)
        if max(abs(int(cell)) for cell in cells if cell) <= _EXACT:
            return _floats(cells)
    elif all(map(_NUMBER.fullmatch, cells)):
        return _floats(cells)
    return np.array(cells, dtype=str)


def like(cells: Sequence[str], kind: np.ndarray, where: str) -> np.ndarray:
    """The cells of a column as the one of the gallery is: text, or numbers; InputError where they are none."""
    if kind.dtype.kind == "U":
        return np.array(cells, dtype=str)
    for cell in cells:
        if not _NUMBER.fullmatch(cell):
            raise InputError(f"{where} holds '{cell}', but numbers in the gallery's attributes; mend one of them")
    found = typed(cells)
    return _floats(cells) if found.dtype.kind == "U" else found


def number(text: str) -> int | float:
    """A number that somebody wrote, zeros before it or not; raises ValueError where it is none, or not finite."""
    try:
        return int(text)
    except ValueError:
        found = float(text)
        if not np.isfinite(found):
            raise
        return found


def _floats(cells: Sequence[str]) -> np.ndarray:
    return np.array([cell or "nan" for cell in cells]).astype(np.float64)
