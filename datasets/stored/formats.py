"""Files of vectors: fvecs, ivecs, bvecs of texmex, fbin, u8bin, i8bin, ibin of big-ann-benchmarks, and npy.

texmex : every row is its length as int32, then its values; http://corpus-texmex.irisa.fr
big-ann : the number of rows and their length as uint32, then all values row by row; https://big-ann-benchmarks.com

All are little-endian.
"""

import os
import tokenize
from contextlib import suppress
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.vectors import rows

_TEXMEX = {".fvecs": "<f4", ".ivecs": "<i4", ".bvecs": "u1"}
_BIG_ANN = {".fbin": "<f4", ".u8bin": "u1", ".i8bin": "i1", ".ibin": "<i4"}
SUFFIXES = (*_TEXMEX, *_BIG_ANN, ".npy")
CONVERT = 'convert it: np.save("new.npy", rows.astype("float32"))'  # in Python; what to do with any other file

_HEADER = 8  # bytes before the values of a big-ann file
_CHECKED = 4096  # rows of a texmex file whose length is looked at
_WRITE_BYTES = 1 << 24


def read(path: Path) -> np.ndarray:
    """The vectors (N, D) of a file, mapped into memory and read-only, in the file's own dtype.

    Those of texmex are a view between the lengths of the rows, so they are not contiguous. The lengths of all rows are
    checked up to 4,096 of them, else of so many evenly spaced ones and the last: one row of another length puts all
    that follow out of place. Raises InputError naming the file where it is none of SUFFIXES, empty, or of another size
    than its header says.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            f"{path}: no known format of vectors; known are {', '.join(SUFFIXES)}, .h5, .hdf5, .parquet, .csv, .tsv,"
            f" .txt and .vec; {CONVERT}"
        )
    size = _size(path)
    if suffix == ".npy":
        return _read_npy(path)
    if suffix in _TEXMEX:
        return _read_texmex(path, size, np.dtype(_TEXMEX[suffix]))
    dtype = np.dtype(_BIG_ANN[suffix])
    count, dim = _header(path, size)
    _check_size(path, size, count, dim, _HEADER + count * dim * dtype.itemsize)
    return _map(path, dtype, (count, dim), _HEADER)


def read_truth(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Ids (Q, k) int64 of the nearest rows and their distances (Q, k) float32, None where the file has none.

    .ivecs, .npy and .ibin hold ids; big-ann's .bin (and .ibin) all ids and then all distances, as its program wrote
    them: euclidean ones may be squared. Raises InputError naming the file.
    """
    path = Path(path)
    if path.suffix.lower() in (".ivecs", ".npy"):
        ids = read(path)
        if ids.dtype.kind not in "iu":
            raise InputError(f"{path}: true neighbors must be whole numbers, not {ids.dtype}")
        return ids.astype(np.int64), None
    if path.suffix.lower() not in (".bin", ".ibin"):
        raise InputError(f"{path}: no known format of true neighbors; known are .ivecs, .ibin, .bin, .npy, .parquet")
    size = _size(path)
    count, k = _header(path, size)
    cells = count * k
    with_distances = size == _HEADER + 8 * cells
    if not with_distances:
        _check_size(path, size, count, k, _HEADER + 4 * cells)
    ids = np.fromfile(path, "<i4", cells, offset=_HEADER).reshape(count, k).astype(np.int64)
    if not with_distances:
        return ids, None
    return ids, np.fromfile(path, "<f4", cells, offset=_HEADER + 4 * cells).reshape(count, k)


def write(path: Path, vectors: np.ndarray) -> None:
    """Writes (N, D) in the format that the suffix names, whole or not at all: beside ``path`` first, then in its place.

    Raises ValueError where the values are of another dtype than the format's, InputError where nothing can be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    dtype = np.dtype(vectors.dtype if suffix == ".npy" else (_TEXMEX | _BIG_ANN)[suffix])
    if vectors.dtype != dtype or vectors.ndim != 2:
        raise ValueError(f"{path} takes (N, D) {dtype}, not {vectors.shape} {vectors.dtype}")
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as stream:
            if suffix == ".npy":
                header = {"descr": dtype.str, "fortran_order": False, "shape": vectors.shape}
                np.lib.format.write_array_header_1_0(stream, header)
            elif suffix in _BIG_ANN:
                stream.write(np.array(vectors.shape, "<u4").tobytes())
            for _, block in rows.blocks(vectors, max(1, _WRITE_BYTES // max(1, vectors.shape[1] * dtype.itemsize))):
                stream.write((_with_lengths(block) if suffix in _TEXMEX else block).tobytes())
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise InputError(f"{path}: cannot be written, make room or name another place ({error.strerror})") from error


def _with_lengths(block: np.ndarray) -> np.ndarray:
    """(n, 4 + bytes of a row) uint8, the records of texmex."""
    values = np.ascontiguousarray(block).view(np.uint8).reshape(len(block), -1)
    length = np.array([block.shape[1]], "<i4").view(np.uint8)
    return np.hstack([np.broadcast_to(length, (len(block), 4)), values])


def _size(path: Path) -> int:
    try:
        size = path.stat().st_size if path.is_file() else None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    if size is None:
        raise InputError(f"{path}: there is no such file")
    if not size:
        raise InputError(f"{path}: the file is empty")
    return size


def _read_texmex(path: Path, size: int, dtype: np.dtype) -> np.ndarray:
    dim = int(np.fromfile(path, "<i4", 1)[0]) if size >= 4 else 0
    record = 4 + dim * dtype.itemsize
    if dim < 1 or record > size:
        raise InputError(f"{path}: the first row says that it has {dim} values, the file has {size} bytes: not {dtype}")
    if size % record:
        whole, rest = divmod(size, record)
        raise InputError(
            f"{path}: {rest} bytes are left after {whole} rows of {dim} values ({record} bytes each); expected"
            f" {whole * record} or {(whole + 1) * record} bytes, found {size}: cut short, or its rows differ in length"
        )
    raw = _map(path, np.dtype("u1"), (size // record, record), 0)
    ids = np.unique(np.linspace(0, len(raw) - 1, min(len(raw), _CHECKED)).astype(np.int64))
    lengths = rows.take(raw[:, :4], ids).view("<i4")[:, 0]
    if (lengths != dim).any():
        row = ids[np.argmax(lengths != dim)]
        raise InputError(
            f"{path}: row 0 has {dim} values, row {row} {lengths[lengths != dim][0]}: they must not differ"
        )
    return np.ndarray((len(raw), dim), dtype, raw, 4, (record, dtype.itemsize))


def _header(path: Path, size: int) -> tuple[int, int]:
    """Rows and their length as the first eight bytes say."""
    if size < _HEADER:
        raise InputError(f"{path}: expected a header of {_HEADER} bytes, found {size} bytes in all")
    count, dim = (int(number) for number in np.fromfile(path, "<u4", 2))
    if not count or not dim:
        raise InputError(f"{path}: the header says {count} x {dim}: there are no vectors")
    return count, dim


def _check_size(path: Path, size: int, count: int, dim: int, expected: int) -> None:
    if size != expected:
        less = f"{expected - size} too few" if size < expected else f"{size - expected} too many"
        raise InputError(f"{path}: {count} x {dim} as its header says take {expected} bytes, found {size}: {less}")


def _read_npy(path: Path) -> np.ndarray:
    try:
        vectors = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError, EOFError, tokenize.TokenError) as error:  # the last of a header that is no Python
        raise InputError(f"{path}: not a whole .npy file of numbers ({' '.join(str(error).split())})") from error
    if vectors.ndim != 2 or not vectors.size:
        raise InputError(f"{path}: expected vectors as rows (N, D), found {vectors.shape}")
    return vectors.view(np.ndarray)


def _map(path: Path, dtype: np.dtype, shape: tuple[int, int], offset: int) -> np.ndarray:
    return np.memmap(path, dtype, "r", offset, shape).view(np.ndarray)
