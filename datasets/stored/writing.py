"""Writing a vectors file, whole or not at all: from a VectorSet, or in blocks that are never all in memory."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import h5py
import numpy as np

from datasets.errors import InputError
from datasets.stored.layout import KEYS, OWN_ATTRS, PAIRS, SAME, reason
from datasets.vectors import rows
from datasets.vectors.base import VectorSet

_TEXT = h5py.string_dtype("utf-8")  # though names of files need not be valid UTF-8
_NAME, _SLACK = 40, 1 << 14  # bytes that HDF5 takes for a name beside its text, and for what a file begins with
_BLOCK_ROWS = 1 << 16


def save(path: Path, vector_set: VectorSet) -> None:
    """Writes the vectors file whole or not at all: beside ``path`` first, then in its place.

    In leave-one-out the queries' arrays are hard links to the gallery's, so that they take no room.
    Raises InputError where the file cannot be written.
    """
    with _whole(path) as file:
        _write(file, vector_set)


def save_blocks(
    path: Path,
    blocks: Iterable[tuple[np.ndarray, Sequence[str]]],
    *,
    count: int,
    dim: int,
    dtype: str,
    name: str,
    metric: str = "euclidean",
    attrs: Mapping[str, object] | None = None,
    text: int = 0,
) -> None:
    """Write, as ``save`` does, ``count`` vectors in leave-one-out that come in blocks, and are never all in memory.

    blocks : vectors (n, D), or packed codes where the metric is hamming, and the names of their images
    dim, dtype : D, or bits; of the vectors
    text : bytes of all names together
    Raises InputError where there is no room for so much, too.
    """
    codes, at = metric == "hamming", 0
    _check_room(path, count * (dim * (1 if codes else np.dtype(dtype).itemsize) + _NAME) + text)
    with _whole(path) as file:
        vectors = file.create_dataset(KEYS["gallery"], (count, dim), bool if codes else dtype)
        paths = file.create_dataset(KEYS["gallery_paths"], (count,), _TEXT)
        for block, names in blocks:
            vectors[at : at + len(block)] = _in_file(block, bits=codes)
            paths[at : at + len(block)] = _text(names)
            at += len(block)
        if at != count:
            raise ValueError(f"{at} vectors came, not {count}")
        for part in ("queries", "query_paths"):
            file[KEYS[part]] = file[KEYS[SAME[part]]]
        _write_attrs(file, metric, dim, name, {**(attrs or {}), "leave_one_out": True})


def _check_room(path: Path, wanted: int) -> None:
    """Raises InputError where a file of so many bytes does not fit: HDF5 does not live through a full disk."""
    place = next(place for place in path.absolute().parents if place.exists())
    free = shutil.disk_usage(place).free
    if free < wanted + _SLACK:
        needs = f"it takes {wanted / 1e6:,.1f} MB, and {free / 1e6:,.1f} MB are free"
        raise InputError(f"{path}: cannot be written, make room or name another place ({needs})")


@contextmanager
def _whole(path: Path) -> Iterator[h5py.File]:
    """A file to write to, which takes the place of ``path`` at the end; what cannot be written is an InputError."""
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(part, "w") as file:
            yield file
        os.replace(part, path)
    except (OSError, RuntimeError) as error:
        with suppress(OSError):
            part.unlink()
        raise InputError(f"{path}: cannot be written, make room or name another place ({reason(error)})") from error


def _write(file: h5py.File, vector_set: VectorSet) -> None:
    same = SAME if vector_set.leave_one_out else {}
    for name, key in KEYS.items():
        value = getattr(vector_set, name)
        if value is None or isinstance(value, tuple) and not value:
            continue
        if name in same:
            file[key] = file[KEYS[same[name]]]  # a hard link
        elif isinstance(value, tuple):
            file.create_dataset(key, data=_text(value), dtype=_TEXT)
        elif name in ("gallery", "queries"):
            _write_vectors(file, key, value, bits=vector_set.metric == "hamming")
        elif name == "distances" and vector_set.metric == "hamming":
            file[key] = value / np.float32(vector_set.dim)  # ann-benchmarks has the share of differing bits
        else:
            file[key] = value
    if vector_set.pairs is not None:
        for name, key in PAIRS.items():
            file[key] = getattr(vector_set.pairs, name)
    _write_attrs(file, vector_set.metric, vector_set.dim, vector_set.name, vector_set.attrs)


def _write_attrs(file: h5py.File, metric: str, dim: int, name: str, attrs: Mapping[str, object]) -> None:
    own = (metric, dim, "dense", "bit" if metric == "hamming" else "float", name)
    file.attrs.update(dict(attrs) | dict(zip(OWN_ATTRS, own, strict=True)))


def _text(names: Iterable[str]) -> list[bytes]:
    return [name.encode("utf-8", "surrogateescape") for name in names]


def _write_vectors(file: h5py.File, key: str, vectors: np.ndarray, *, bits: bool) -> None:
    """Vectors as they are, packed codes as ann-benchmarks has them: a bool a bit."""
    width = vectors.shape[1] * (8 if bits else 1)
    written = file.create_dataset(key, (len(vectors), width), bool if bits else vectors.dtype)
    for start, block in rows.blocks(vectors, _BLOCK_ROWS):
        written[start : start + len(block)] = _in_file(block, bits=bits)


def _in_file(vectors: np.ndarray, *, bits: bool) -> np.ndarray:
    """Vectors as they are, packed codes with a bool a bit."""
    return np.unpackbits(vectors, axis=1).astype(bool) if bits else vectors
