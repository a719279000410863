"""Parquet: attributes of rows from a parquet file, by row groups."""

from pathlib import Path
from typing import Any

import numpy as np

from datasets.attributes import spmat
from datasets.attributes.table import Attributes
from datasets.errors import InputError

_LARGEST_TAG = 2**31 - 1
_MISSING = "pyarrow reads parquet and is not installed; pip install -c constraints.txt -e '.[parquet]'"


def read(path: Path) -> Attributes:
    """Numbers, texts, truth values ("true", "false") and, as tags, the one column that holds lists of whole numbers.

    Anything else, such as dates, is text as pyarrow writes it. Columns that hold other lists, vectors for instance, are
    left out. Raises InputError naming the file.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise InputError(f"{path}: {_MISSING}") from error
    try:
        file = parquet.ParquetFile(path)
        chosen = _chosen(pyarrow, file.schema_arrow)
        groups = [file.read_row_group(group, columns=chosen) for group in range(file.num_row_groups)]
        table = pyarrow.concat_tables(groups) if groups else file.read(columns=chosen)
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(f"{path}: cannot be read as parquet: {' '.join(str(error).split())}") from error
    columns, tags = {}, None
    for field in table.schema:
        if _is_list(pyarrow, field.type):
            if tags is not None:
                raise InputError(f"{path}: several columns hold lists of whole numbers; tags can be only one of them")
            tags = _tags(path, table[field.name])
        elif field.name.strip().lower() in columns:
            raise InputError(f"{path}: column {field.name} is there twice, but for capital letters")
        else:
            columns[field.name.strip().lower()] = _values(pyarrow, table[field.name])
    return Attributes(columns, tags)


def _chosen(pyarrow: Any, schema: Any) -> list[str]:
    """The columns that are attributes."""
    types = pyarrow.types
    plain = [field.name for field in schema if not types.is_nested(field.type)]
    lists = [
        field.name for field in schema if _is_list(pyarrow, field.type) and types.is_integer(field.type.value_type)
    ]
    return plain + lists


def _is_list(pyarrow: Any, kind: Any) -> bool:
    return pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind)


def _values(pyarrow: Any, column: Any) -> np.ndarray:
    """Whole numbers that neither int64 nor, where some are missing, float64 holds exactly are text, as in CSV."""
    kind = column.type
    try:
        if pyarrow.types.is_integer(kind) and not column.null_count:
            return column.cast(pyarrow.int64()).to_numpy()
        if pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind):
            return column.cast(pyarrow.float64()).to_numpy().astype(np.float64)
    except pyarrow.ArrowInvalid:  # too large
        pass
    texts = column.cast(pyarrow.string()) if not pyarrow.types.is_string(kind) else column
    return np.array(texts.fill_null("").to_pylist(), dtype=str)


def _tags(path: Path, column: Any) -> tuple[np.ndarray, np.ndarray]:
    whole = column.combine_chunks()
    counts = np.asarray(whole.value_lengths().fill_null(0)).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)])
    numbers = np.asarray(whole.flatten())
    if len(numbers) and not 0 <= numbers.min() <= numbers.max() <= _LARGEST_TAG:
        wrong = numbers.min() if numbers.min() < 0 else numbers.max()
        raise InputError(f"{path}: tags are whole numbers from 0 to {_LARGEST_TAG}, not {wrong}")
    return starts, spmat.ascending(starts, numbers.astype(np.int32))
