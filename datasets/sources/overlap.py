"""Overlap: which images stand in two parts of a set, by their content, so that a leak is seen under any name."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from datasets.files import contents
from datasets.images.base import ImageSet

T = TypeVar("T")

PAIRS = (("query", "gallery"), ("query", "train"), ("train", "gallery"))
THREADS = 8  # they wait for the disk more than they compute
_CHUNK = 256  # images that a thread takes at a time
_CALLED = {"query": "queries", "train": "training images", "gallery": "gallery"}


@dataclass(frozen=True)
class Shared:
    """Images of ``part`` that are in the part ``other`` too.

    images : how many ``part`` has
    same : how many of them are in both parts under one name, as the set deals them out
    copies : how many of them have a copy in ``other`` under another name
    example : the names of an image and of its copy, or None
    """

    part: str
    other: str
    images: int
    same: int
    copies: int
    example: tuple[str, str] | None

    def lines(self) -> list[str]:
        """What there is to say of it; nothing where no image is shared."""
        found = []
        if self.same == self.images and self.same:
            alone = ", and none finds itself" if (self.part, self.other) == ("query", "gallery") else ""
            where = f"are in the {_other(self.other)} by the set's split{alone}"
            found.append(f"all {self.images:,} {_CALLED[self.part]} {where}")
        elif self.same:
            found.append(f"{self._count(self.same)} in the {_other(self.other)} by the set's split")
        if self.example is not None:
            first, second = self.example
            has = f"{self.copies:,} of {self.images:,} {_CALLED[self.part]} {'has' if self.copies == 1 else 'have'}"
            where = f"a copy under another name in the {_other(self.other)}"
            found.append(f"{has} {where}, such as {first} and {second}")
        return found

    def _count(self, count: int) -> str:
        return f"{count:,} of {self.images:,} {_CALLED[self.part]} {'is' if count == 1 else 'are'}"


@dataclass(frozen=True)
class Overlap:
    """What the parts of a set share, a ``Shared`` for each of ``PAIRS``."""

    shared: tuple[Shared, ...]

    @property
    def leaks(self) -> tuple[Shared, ...]:
        """Where copies are under another name, and where queries are trained on or, but not all of them, searched."""
        return tuple(pair for pair in self.shared if pair.copies or _unfair(pair))

    def lines(self) -> list[str]:
        """One line for everything that is shared, or one that says that nothing is."""
        found = [line for pair in self.shared for line in pair.lines()]
        if any(pair.copies for pair in self.shared):
            return found
        if not found:
            return ["query, train and gallery share no image by content"]
        return [*found, "no other image is in two of query, train and gallery by content"]

    def __str__(self) -> str:
        return "; ".join(self.lines())


def _unfair(pair: Shared) -> bool:
    # In leave-one-out all queries are the gallery, and none finds itself; trained on they must never be.
    return pair.part == "query" and pair.same > 0 and (pair.other == "train" or pair.same < pair.images)


def _other(part: str) -> str:
    return "train part" if part == "train" else part


def overlap(images: ImageSet) -> Overlap:
    """What query, train and gallery of a set share: images of equal bytes, and of equal rows where they are an array.

    A picture that was scaled or packed anew has other bytes and is not found. Files are read only where another file of
    the other part has as many bytes. A file that cannot be read shares nothing, and what stands at an address is not
    asked for.
    """
    ids, names = _distinct(images)
    parts = {part: np.unique(ids[getattr(images, part)]) for part in ("query", "train", "gallery")}
    sizes = _sizes(images, names, np.unique(np.concatenate(list(parts.values()))))
    wanted = [_comparable(parts[part], parts[other], sizes) for part, other in PAIRS]
    digests = _digests(images, names, np.unique(np.concatenate([rows for pair in wanted for rows in pair])))
    return Overlap(
        tuple(
            _shared((part, other), (parts[part], parts[other]), rows, digests, images, names)
            for (part, other), rows in zip(PAIRS, wanted, strict=True)
        )
    )


def _distinct(images: ImageSet) -> tuple[np.ndarray, np.ndarray]:
    """The number of each row's image (N,), equal where a file stands in several rows, and a row of each number."""
    if isinstance(images.images, np.ndarray):
        return np.arange(len(images)), np.arange(len(images))
    seen: dict[str, int] = {}
    first = np.array([seen.setdefault(str(path), row) for row, path in enumerate(images.images)], dtype=np.int64)
    rows, ids = np.unique(first, return_inverse=True)
    return ids, rows


def _sizes(images: ImageSet, rows: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """The bytes of each image (by its number), 0 of those that are in no part."""
    sizes = np.zeros(len(rows), dtype=np.int64)
    if not isinstance(images.images, np.ndarray):
        sizes[ids] = _each(lambda number: _size(images.images[rows[number]], number), ids)
    return sizes


def _size(path: str, number: int) -> int:
    """The bytes of a file; of one that is empty or cannot be had, which is no picture, a size that no other has."""
    try:
        found = contents.size(path)
    except contents.Unopened:
        found = None
    return found or -1 - number


def _comparable(part: np.ndarray, other: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The images of either part that have as many bytes as some other image of the other part."""
    return _with_equals(part, other, sizes), _with_equals(other, part, sizes)


def _with_equals(part: np.ndarray, other: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    found, counts = np.unique(sizes[other], return_counts=True)
    if not len(found):
        return part[:0]
    place = np.searchsorted(found, sizes[part]).clip(max=len(found) - 1)
    equals = np.where(found[place] == sizes[part], counts[place], 0)
    return part[equals > np.isin(part, other)]  # an image is not its own copy


def _digests(images: ImageSet, rows: np.ndarray, ids: np.ndarray) -> dict[int, bytes]:
    """The SHA-256 of each image, by its number."""

    def digest(number: int) -> bytes:
        image = images.images[rows[number]]
        if isinstance(image, np.ndarray):
            return hashlib.sha256(np.ascontiguousarray(image)).digest()
        try:
            return hashlib.sha256(contents.read(image)).digest()
        except contents.Unopened:
            return str(number).encode()  # as no other image

    return dict(zip(ids.tolist(), _each(digest, ids), strict=True))


def _each(function: Callable[[int], T], ids: np.ndarray) -> list[T]:
    """``function`` of each number, by threads."""

    def chunk(numbers: Sequence[int]) -> list[T]:
        return [function(number) for number in numbers]

    chunks = [ids[start : start + _CHUNK].tolist() for start in range(0, len(ids), _CHUNK)]
    with ThreadPoolExecutor(THREADS) as pool:
        return [value for values in pool.map(chunk, chunks) for value in values]


def _shared(
    names: tuple[str, str],
    parts: tuple[np.ndarray, np.ndarray],
    wanted: tuple[np.ndarray, np.ndarray],
    digests: dict[int, bytes],
    images: ImageSet,
    rows: np.ndarray,
) -> Shared:
    owners: dict[bytes, list[int]] = {}
    for number in wanted[1].tolist():
        owners.setdefault(digests[number], []).append(number)
    copies = []
    for number in wanted[0].tolist():
        # Two owners are enough to know whether one of them is another image.
        others = [owner for owner in owners.get(digests[number], ())[:2] if owner != number]
        copies += [(number, others[0])] if others else []
    example = tuple(images.image_name(int(rows[number])) for number in copies[0]) if copies else None
    same = len(np.intersect1d(*parts))
    return Shared(*names, images=len(parts[0]), same=same, copies=len(copies), example=example)
