"""Reading: attributes of rows from files: CSV as spreadsheets write it, parquet, and big-ann's sparse matrices."""

from pathlib import Path

import numpy as np

from datasets.attributes import cells, parquet, spmat
from datasets.attributes.table import Attributes
from datasets.errors import InputError
from datasets.lists import tables

LABELS = "scalar_labels.parquet"  # those of a folder of VectorDBBench
ID = "id"

SUFFIXES = (*tables.ENDINGS, ".parquet", ".spmat")


def read(
    files: str, *, flag: str = "--attributes", like: Attributes | None = None, ids: np.ndarray | None = None
) -> Attributes:
    """The attributes in one file, or in several with commas between their names, each of which has all rows.

    CSV, TSV : a line a row, in the order of the vectors; names of columns in the first line
    parquet : likewise; a column of lists of whole numbers are tags
    spmat : tags, as big-ann's YFCC has them
    a folder : its scalar_labels.parquet, as VectorDBBench has it

    like : what the gallery has; columns of the same name are read as of the same kind, and others as they are
    ids : (N,) int64, those of the vectors; a file with a column ``id`` is put into their order, and may have more rows

    Raises InputError naming flag and file.
    """
    columns: dict[str, np.ndarray] = {}
    tags, count, first = None, None, ""
    for file in filter(None, map(str.strip, files.split(","))):
        found = _in_order(_of_file(file, flag, like), ids, f"{flag}={file}")
        if count is not None and len(found) != count:
            raise InputError(f"{flag}: {first} has {count:,} rows, {file} {len(found):,}; a row is one vector in both")
        if twice := sorted(set(found.columns) & set(columns) - ({ID} if ids is not None else set())):
            raise InputError(f"{flag}: column {twice[0]} is in two files; leave one of them out")
        if found.tags is not None and tags is not None:
            raise InputError(f"{flag}: two files hold tags; leave one of them out")
        columns |= found.columns
        tags, count, first = tags or found.tags, len(found), first or file
    return Attributes(columns, tags)


def _in_order(found: Attributes, ids: np.ndarray | None, where: str) -> Attributes:
    """The row of each of the ids, where there is a column of such; raises InputError where one is missing or twice."""
    own = found.columns.get(ID)
    if ids is None or own is None:
        return found
    other = f"where the column {ID} means something else than in the gallery, give it another name"
    if own.dtype.kind != "i":
        raise InputError(f"{where}: the column {ID} holds what is no whole number; {other}")
    order = np.argsort(own, kind="stable")
    known = own[order]
    if len(twice := np.flatnonzero(known[1:] == known[:-1])):
        raise InputError(f"{where}: the id {known[twice[0]]} stands twice in the column {ID}; {other}")
    places = np.searchsorted(known, ids).clip(max=max(0, len(known) - 1))
    lost = np.flatnonzero(known[places] != ids) if len(known) else np.arange(len(ids))
    if len(lost):
        raise InputError(f"{where}: no row has the id {ids[lost[0]]}, as row {lost[0]} of the gallery has; {other}")
    return found.take(order[places])


def _of_file(file: str, flag: str, like: Attributes | None) -> Attributes:
    if Path(file).is_dir():
        file = str(Path(file) / LABELS)
    suffix = Path(file).suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"{flag}={file}: attributes are read from {', '.join(SUFFIXES)}")
    if not Path(file).is_file():
        raise InputError(f"{flag}={file}: there is no such file")
    try:
        if suffix == ".spmat":
            return Attributes({}, spmat.read(Path(file)))
        if suffix == ".parquet":
            return _as_kinds(parquet.read(Path(file)), file, like)
        return _of_table(file, like)
    except InputError as error:
        raise InputError(f"{flag}: {error}") from error


def _of_table(file: str, like: Attributes | None) -> Attributes:
    lines = tables.columns(file)
    known = like.columns if like else {}
    return Attributes(
        {
            name: cells.like(values, known[name], f"{file}: column {name}") if name in known else cells.typed(values)
            for name, values in lines.items()
        }
    )


def _as_kinds(found: Attributes, file: str, like: Attributes | None) -> Attributes:
    """The columns as the gallery has them, where they are text on one side and numbers on the other."""
    columns = dict(found.columns)
    for name, values in columns.items():
        there = like.columns.get(name) if like else None
        if there is not None and (there.dtype.kind == "U") != (values.dtype.kind == "U"):
            columns[name] = cells.like(list(map(str, values.tolist())), there, f"{file}: column {name}")
    return Attributes(columns, found.tags)
