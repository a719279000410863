"""Parquet: columns of vectors and of whole numbers, read some thousand rows at a time, never a whole row group."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from datasets.errors import InputError
from datasets.stored import converted

SUFFIX = ".parquet"
ID = "id"
NEIGHBORS = "neighbors_id"

_NAMES = ("emb", "embedding", "embeddings", "vector", "vectors")  # of a column of vectors, where there are several
_ROWS = 4096  # read at a time
_BUFFER = 1 << 20  # bytes of a column that are read ahead


def vectors(files: Sequence[Path]) -> np.ndarray:
    """The vectors (N, D) of one file after the other, float32, uint8 or int8; mapped where they are many.

    They are the column ``emb``, ``embedding`` or ``vector``, or the only one that holds lists of numbers. Raises
    InputError naming the file where there is none, or its rows differ in length.
    """
    for path in files:
        column_of_vectors(path)
    return converted.array(files, lambda: _blocks(files))


def ids(path: Path) -> Iterator[np.ndarray] | None:
    """What the column ``id`` holds, (n,) int64 at a time; None where there is no such column of whole numbers."""
    with _opened(path) as file:
        field = _fields(file).get(ID)
        if field is None or not _is_whole(field.type):
            return None
    return (_numbers(column).astype(np.int64, copy=False) for column in _read(path, ID))


def ids_of(files: Sequence[Path]) -> np.ndarray | None:
    """The ids (N,) int64 of the rows of all files together; None where one of them has none."""
    found = [ids(path) for path in files]
    if any(blocks is None for blocks in found):
        return None
    return np.concatenate([np.zeros(0, np.int64), *(block for blocks in found for block in blocks or ())])


def rows_of(files: Sequence[Path], wanted: np.ndarray) -> np.ndarray:
    """The row of all files together that bears each ``wanted`` id, int64 of the same shape; -1 stays -1.

    Rows of files without ids bear their own numbers. No more than one row group's ids are in memory. Raises InputError
    for an id that no row bears, or two.
    """
    if not files:
        return wanted.astype(np.int64, copy=False)
    known, places = np.unique(wanted, return_inverse=True)
    rows, first = np.full(len(known), -1, np.int64), 0
    for path in files:
        blocks = ids(path)
        if blocks is None:
            return wanted.astype(np.int64, copy=False)
        for block in blocks:
            at = np.searchsorted(known, block).clip(max=max(0, len(known) - 1))
            bears = np.flatnonzero(known[at] == block)
            if (rows[at[bears]] >= 0).any() or len(np.unique(at[bears])) < len(bears):
                raise InputError(f"{path}: an id that is among the true neighbors stands twice in the column {ID}")
            rows[at[bears]] = first + bears
            first += len(block)
    lost = known[(rows < 0) & (known != -1)]
    if len(lost):
        raise InputError(f"{files[0]}: no row has the id {lost[0]}, which is among the true neighbors")
    return rows[places].reshape(wanted.shape)


def neighbors(path: Path) -> np.ndarray:
    """The column ``neighbors_id`` (Q, k) int64, in the order of the rows; raises InputError where it is none."""
    with _opened(path) as file:
        if NEIGHBORS not in _fields(file):
            raise InputError(f"{path}: true neighbors are a column {NEIGHBORS}; there are {', '.join(_fields(file))}")
    found = np.concatenate([_as_rows(path, NEIGHBORS, column, at) for at, column in _counted(path, NEIGHBORS)])
    if found.dtype.kind not in "iu":
        raise InputError(f"{path}: {NEIGHBORS} must be whole numbers, not {found.dtype}")
    return found.astype(np.int64)


def column_of_vectors(path: Path) -> str:
    """The name of the column that holds the vectors; raises InputError where it cannot be told."""
    with _opened(path) as file:
        fields = _fields(file)
        lists = [name for name, field in fields.items() if _is_list(field.type)]
    named = [name for name in _NAMES if name in lists]
    if not lists:
        raise InputError(
            f"{path}: no column holds lists of numbers; there are "
            + ", ".join(f"{name} ({field.type})" for name, field in fields.items())
        )
    if not named and len(lists) > 1:
        raise InputError(f"{path}: {', '.join(lists)} all hold lists of numbers; call that of the vectors {_NAMES[0]}")
    return (named or lists)[0]


def _blocks(files: Sequence[Path]) -> Iterator[np.ndarray]:
    like = None
    for path in files:
        name = column_of_vectors(path)
        for at, column in _counted(path, name):
            block = _as_vectors(path, name, _as_rows(path, name, column, at))
            like = block if like is None else like
            if (block.shape[1], block.dtype) != (like.shape[1], like.dtype):
                raise InputError(
                    f"{path}: row {at} of {name} has {block.shape[1]} numbers ({block.dtype}), the first row of"
                    f" {files[0].name} {like.shape[1]} ({like.dtype}): they must not differ"
                )
            yield block


def _as_vectors(path: Path, name: str, rows: np.ndarray) -> np.ndarray:
    if rows.dtype in (np.uint8, np.int8):
        return rows
    if rows.dtype.kind not in "fiu":
        raise InputError(f"{path}: {name} holds {rows.dtype}, which are no vectors")
    return rows.astype(np.float32, copy=False)


def _as_rows(path: Path, name: str, column: Any, at: int) -> np.ndarray:
    """(n, D) of a column of lists that begins at row ``at`` of the file."""
    if column.null_count:
        row = at + int(np.argmax(~column.is_valid().to_numpy(zero_copy_only=False)))
        raise InputError(f"{path}: row {row} of {name} is empty; take it out")
    lengths = _numbers(column.value_lengths())
    if (lengths != lengths[0]).any() or not lengths[0]:
        row = int(np.argmax(lengths != lengths[0]))
        raise InputError(
            f"{path}: row {at + row} of {name} has {lengths[row]} numbers, row {at} {lengths[0]}: they must not differ"
        )
    return _numbers(column.flatten()).reshape(len(column), int(lengths[0]))


def _numbers(column: Any) -> np.ndarray:
    """(n,) of a column; not by its own way to NumPy, where nothing is missing, for that loads all of pandas."""
    return column.to_numpy(zero_copy_only=False) if column.null_count else np.from_dlpack(column)


def _counted(path: Path, name: str) -> Iterator[tuple[int, Any]]:
    """(the number of its first row, a part of a column) from first to last."""
    at = 0
    for column in _read(path, name):
        yield at, column
        at += len(column)


def _read(path: Path, name: str) -> Iterator[Any]:
    with _opened(path) as file:
        for batch in file.iter_batches(_ROWS, columns=[name], use_threads=False):
            if len(batch):
                yield batch.column(0)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        from pyarrow import default_memory_pool, parquet
    except ImportError:
        raise InputError(f"{path}: pyarrow is not installed; pip install -c constraints.txt -e '.[parquet]'") from None
    try:
        with parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False) as file:
            yield file
        default_memory_pool().release_unused()  # so that it is not taken for an index's memory
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except (OSError, ValueError) as error:  # pyarrow's own are one or the other
        raise InputError(f"{path}: not a whole parquet file ({' '.join(str(error).split())[:200]})") from error


def _fields(file: Any) -> dict[str, Any]:
    return {field.name: field for field in file.schema_arrow}


def _is_list(kind: Any) -> bool:
    from pyarrow import types

    lists = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return lists and (types.is_floating(kind.value_type) or types.is_integer(kind.value_type))


def _is_whole(kind: Any) -> bool:
    from pyarrow import types

    return types.is_integer(kind)
