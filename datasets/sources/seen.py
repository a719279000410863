"""Seen: on which pictures something was learned, kept as numbers, so that it is not judged on them under any name."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from datasets.errors import InputError
from datasets.files import address, contents
from datasets.images.base import ImageSet
from datasets.sources.overlap import THREADS

_FIRST = 1 << 16  # bytes of a file: two photographs differ long before


def pictures(images: ImageSet, rows: np.ndarray) -> np.ndarray:
    """(N,) uint64, ascending: numbers by which the pictures among ``rows`` of a set are known again.

    A file is known by its path, and by its size and its first bytes, so that a copy is known too; of one that cannot be
    read, or stands at an address, there is the path alone. An image of an array is known by its pixels.
    """
    return np.unique(_numbers(images, rows))


def shared(seen: np.ndarray, images: ImageSet, rows: np.ndarray) -> np.ndarray:
    """Those of ``rows`` of a set whose pictures are among ``seen``, which ``pictures`` made."""
    return rows[np.isin(_numbers(images, rows), seen).any(axis=1)]


def judged(images: ImageSet, part: str = "") -> np.ndarray:
    """The rows of a set by which it, or a ``part`` of it, is judged: what asks, and what is right for one that asks.

    Raises InputError where the set has no such part.
    """
    if images.truth is None:
        if images.several_labels:
            return np.union1d(images.query, images.gallery)
        right = np.isin(images.labels[images.gallery], images.labels[images.query])
        return np.union1d(images.query, images.gallery[right])
    truth = images.truth
    asks = [place for place in range(len(truth)) if not part or (truth.parts and truth.parts[place] == part)]
    if not asks:
        raise InputError(
            f"dataset {images.name}: it has no part '{part}'; known are {', '.join(sorted(set(truth.parts)))}"
        )
    right = np.concatenate([rows for place in asks for rows in (truth.easy[place], truth.hard[place])])
    return np.union1d(images.query[asks], images.gallery[right])


def _numbers(images: ImageSet, rows: np.ndarray) -> np.ndarray:
    """(N, 2) uint64, the numbers of each row's picture."""
    known_by = _of_pixels if isinstance(images.images, np.ndarray) else _of_file
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(known_by, [images.images[row] for row in rows]))
    return np.array(found, dtype=np.uint64).reshape(-1, 2)


def _of_pixels(image: np.ndarray) -> tuple[int, int]:
    return (_number(np.ascontiguousarray(image)),) * 2


def _of_file(path: str) -> tuple[int, int]:
    named = _number(b"path", str(path).encode("utf-8", "surrogateescape"))
    try:
        if address.is_address(str(path)):
            return named, named
        return named, _number(contents.first(str(path), _FIRST), str(contents.size(str(path))).encode())
    except contents.Unopened:
        return named, named


def _number(*parts: bytes | np.ndarray) -> int:
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        digest.update(part)
    return int.from_bytes(digest.digest(), "little")
