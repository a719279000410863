"""Groups: the pictures that are copies of each other, by their bytes, their pixels or their vectors."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from datasets.files import contents
from datasets.images import pixels
from datasets.vectors import exact

BYTES, PIXELS = "same bytes", "same pixels"
_NEAREST = 32  # neighbors that are looked at; copies by bytes are not among them
_BLOCK = 4096  # queries at a time
_ALIKE = 0.999  # below, pixels are never the same


@dataclass(frozen=True)
class Copy:
    """A picture of a group: its row, how much it is like the one to keep (1 for itself), how where they are equal.

    stays : whether it is to be kept too, being connected by others alone, and less like the one to keep than asked for
    """

    row: int
    like: float
    how: str = ""
    stays: bool = False

    @property
    def words(self) -> str:
        """What a table says of it."""
        return self.how or f"{self.like:.4f}"


@dataclass(frozen=True)
class Group:
    """Pictures that are connected by likeness, the one to keep first, then those most like it."""

    copies: tuple[Copy, ...]

    @property
    def rows(self) -> list[int]:
        """The rows of its pictures."""
        return [copy.row for copy in self.copies]

    @property
    def spare(self) -> int:
        """How many of its pictures need not be kept."""
        return sum(not copy.stays for copy in self.copies[1:])


def groups(paths: Sequence[str], vectors: np.ndarray, threshold: float, *, workers: int = 2) -> list[Group]:
    """The groups of two or more pictures, the largest first.

    paths : N, as ``contents.read`` takes them; those that are not there are compared by their vectors alone
    vectors : (N, D) float32 unit rows; a row of zeros is like no other
    threshold : of the product of two rows; pictures that are above it are connected, and so is whatever they are
        connected to

    Of a group the picture with the most pixels is the one to keep; then the one in the larger file; then the first.
    What is not itself so much like that one stays too.
    """
    same = same_bytes(paths, workers=workers)
    one = np.unique(same)  # a row for all that have its bytes
    first, second = near_pairs(vectors[one], threshold)
    edges = np.concatenate([[one[first], one[second]], [np.arange(len(paths)), same]], axis=1)
    graph = coo_matrix((np.ones(edges.shape[1]), tuple(edges)), shape=(len(paths), len(paths)))
    _, component = connected_components(graph, directed=False)
    order = np.argsort(component, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(component[order])) + 1) if len(order) else []
    with ThreadPoolExecutor(workers) as pool:
        found = pool.map(
            lambda rows: _group(rows, paths, vectors, same, threshold), [rows for rows in parts if len(rows) > 1]
        )
        return sorted(found, key=lambda group: (-len(group.copies), group.rows[0]))


def same_bytes(paths: Sequence[str], *, workers: int = 2) -> np.ndarray:
    """(N,) the first row whose file has the same bytes, the row itself where none has; only equal sizes are read."""
    by_size: dict[int, list[int]] = defaultdict(list)
    for row, path in enumerate(paths):
        if (size := _size(path)) is not None:
            by_size[size].append(row)
    rows = sorted(row for sizes in by_size.values() if len(sizes) > 1 for row in sizes)
    with ThreadPoolExecutor(workers) as pool:
        digests = pool.map(lambda row: _digest(paths[row]), rows)
        first: dict[bytes, int] = {}
        same = np.arange(len(paths))
        for row, digest in zip(rows, digests, strict=True):
            if digest is not None:
                same[row] = first.setdefault(digest, row)
    return same


def _size(path: str) -> int | None:
    try:
        return contents.size(path)
    except contents.Unopened:
        return None


def _digest(path: str) -> bytes | None:
    try:
        return hashlib.sha256(contents.read(path)).digest()
    except contents.Unopened:
        return None


def near_pairs(vectors: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """The rows (P,), (P,) of pairs whose product is above ``threshold``, each row with its 32 nearest at most."""
    there = np.flatnonzero(vectors.any(axis=1))
    among = np.ascontiguousarray(vectors[there])
    k, found = min(_NEAREST, len(there) - 1), [(there[:0], there[:0])]
    for start in range(0, len(there) if k > 0 else 0, _BLOCK):
        own = np.arange(start, min(start + _BLOCK, len(there)))
        neighbors, products = exact.search(among[own], among, k, metric="inner_product", exclude=own)
        asking, place = np.nonzero((products > threshold) & (neighbors >= 0))
        found.append((there[own[asking]], there[neighbors[asking, place]]))
    first, second = (np.concatenate(side) for side in zip(*found, strict=True))
    return first, second


def _group(rows: np.ndarray, paths: Sequence[str], vectors: np.ndarray, same: np.ndarray, threshold: float) -> Group:
    pictures = {row: _pixels(paths[row]) for row in dict.fromkeys(same[rows].tolist())}

    def worth(row: int) -> tuple[int, int, int]:
        picture = pictures[same[row]]
        return -(picture[0] if picture else 0), -(_size(paths[row]) or 0), row

    keep = min(rows.tolist(), key=worth)
    copies = [_copy(row, keep, pictures, vectors, same, threshold) for row in rows.tolist() if row != keep]
    equal = {BYTES: 0, PIXELS: 1}
    copies.sort(key=lambda copy: (equal.get(copy.how, 2), -copy.like, copy.row))
    return Group((Copy(keep, 1.0), *copies))


def _copy(
    row: int,
    keep: int,
    pictures: dict[int, tuple[int, bytes] | None],
    vectors: np.ndarray,
    same: np.ndarray,
    threshold: float,
) -> Copy:
    if same[row] == same[keep]:
        return Copy(row, 1.0, BYTES)
    like = float(np.clip(vectors[row] @ vectors[keep], -1, 1))
    mine, kept = pictures[same[row]], pictures[same[keep]]
    if like > _ALIKE and mine is not None and mine == kept:
        return Copy(row, like, PIXELS)
    return Copy(row, like, stays=like <= threshold)


def _pixels(path: str) -> tuple[int, bytes] | None:
    """How many pixels a picture has, and a hash of them with their shape; None where it cannot be read."""
    try:
        image = pixels.read(path)
    except pixels.Unreadable:
        return None
    height, width = image.shape[:2]
    return height * width, hashlib.sha256(f"{height} {width} ".encode() + image.tobytes()).digest()
