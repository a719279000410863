"""Ways in which an index takes part in a stream: it removes rows itself, is filtered, or is built anew.

    removes          rows are added to it and removed from it
    filters deleted  it cannot remove: it is asked for more than k, and rows that are gone are thrown away
    built anew       before a search it is built of the rows that are there, if any have come or gone since

Rows have the numbers of their history throughout; each way knows how its index numbers them. The clock of what is
written runs around the calls of the index alone, not around the reading of rows.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from threadpoolctl import threadpool_limits

from ann_bench.indexes.base import Index, Value
from ann_bench.measuring.honest import Answer, Cheating
from datasets.runbooks.history import History
from datasets.vectors import rows as vector_rows
from datasets.vectors.base import VectorSet

REMOVES, FILTERS, ANEW = "removes", "filters deleted", "built anew"
NAMED = {"removes": REMOVES, "filters": FILTERS, "anew": ANEW}  # as users ask for them
BLOCK = 1 << 17  # rows added at a time


def best(index: Index) -> str:
    """The first way that an index can take part in."""
    return next(way for way in NAMED.values() if not refusal(index, way))


def refusal(index: Index, way: str) -> str:
    """Why an index cannot take part in a way; "" where it can."""
    if way == REMOVES and not index.changes:
        return "cannot remove rows"
    if way == FILTERS and not (index.changes or index.grows):
        return "cannot add rows once it is built"
    return ""


@dataclass
class Way:
    """An index in a stream; the base of all ways, and itself "removes".

    again : makes another empty index of the same kind, with room for so many rows
    write_threads, search_threads : on how many it writes and is searched
    """

    index: Index | None  # None where it is made first by being built anew
    vector_set: VectorSet
    history: History
    again: Callable[[int], Index]
    search: dict[str, Value]
    write_threads: int
    search_threads: int
    seed: int
    begun: bool = field(default=False, init=False)
    finished: bool = field(default=False, init=False)

    name: ClassVar[str] = REMOVES

    def begin(self, first: np.ndarray) -> float:
        """Train with rows out of ``first``, those that are there at the first search; the seconds it took."""
        self.begun = True
        return self._trained(first)

    def insert(self, numbers: np.ndarray) -> float:
        """Add rows, the numbers after the last ones; seconds."""
        return sum(self._added(numbers[start : start + BLOCK]) for start in range(0, len(numbers), BLOCK))

    def delete(self, numbers: np.ndarray) -> float:
        """Remove rows; seconds."""
        return self.ready() + self._timed(lambda: self.index.remove(numbers.astype(np.int64)))

    def ready(self) -> float:
        """Whatever remains to be done before the next search or removal; seconds."""
        if self.finished:
            return 0.0
        self.finished = True
        return self._finished()

    def find(self, queries: np.ndarray, k: int) -> Answer:
        """What is timed as a search."""
        return self.index.find(queries, k)

    def numbers(self, neighbors: np.ndarray) -> np.ndarray:
        """The neighbors (n, k) that ``find`` gave by the numbers of their rows; what is out of range stays so."""
        return neighbors

    def _trained(self, numbers: np.ndarray) -> float:
        """Of as many of these rows as the index wants."""
        if self.index.training_rows == 0:
            return 0.0
        chosen = vector_rows.sample_ids(len(numbers), self.index.training_rows, self.seed)
        sample = self.vectors(numbers[chosen])
        return self._timed(lambda: self.index.train(sample))

    def _added(self, numbers: np.ndarray) -> float:
        block = self.vectors(numbers)
        return self._timed(lambda: self.index.add(block))

    def _finished(self) -> float:
        seconds = self._timed(self.index.finish)
        self.index.tune(**self.search)
        return seconds

    def vectors(self, numbers: np.ndarray) -> np.ndarray:
        """The rows (n, D) of these numbers, as an index takes them."""
        ids = self.history.rows[numbers]
        return vector_rows.prepared(vector_rows.take(self.vector_set.gallery, ids), self.vector_set.metric)

    def _timed(self, write: Callable[[], None]) -> float:
        """Seconds of writing, on the threads that write."""
        self.index.set_threads(self.write_threads)
        with threadpool_limits(self.write_threads):
            start = time.perf_counter()
            write()
            seconds = time.perf_counter() - start
        self.index.set_threads(self.search_threads)
        return seconds


@dataclass
class Filters(Way):
    """An index that cannot remove: it is asked for more until k are left that are still there."""

    name: ClassVar[str] = FILTERS

    def __post_init__(self) -> None:
        self._gone = np.zeros(len(self.history.rows), bool)
        self._added_rows = self._gone_rows = 0

    def insert(self, numbers: np.ndarray) -> float:
        self._added_rows += len(numbers)
        return super().insert(numbers)

    def delete(self, numbers: np.ndarray) -> float:
        start = time.perf_counter()
        self._gone[numbers] = True
        self._gone_rows += len(numbers)
        return time.perf_counter() - start

    def find(self, queries: np.ndarray, k: int) -> Answer:
        share = self._gone_rows / self._added_rows
        wanted = k if not share else int(k / max(1 - share, 1e-6) * 1.25) + 1
        while True:
            wanted = min(wanted, self._added_rows)
            neighbors, distances = self.index.find(queries, wanted)
            there = self._there(neighbors)
            short = there.sum(axis=1) < min(k, wanted)
            if wanted == self._added_rows or not (short & (neighbors[:, -1] >= 0)).any():
                return _first(neighbors, distances, there, k)
            wanted *= 2

    def _there(self, neighbors: np.ndarray) -> np.ndarray:
        if neighbors.size and not -1 <= neighbors.min() <= neighbors.max() < self._added_rows:
            raise Cheating(f"ids from {neighbors.min()} to {neighbors.max()}; {self._added_rows:,} rows were added")
        return (neighbors >= 0) & ~self._gone[neighbors]


def _first(neighbors: np.ndarray, distances: np.ndarray | None, there: np.ndarray, k: int) -> Answer:
    """The first k that are there in each row, -1 where there are fewer."""
    order = np.argsort(~there, axis=1, kind="stable")[:, :k]
    left = np.take_along_axis(there, order, axis=1)
    found = np.full((len(neighbors), k), -1, np.int64)
    found[:, : order.shape[1]] = np.where(left, np.take_along_axis(neighbors, order, axis=1), -1)
    if distances is None:
        return found, None
    near = np.full((len(neighbors), k), np.inf, np.float32)
    near[:, : order.shape[1]] = np.take_along_axis(distances, order, axis=1)
    return found, near


@dataclass
class Anew(Way):
    """An index that is built anew of what is there, whenever something has changed before a search."""

    name: ClassVar[str] = ANEW

    def __post_init__(self) -> None:
        self._there = np.zeros(len(self.history.rows), bool)
        self._numbers = np.empty(0, np.int64)

    def begin(self, first: np.ndarray) -> float:
        self.begun = True
        return 0.0

    def insert(self, numbers: np.ndarray) -> float:
        self._there[numbers] = True
        self.finished = False
        return 0.0

    def delete(self, numbers: np.ndarray) -> float:
        self._there[numbers] = False
        self.finished = False
        return 0.0

    def _finished(self) -> float:
        return self.build(np.flatnonzero(self._there))

    def build(self, numbers: np.ndarray) -> float:
        """Build the index of these rows; seconds."""
        self._numbers = numbers
        self.index = None  # so that two of them never take memory at once
        self.index = self.again(len(numbers))
        seconds = self._trained(numbers)
        step = BLOCK if self.index.in_blocks else len(numbers)
        seconds += sum(self._added(numbers[start : start + step]) for start in range(0, len(numbers), step))
        return seconds + super()._finished()

    def numbers(self, neighbors: np.ndarray) -> np.ndarray:
        right = (neighbors >= 0) & (neighbors < len(self._numbers))
        beyond = np.where(neighbors == -1, -1, len(self.history.rows))
        return np.where(right, self._numbers[np.where(right, neighbors, 0)], beyond)


WAYS: dict[str, type[Way]] = {REMOVES: Way, FILTERS: Filters, ANEW: Anew}
