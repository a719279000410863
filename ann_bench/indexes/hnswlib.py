"""hnswlib: the graph of small worlds by its own authors, https://github.com/nmslib/hnswlib. Index and grids.

Built from "M=16,ef_construction=200": links a row, and how many candidates are looked at for them. Searched with
``ef``, how many candidates are kept while searching; hnswlib itself keeps at least k.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import hnswlib
import numpy as np

from ann_bench.indexes import base
from ann_bench.indexes.base import Estimate, Grid, Value
from datasets.attributes.condition import Condition
from datasets.errors import InputError

PACKAGES = ("hnswlib",)

# Rows are of unit length where metric is angular, so that 1 - product, which is what hnswlib gives, is 1 - cosine.
SPACES = {"euclidean": "l2", "angular": "ip", "inner_product": "ip"}
DEFAULTS = {"M": 16, "ef_construction": 200}
REPLACE = "replace_deleted"  # a build setting: 1 gives the places of removed rows to new ones
EF = 10  # what hnswlib begins with
WORK = 130  # measured; the rows lie here and there in memory
GROWTH = 1.2  # room for so many times as many rows, where there is none left
M_RANGE = (2, 10_000)  # with 1 its levels never end; above, it prints a warning and takes 10,000


@dataclass(frozen=True)
class Passing:
    """The rows that may be found: how many, and what hnswlib asks, by their number."""

    count: int
    holds: Callable[[int], bool]


class HnswIndex(base.Index):
    """One graph; rows are added by all threads at once, so that only a build on one thread is repeatable."""

    metrics = tuple(SPACES)
    tunes = {"ef": 1}
    filters = "rows"
    changes = True
    grows = True

    def __init__(self, build: str, **about: object) -> None:
        super().__init__(build, **about)
        settings = base.read_settings(build, DEFAULTS | {REPLACE: 0}, index=self.name)
        self._replace = settings.pop(REPLACE) > 0
        self._settings = settings
        if not M_RANGE[0] <= self._settings["M"] <= M_RANGE[1]:
            raise InputError(f"--build={build}: M must be from {M_RANGE[0]} to {M_RANGE[1]}")
        self._graph: hnswlib.Index | None = None  # which takes room for all rows as soon as it is there
        self._threads = 1
        self._given = 0  # numbers given to rows, also to those that were removed

    def estimate(self) -> Estimate:
        """A row and its 2 M links, M more on each level that it reaches (1 in M of those of the level below)."""
        links = self._settings["M"]
        row = 4 * self.dim + 4 * (2 * links + 1) + 8 + 4  # row, links and their number, id, size of the upper levels
        disk = round(self.count * (row + (4 * links + 4) / (links - 1)))
        beside = 8 + 40 + 56 + 2 * self._threads  # pointer, lock, entry in the table of ids, marks of who was visited
        compared = WORK * self._settings["ef_construction"] * math.sqrt(links)  # rows that each row is compared with
        return Estimate(memory=disk + self.count * beside, disk=disk, work=self.count * self.dim * compared)

    def set_threads(self, threads: int) -> None:
        self._threads = threads
        if self._graph is not None:
            self._graph.set_num_threads(threads)

    def add(self, rows: np.ndarray) -> None:
        if self._graph is None:
            self._graph = hnswlib.Index(SPACES[self.metric], self.dim)
            self._graph.init_index(
                self.count, random_seed=self.seed, allow_replace_deleted=self._replace, **self._settings
            )
            self._graph.set_num_threads(self._threads)
        needed = self._graph.get_current_count() + len(rows)
        if needed > self._graph.get_max_elements():
            self._graph.resize_index(max(needed, round(GROWTH * self._graph.get_max_elements())))
        numbers = np.arange(self._given, self._given + len(rows))
        self._graph.add_items(rows, numbers, replace_deleted=self._replace)
        self._given += len(rows)

    def remove(self, rows: np.ndarray) -> None:
        """They stay in the graph as ways to others, and in memory, but are no answers."""
        for row in rows.tolist():
            self._graph.mark_deleted(row)

    def made(self) -> hnswlib.Index:
        """The graph itself, once there are rows in it."""
        return self._graph

    def save(self, path: Path) -> None:
        self._graph.save_index(str(path))

    def load(self, path: Path) -> None:
        self._graph = hnswlib.Index(SPACES[self.metric], self.dim)
        self._graph.load_index(str(path), allow_replace_deleted=self._replace)
        self._graph.set_num_threads(self._threads)
        self._given = self._graph.get_current_count()

    def tune(self, **search: Value) -> None:
        self.check_search(search)
        self._graph.set_ef(search.get("ef", EF))

    def find(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        try:
            return self._graph.knn_query(queries, k)
        except RuntimeError:  # some query found fewer than k
            return (
                self._in_halves(queries, k)
                if len(queries) > 1
                else self._fewer(queries, k, self._graph.get_current_count())
            )

    def in_metric(self, distances: np.ndarray) -> np.ndarray:
        if self.metric == "euclidean":
            return np.sqrt(distances)
        return 1 - distances if self.metric == "inner_product" else distances

    def serving(self, path: Path, search: Mapping[str, Value], k: int) -> str:
        made = f"index = hnswlib.Index({SPACES[self.metric]!r}, {self.dim}); index.load_index({str(path)!r})"
        tuned = f"index.set_ef({search.get('ef', EF)})"
        return f"import hnswlib\n{made}; {tuned}\nrows, distances = index.knn_query(queries, {k})"

    def _in_halves(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Both halves of the queries apart, so that those with k neighbors are still searched for together."""
        middle = len(queries) // 2
        found = [self.find(part, k) for part in (queries[:middle], queries[middle:])]
        neighbors = np.concatenate([ids.astype(np.int64, copy=False) for ids, _ in found])
        return neighbors, np.concatenate([distances for _, distances in found])

    def passing(self, condition: Condition, rows: np.ndarray) -> Passing:
        return Passing(int(rows.sum()), rows.tolist().__getitem__)

    def find_passing(self, queries: np.ndarray, k: int, passing: Passing) -> tuple[np.ndarray, np.ndarray]:
        """One query after another, on one thread: each asks Python of every row that it meets."""
        found = [self._fewer(query[None], k, passing.count, passing.holds) for query in queries]
        neighbors, distances = zip(*found, strict=True)
        return np.concatenate(neighbors), np.concatenate(distances)

    def _fewer(
        self, query: np.ndarray, k: int, there: int, holds: Callable[[int], bool] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """As many as a query (1, D) can find, of ``there`` at most: hnswlib returns k or raises, so k is bisected."""
        neighbors, distances = np.full((1, k), -1, np.int64), np.full((1, k), np.inf, np.float32)
        fits, most = 0, min(k, there)
        tried = most
        while tried > fits:
            try:
                found = self._graph.knn_query(query, tried, num_threads=1, filter=holds)
            except RuntimeError:
                most = tried - 1
            else:
                neighbors[:, :tried], distances[:, :tried] = found
                fits = tried
            tried = (fits + most + 1) // 2
        return neighbors, distances


def grids(count: int, dim: int, metric: str) -> list[Grid]:
    """Sparse and dense graphs, with ef from fast to nearly exact; the larger the set, the fewer graphs."""
    links = (8, 16, 32) if count <= 200_000 else (16, 32) if count <= 10_000_000 else (16,)
    return [Grid(f"M={m},ef_construction=200", {"ef": (10, 20, 40, 80, 160, 320, 640)}) for m in links]


Index = HnswIndex
