"""Rows that can only be read from first to last, as an array: few in memory, many in a file that is mapped."""

import hashlib
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from glob import escape
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files import lock
from datasets.files.whole import own_beside
from datasets.stored import formats

log = logging.getLogger(__name__)

FOLDER = "converted"  # beside the files, or where nothing can be written there, in data/

_SMALL = 1 << 26  # bytes of files that are read into memory, each time anew
_ELSEWHERE = Path("data")
_SUFFIX = {"float32": ".fbin", "uint8": ".u8bin", "int8": ".i8bin"}


def array(files: Sequence[Path], blocks: Callable[[], Iterator[np.ndarray]]) -> np.ndarray:
    """All rows (N, D) of some files, float32, uint8 or int8; those of more than 64 MiB are converted once and mapped.

    The converted file stands in a folder ``converted`` beside the first file, or in data/ where nothing can be written
    there. It is written whole or not at all, and again where a file has another size or time than it had; the one that
    was made of older files is removed.

    blocks : gives the rows from first to last, (n, D) at a time, all of one dtype
    Raises InputError where there are no rows, and where they cannot be written.
    """
    if sum(path.stat().st_size for path in files) <= _SMALL:
        found = list(blocks())
        if not found:
            raise InputError(f"{files[0]}: there are no vectors")
        return np.concatenate(found)
    folder = _place(files[0].resolve().parent)
    stem, mark = files[0].name, _mark(files)
    if (there := _found(folder, stem, mark)) is None:
        with lock.held(folder / f"{stem}-{mark}", flag="--data"):
            if (there := _found(folder, stem, mark)) is None:
                there = _write(folder, stem, mark, blocks())
    return formats.read(there)


def _place(folder: Path) -> Path:
    own = folder / FOLDER
    return own if os.access(own if own.is_dir() else folder, os.W_OK) else _ELSEWHERE / FOLDER


def _mark(files: Sequence[Path]) -> str:
    """8 hexadecimal digits that tell these files, as they are now, from others."""
    digest = hashlib.sha256()
    for path in files:
        about = path.stat()
        digest.update(f"{path.resolve()} {about.st_size} {about.st_mtime_ns}".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:8]


def _found(folder: Path, stem: str, mark: str) -> Path | None:
    places = (folder / f"{stem}-{mark}{suffix}" for suffix in _SUFFIX.values())
    return next((place for place in places if place.is_file()), None)


def _write(folder: Path, stem: str, mark: str, blocks: Iterator[np.ndarray]) -> Path:
    """The rows as one of big-ann-benchmarks' files, whose header is written when they have been counted."""
    first = next(blocks, None)
    if first is None:
        raise InputError(f"{stem}: there are no vectors")
    place = folder / f"{stem}-{mark}{_SUFFIX[str(first.dtype)]}"
    log.info("%s is read once, into %s", stem, place)
    try:
        with own_beside(place) as part, part.open("wb") as stream:
            stream.write(np.zeros(2, "<u4").tobytes())
            count = _append(stream, first)
            for block in blocks:
                count += _append(stream, block)
            stream.seek(0)
            stream.write(np.array([count, first.shape[1]], "<u4").tobytes())
    except OSError as error:
        raise InputError(f"{place}: cannot be written, make room there ({error.strerror})") from error
    for older in folder.glob(f"{escape(stem)}-*"):
        if not older.name.startswith(f"{stem}-{mark}") and older.suffix in _SUFFIX.values():
            with suppress(OSError):
                older.unlink()
    return place


def _append(stream: object, block: np.ndarray) -> int:
    stream.write(np.ascontiguousarray(block).data)
    return len(block)
