"""Spmat: the sparse matrices of big-ann-benchmarks, of which a row's columns are its tags.

int64 rows, columns, entries; where each row begins as int64, rows + 1 of them; the column of each entry as int32, its
value as float32. Little-endian (https://github.com/harsha-simhadri/big-ann-benchmarks, dataset_io.py).
"""

from pathlib import Path

import numpy as np

from datasets.errors import InputError

_HEAD = 3  # numbers


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """starts (N + 1,) int64 and numbers int32, the tags of each row ascending; as ``Attributes.tags``.

    Raises InputError naming the file where it is of another size than its head says, or otherwise none of these.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            rows, columns, entries = map(int, np.fromfile(file, "<i8", _HEAD))
            if min(rows, columns, entries) < 0 or size != 8 * (_HEAD + rows + 1) + 8 * entries:
                said = f"its head says {rows:,} rows and {entries:,} entries, which take another number of bytes"
                raise InputError(f"{path}: no sparse matrix of big-ann, or cut short: {said} than its {size:,}")
            starts = np.fromfile(file, "<i8", rows + 1)
            numbers = np.fromfile(file, "<i4", entries)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or 'cut short'})") from error
    if starts[0] != 0 or starts[-1] != entries or (np.diff(starts) < 0).any():
        raise InputError(f"{path}: no sparse matrix: its rows do not begin one after the other")
    if entries and not 0 <= numbers.min() <= numbers.max() < columns:
        raise InputError(f"{path}: names column {numbers.max()}, its head says {columns:,} columns")
    return starts, ascending(starts, numbers)


def ascending(starts: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The numbers of each row in order."""
    row = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    if ((np.diff(numbers) < 0) & (np.diff(row) == 0)).any():
        return numbers[np.lexsort((numbers, row))]
    return numbers


def write(path: Path, tags: tuple[np.ndarray, np.ndarray], columns: int) -> None:
    """Write the tags of rows as such a file, every value 1."""
    starts, numbers = tags
    with path.open("wb") as file:
        np.array([len(starts) - 1, columns, len(numbers)], "<i8").tofile(file)
        starts.astype("<i8").tofile(file)
        numbers.astype("<i4").tofile(file)
        np.ones(len(numbers), "<f4").tofile(file)
