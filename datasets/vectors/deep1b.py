"""deep1b: a billion descriptors of a deep net, 96-d of unit length, and its prefixes (Babenko, Lempitsky, CVPR 2016).

The prefixes of 1, 10 and 100 million rows are sets of their own in the literature. Each is downloaded by a request
for the first bytes of the large file, so that it costs its own size and no more.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files import download
from datasets.stored import from_file
from datasets.vectors.base import VectorSet

YANDEX = "https://storage.yandexcloud.net/yandex-research/ann-datasets"
META = "https://dl.fbaipublicfiles.com/billion-scale-ann-benchmarks"
BASE_URL = f"{YANDEX}/DEEP/base.1B.fbin"
QUERY_URL = f"{YANDEX}/DEEP/query.public.10K.fbin"
ROWS, QUERIES, DIM = 10**9, 10_000, 96  # of these files
HEADER = 8  # bytes before the values: rows and dimensions, uint32 each


@dataclass(frozen=True)
class Prefix:
    """The first ``rows`` of the billion; ``truth`` is the address of their official neighbors, "" for none."""

    rows: int
    truth: str = ""


PREFIXES = {
    "deep1m": Prefix(10**6),
    "deep10m": Prefix(10**7, f"{META}/GT_10M/deep-10M"),
    "deep100m": Prefix(10**8, f"{META}/GT_100M/deep-100M"),
    "deep1b": Prefix(ROWS, f"{YANDEX}/deep_new_groundtruth.public.10K.bin"),
}


def load(root: Path) -> VectorSet:
    """The whole set, mapped from ``root/deep1b``; downloaded where it is not there, 384 GB.

    Raises InputError naming the address or the file, or the folder whose disk has no room.
    """
    return load_prefix("deep1b", Path(root))


def load_prefix(name: str, root: Path) -> VectorSet:
    """The set ``name`` of PREFIXES, mapped from files under ``root/deep1b``, which are downloaded where missing.

    A longer prefix that is there already is taken, not downloaded again. Official neighbors come with the set; deep1m
    has none.
    """
    prefix, folder = PREFIXES[name], root / "deep1b"
    truth = None
    queries = download.fetch(QUERY_URL, folder / _last(QUERY_URL), size=HEADER + QUERIES * DIM * 4)
    if prefix.truth:
        truth = download.fetch(prefix.truth, folder / f"groundtruth.{name}.bin")
    gallery = _gallery(prefix.rows, folder)
    found = from_file.load(gallery, queries=queries, truth=truth, metric="euclidean")
    try:
        return replace(found, name=name, gallery=found.gallery[: prefix.rows])
    except ValueError as error:  # of a longer prefix's rows more are known
        raise InputError(f"{truth}: {error}; it belongs to other vectors: remove it and call again") from error


def _gallery(rows: int, folder: Path) -> Path:
    """The smallest file with at least that many rows; downloaded where there is none."""
    lengths = sorted(prefix.rows for prefix in PREFIXES.values() if prefix.rows >= rows)
    present = (folder / _file_name(length) for length in lengths)
    return next((path for path in present if path.is_file()), None) or _fetched(rows, folder)


def _fetched(rows: int, folder: Path) -> Path:
    """Downloads the first rows and makes their header tell how many they are; the final name is given last."""
    target = folder / _file_name(rows)
    fetched = download.fetch(BASE_URL, target.with_suffix(".first"), first=HEADER + rows * DIM * 4)
    _set_count(fetched, rows)
    os.replace(fetched, target)
    return target


def _set_count(path: Path, rows: int) -> None:
    header = np.fromfile(path, "<u4", 2)
    if header[1] != DIM or header[0] not in (ROWS, rows):  # the latter where a call was killed after the next lines
        path.unlink()
        raise InputError(f"{BASE_URL}: its header says {header[0]} x {header[1]}, not {ROWS} x {DIM}: it has changed")
    with path.open("r+b") as stream:
        stream.write(np.array([rows, DIM], "<u4").tobytes())


def _file_name(rows: int) -> str:
    whole = _last(BASE_URL)
    return whole if rows == ROWS else whole.replace(".fbin", f".crop_nb_{rows}.fbin")


def _last(url: str) -> str:
    return url.rpartition("/")[2]
