"""The vectors file: HDF5 with the keys of ann-benchmarks, and labels, paths and class names besides."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from datasets.errors import InputError
from datasets.vectors.base import VectorSet

# Field of VectorSet -> key in the file. Those of ann-benchmarks, then ours.
_KEYS = {
    "gallery": "train",
    "queries": "test",
    "neighbors": "neighbors",
    "distances": "distances",
    "gallery_labels": "train_labels",
    "query_labels": "test_labels",
    "gallery_paths": "train_paths",
    "query_paths": "test_paths",
    "class_names": "class_names",
}
_SAME = {"queries": "gallery", "query_labels": "gallery_labels", "query_paths": "gallery_paths"}  # in leave-one-out
_OWN_ATTRS = ("distance", "dimension", "type", "point_type", "name")  # all others are VectorSet.attrs


def save(path: Path, vector_set: VectorSet) -> None:
    """Writes the vectors file whole or not at all: beside ``path`` first, then in its place.

    In leave-one-out the queries' arrays are hard links to the gallery's, so that they take no room.
    Raises InputError where the file cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(part, "w") as file:
            _write(file, vector_set)
        os.replace(part, path)
    except (OSError, RuntimeError) as error:
        with suppress(OSError):
            part.unlink()
        raise InputError(f"{path}: cannot be written, make room or name another place ({_reason(error)})") from error


def _write(file: h5py.File, vector_set: VectorSet) -> None:
    same = _SAME if vector_set.leave_one_out else {}
    for name, key in _KEYS.items():
        value = getattr(vector_set, name)
        if value is None or isinstance(value, tuple) and not value:
            continue
        if name in same:
            file[key] = file[_KEYS[same[name]]]  # a hard link
        elif isinstance(value, tuple):  # names of files need not be valid UTF-8
            text = [item.encode("utf-8", "surrogateescape") for item in value]
            file.create_dataset(key, data=text, dtype=h5py.string_dtype("utf-8"))
        else:
            file[key] = value
    own = (vector_set.metric, vector_set.gallery.shape[1], "dense", "float", vector_set.name)
    file.attrs.update(dict(vector_set.attrs) | dict(zip(_OWN_ATTRS, own, strict=True)))


def load(path: Path) -> VectorSet:
    """Reads a vectors file, or any dense float file of ann-benchmarks (which then has no labels).

    Raises InputError naming the file, and the key where one is missing.
    """
    try:
        with h5py.File(path, "r") as file:
            return _read(file, Path(path).stem)
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file") from error
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: not a usable vectors file: {_reason(error)}") from error
    except (OSError, RuntimeError) as error:
        raise InputError(f"{path}: not HDF5 or cut short, write it again ({_reason(error)})") from error


def _read(file: h5py.File, name: str) -> VectorSet:
    for key, holder in (("train", file), ("test", file), ("distance", file.attrs)):
        if key not in holder:
            raise ValueError(f"{'attribute' if holder is not file else 'key'} '{key}' is missing")
    same = _SAME if file.attrs.get("leave_one_out", False) else {}
    values: dict[str, Any] = {}
    for part, key in _KEYS.items():
        if part in same and same[part] in values:
            values[part] = values[same[part]]
        elif key in file:
            values[part] = _read_value(file[key], part)
    attrs = {key: np.asarray(value).tolist() for key, value in file.attrs.items() if key not in _OWN_ATTRS}
    return VectorSet(str(file.attrs.get("name", name)), str(file.attrs["distance"]), attrs=attrs, **values)


def _read_value(dataset: h5py.Dataset, part: str) -> np.ndarray | tuple[str, ...]:
    if part in ("gallery_paths", "query_paths", "class_names"):
        return tuple(dataset.asstr(errors="surrogateescape")[:])
    whole = part in ("neighbors", "gallery_labels", "query_labels")
    return dataset[:].astype(np.int64 if whole else np.float32, copy=False)


def _reason(error: Exception) -> str:
    """One line; what HDF5 says of a full disk runs over several and ends in addresses."""
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else " ".join(str(error).split())
