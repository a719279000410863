"""Exact truth of a stream: the k nearest of every query among the rows that are there when it is asked.

Rows that are there at the same searches are a class. Each class is searched once, as if it were a gallery, so that all
together cost about one exact search; what is found at a search is the nearest out of the lists of the classes that are
there then. A class is there from one search to another without a gap, so searches are halved as in a segment tree
(Bentley 1977): a list goes to the fewest halves that make up its time, at most two of a length, and what a half has
found is handed down to its own halves. So a list is merged into others a few times, not once at every search.

All is kept as it is found: lists of classes, a part of the rows at a time; then the truth of each search. A search that
was killed goes on with what is missing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from tqdm import tqdm

from datasets.errors import InputError
from datasets.files.whole import own_beside
from datasets.runbooks.history import History
from datasets.stored import blocks
from datasets.stored.blocks import Truth
from datasets.vectors import exact, rows
from datasets.vectors.base import VectorSet

_PART = 1 << 18  # rows of a file of lists, or so many more
_LISTS = 16  # merged at a time
_LIST = np.dtype([("number", np.int32), ("distance", np.float32)])  # a candidate, as it lies in a file


@dataclass(frozen=True, eq=False)
class Streamed:
    """The truth of one stream over one set, kept in ``folder``."""

    vector_set: VectorSet
    history: History
    k: int
    folder: Path

    def at(self, step: int) -> Truth:
        """Of the search in a step, counted from 0: numbers of rows, nearest first, and distances, both (Q, k).

        As with ``exact.search`` -1 and infinity where fewer than k are there. ``prepare`` must have been called.
        """
        found = blocks.read(self._path(step))
        if found is None:
            raise InputError(f"{self._path(step)}: cannot be read; remove it, and it is searched for again")
        return found

    def prepare(self, *, progress: bool = True) -> None:
        """Find and keep what is not there yet.

        progress : whether a bar is shown where stderr is a terminal
        """
        searches = self.history.searches
        if all(self._path(step).exists() for step in searches):
            self._tidy()
            return
        self.vector_set.check_finite()
        parts = _parts(self.history)
        count = len(self.history.rows)
        with tqdm(total=count, unit="row", unit_scale=True, desc="true neighbors", disable=not progress or None) as bar:
            lists = [self._lists(place, part, bar) for place, part in enumerate(parts)]
        pieces = [(piece, one) for part, of_part in zip(parts, lists, strict=True)
                  for piece, one in zip(part, of_part, strict=True)]  # fmt: skip
        nothing = self._nothing()
        largest = self.vector_set.metric == "inner_product"
        for place, found in _moments(0, len(searches), nothing, pieces, largest):
            if not self._path(searches[place]).exists():
                blocks.write(self._path(searches[place]), self._in_order(found))
        self._tidy()

    def _tidy(self) -> None:
        """Let the lists go, which are as large as the gallery where there are many queries."""
        for path in self.folder.glob("lists-*.npy"):
            path.unlink(missing_ok=True)

    def _path(self, of: object, suffix: str = ".npz") -> Path:
        return self.folder / f"{of}{suffix}"

    @property
    def _wanted(self) -> int:
        """Candidates of a list: sums of products can put near duplicates into a wrong order, so it is some more."""
        return self.k + max(8, self.k // 8)

    def _nothing(self) -> Truth:
        shape = len(self.vector_set.queries), self._wanted
        worst = -np.inf if self.vector_set.metric == "inner_product" else np.inf
        return np.full(shape, -1, np.int64), np.full(shape, worst, np.float32)

    def _lists(self, place: int, part: list["Piece"], bar: tqdm) -> np.ndarray:
        """The lists of a part's pieces, (pieces, Q, wanted), mapped from their file; it is made where there is none."""
        path = self._path(f"lists-{place}", ".npy")
        if not path.exists():
            found = np.empty((len(part), len(self.vector_set.queries), self._wanted), _LIST)
            for piece, one in zip(part, found, strict=True):
                one["number"], one["distance"] = self._search(piece.numbers)
                bar.update(len(piece.numbers))
            path.parent.mkdir(parents=True, exist_ok=True)
            with own_beside(path) as beside, beside.open("wb") as stream:
                np.save(stream, found)
        return np.load(path, mmap_mode="r")

    def _search(self, numbers: np.ndarray) -> Truth:
        """The nearest among these rows only, by their numbers; no query finds itself."""
        ids, own = self.history.rows[numbers], self._own
        gallery = self.vector_set.gallery
        if len(ids) == ids[-1] - ids[0] + 1 and (np.diff(ids) == 1).all():
            gallery = gallery[ids[0] : ids[-1] + 1]
        else:
            gallery = rows.take(gallery, ids)
        exclude = None
        if own is not None:
            in_order = np.argsort(ids, kind="stable")
            near = in_order[np.searchsorted(ids, own, sorter=in_order).clip(max=len(ids) - 1)]
            exclude = np.where(ids[near] == own, near, -1)
        found, distances = exact.search(
            self.vector_set.queries, gallery, self._wanted, metric=self.vector_set.metric, exclude=exclude
        )
        return np.where(found < 0, -1, numbers[found]), distances

    @property
    def _own(self) -> np.ndarray | None:
        own = self.vector_set.own_rows
        return own if (own >= 0).any() else None

    def _in_order(self, found: Truth) -> Truth:
        """The k nearest, by distances computed anew; the lower number first among equals."""
        numbers, vector_set = found[0], self.vector_set
        near = np.where(numbers < 0, -1, self.history.rows[numbers])
        distances = exact.between(vector_set.queries, vector_set.gallery, near, metric=vector_set.metric)
        keys = -distances if vector_set.metric == "inner_product" else distances
        order = np.lexsort((numbers, keys), axis=1)[:, : self.k]
        return np.take_along_axis(numbers, order, axis=1), np.take_along_axis(distances, order, axis=1)


@dataclass(frozen=True)
class Piece:
    """Rows of one class, by their numbers, there at the searches from ``first`` to ``last``, without the last."""

    numbers: np.ndarray
    first: int
    last: int


def of(vector_set: VectorSet, history: History, k: int, *, cache: Path) -> Streamed:
    """The truth of a stream, which is kept in a folder of its own under ``cache``."""
    return Streamed(vector_set, history, k, cache / f"{vector_set.fingerprint()}.stream-{history.runbook.mark}-{k}")


def _parts(history: History) -> list[list[Piece]]:
    """All classes in pieces of at most ``_PART`` rows, so many pieces to a part that it has about as many rows."""
    first, last = (np.searchsorted(history.searches, when) for when in (history.born, history.died))
    order = np.lexsort((last, first))
    order = order[first[order] < last[order]]  # others are never asked for
    starts = np.flatnonzero(np.diff(first[order], prepend=-1) | np.diff(last[order], prepend=-1))
    parts: list[list[Piece]] = [[]]
    size = 0
    for numbers in np.split(order, starts[1:]):
        for start in range(0, len(numbers), _PART):
            piece = numbers[start : start + _PART]
            parts[-1].append(Piece(piece, int(first[piece[0]]), int(last[piece[0]])))
            size += len(piece)
            if size >= _PART:
                parts.append([])
                size = 0
    return [part for part in parts if part]


def _moments(
    low: int, high: int, found: Truth, pieces: Sequence[tuple[Piece, np.ndarray]], largest: bool
) -> Iterator[tuple[int, Truth]]:
    """(search, what is found at it) of the searches from ``low`` to ``high``, in order.

    found : in the pieces that are there all the time; pieces : those that are there at any of these searches
    """
    whole = [one for piece, one in pieces if piece.first <= low and high <= piece.last]
    rest = [(piece, one) for piece, one in pieces if not (piece.first <= low and high <= piece.last)]
    for start in range(0, len(whole), _LISTS):
        found = _merged(found, whole[start : start + _LISTS], largest)
    if high - low == 1:
        yield low, found
        return
    middle = (low + high) // 2
    for begin, end in ((low, middle), (middle, high)):
        there = [(piece, one) for piece, one in rest if piece.first < end and begin < piece.last]
        yield from _moments(begin, end, found, there, largest)


def _merged(found: Truth, lists: Sequence[np.ndarray], largest: bool) -> Truth:
    """The nearest of what is found already and of so many lists more."""
    numbers = np.stack([found[0], *(one["number"].astype(np.int64) for one in lists)])
    distances = np.stack([found[1], *(one["distance"] for one in lists)])
    distances, numbers = faiss.merge_knn_results(distances, numbers, keep_max=largest)
    return numbers, distances
