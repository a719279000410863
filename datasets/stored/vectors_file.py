"""The vectors file: HDF5 with the keys of ann-benchmarks, and labels, paths, cameras, pairs and class names besides."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from datasets.errors import InputError
from datasets.images.base import Pairs
from datasets.stored.layout import KEYS, OWN_ATTRS, PAIRS, SAME, reason
from datasets.stored.writing import save as save
from datasets.stored.writing import save_blocks as save_blocks
from datasets.vectors import metric_names
from datasets.vectors.base import VectorSet

NAME = "vectors.h5"  # what a training writes into its folder

_BLOCK_ROWS = 1 << 16


def file_of(path: Path) -> Path:
    """The vectors file itself, where ``path`` may be the run folder that holds it; else raises InputError."""
    if not path.is_dir():
        return path
    if not (path / NAME).is_file():
        raise InputError(
            f"{path}: the folder has no {NAME}, which extract.py writes of any run, and no train.parquet; name a file,"
            " or a folder with one"
        )
    return path / NAME


def load(path: Path) -> VectorSet:
    """Reads a vectors file, or any dense file of ann-benchmarks (which then has no labels).

    float32, float16, uint8 and int8 vectors that lie in the file in one uncompressed piece are mapped into memory,
    read-only; others are read whole, as float32 where they are no such type. Where the metric is hamming, bits are
    packed; uint8 of an eighth of the attribute ``dimension`` are codes already. Raises InputError naming the file, and
    the key where one is missing.
    """
    try:
        with h5py.File(path, "r") as file:
            return _read(file, Path(path).stem)
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file") from error
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: not a usable vectors file: {reason(error)}") from error
    except (OSError, RuntimeError) as error:
        raise InputError(f"{path}: not HDF5 or cut short, write it again ({reason(error)})") from error


def _read(file: h5py.File, name: str) -> VectorSet:
    for key, holder in (("train", file), ("test", file), ("distance", file.attrs)):
        if key not in holder:
            raise ValueError(f"{'attribute' if holder is not file else 'key'} '{key}' is missing")
    same = SAME if file.attrs.get("leave_one_out", False) else {}
    values: dict[str, Any] = {}
    for part, key in KEYS.items():
        if part in same and same[part] in values:
            values[part] = values[same[part]]
        elif key in file:
            values[part] = _read_value(file[key], part)
    if "neighbors" in values and "distances" not in values:
        raise ValueError("key 'distances' is missing")
    values["pairs"] = _read_pairs(file)
    attrs = {key: np.asarray(value).tolist() for key, value in file.attrs.items() if key not in OWN_ATTRS}
    return VectorSet(str(file.attrs.get("name", name)), _metric(file), attrs=attrs, **values)


def _metric(file: h5py.File) -> str:
    """Our name of the attribute "distance"."""
    given = file.attrs["distance"]
    try:
        return metric_names.ours(given.decode() if isinstance(given, bytes) else str(given))
    except InputError as error:
        raise ValueError(f"attribute 'distance': {error}") from error


def _read_pairs(file: h5py.File) -> Pairs | None:
    if PAIRS["rows"] not in file:
        return None
    for key in PAIRS.values():
        if not isinstance(file.get(key), h5py.Dataset):
            raise ValueError(f"key '{key}' is missing")
    rows, same, folds = (file[key][:] for key in PAIRS.values())
    return Pairs(rows.astype(np.int64, copy=False), same.astype(bool, copy=False), folds.astype(np.int64, copy=False))


def _read_value(dataset: h5py.Dataset, part: str) -> np.ndarray | tuple[str, ...]:
    if not isinstance(dataset, h5py.Dataset):
        raise ValueError(f"key '{KEYS[part]}' is a group, not an array")
    if part in ("gallery_paths", "query_paths", "class_names"):
        return tuple(dataset.asstr(errors="surrogateescape")[:])
    if part in ("gallery", "queries"):
        hamming = _metric(dataset.file) == "hamming"
        return _packed(dataset) if hamming and _holds_bits(dataset) else _vectors(dataset)
    if part == "query_activations":
        return dataset[:].astype(np.float32, copy=False)
    if part == "distances":
        return _distances(dataset)
    if part in ("gallery_labels", "query_labels") and dataset.ndim == 2:
        return dataset[:].astype(bool, copy=False)
    return dataset[:].astype(np.int64, copy=False)


def _vectors(dataset: h5py.Dataset) -> np.ndarray:
    """(N, D), mapped where they lie in one piece."""
    if dataset.dtype not in (np.float32, np.float16, np.uint8, np.int8):
        return dataset[:].astype(np.float32, copy=False)
    offset = dataset.id.get_offset()  # None where they are in chunks or compressed
    if offset is None or dataset.is_virtual or dataset.external or not dataset.size:
        return dataset[:]
    return np.memmap(dataset.file.filename, dataset.dtype, "r", offset, dataset.shape).view(np.ndarray)


def _holds_bits(dataset: h5py.Dataset) -> bool:
    """Whether hamming vectors are a value a bit, not packed codes."""
    return dataset.dtype == bool or dataset.file.attrs.get("dimension") == dataset.shape[1]


def _packed(dataset: h5py.Dataset) -> np.ndarray:
    """(N, ceil(D / 8)) uint8 codes of bits (N, D), eight of them a byte, zeros behind the last."""
    codes = np.empty((len(dataset), -(-dataset.shape[1] // 8)), np.uint8)
    for start in range(0, len(codes), _BLOCK_ROWS):
        bits = dataset[start : start + _BLOCK_ROWS]
        if ((bits != 0) & (bits != 1)).any():
            raise ValueError(f"key '{dataset.name.strip('/')}' must hold bits, or the attribute 'dimension' is wrong")
        codes[start : start + len(bits)] = np.packbits(bits.astype(bool), axis=1)
    return codes


def _distances(dataset: h5py.Dataset) -> np.ndarray:
    """float32; of hamming the number of differing bits, where ann-benchmarks has their share."""
    distances = dataset[:].astype(np.float32, copy=False)
    if _metric(dataset.file) == "hamming" and (distances % 1 != 0).any():
        distances = np.rint(distances * dataset.file["train"].shape[1])
    return distances
