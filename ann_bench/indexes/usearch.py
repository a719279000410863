"""usearch: USearch's graph of small worlds, https://github.com/unum-cloud/USearch, with rows of full or half precision.

Built from "f32,connectivity=16,expansion_add=128": how a row is stored ("f32", "f16", "bf16", with angular also "i8",
with hamming "b1"), links a row, and how many candidates are looked at for them. Searched with ``expansion_search``, how
many candidates are kept while searching; USearch itself keeps at least k.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ann_bench.indexes import base
from ann_bench.indexes.base import Estimate, Grid, Value
from datasets.errors import InputError, suggestion

REQUIRES = ("usearch",)
EXTRA = "usearch"
PACKAGES = ("usearch",)

# Rows are of unit length where metric is angular, so that 1 - product, which is what "ip" gives, is 1 - cosine.
SPACES = {"euclidean": "l2sq", "angular": "ip", "inner_product": "ip", "hamming": "hamming"}
BITS = {"f32": 32, "f16": 16, "bf16": 16, "i8": 8, "b1": 1}  # a number of a row
# USearch makes i8 of a row by its own length, and so forgets how long rows are.
STORED = dict.fromkeys(("euclidean", "inner_product"), ("f32", "f16", "bf16"))
STORED |= {"angular": ("f32", "f16", "bf16", "i8"), "hamming": ("b1",)}
LARGEST = 65_504  # that f16 holds
DEFAULTS = {"connectivity": 16, "expansion_add": 128}
EXPANSION = 64  # what USearch begins with
MOST_LINKS = 4096
WORK = 130


class UsearchIndex(base.Index):
    """One graph. Rows are added by all threads at once, so that only a build on one thread is repeatable.

    A removed row stays in the graph, as a stepping stone, until a new row takes its place.
    """

    metrics = tuple(SPACES)
    dtypes = ("float32", "uint8")
    changes = True
    tunes = {"expansion_search": 1}

    def __init__(self, build: str, **about: object) -> None:
        super().__init__(build, **about)
        stored, _, settings = build.replace(" ", "").partition(",")
        if stored not in BITS:
            hint = suggestion(stored, BITS)
            raise InputError(f"--build={build}: {hint}begin with {', '.join(BITS)}, like f32,connectivity=16")
        if stored not in STORED[self.metric]:
            known = " or ".join(STORED[self.metric])
            raise InputError(f"--build={build}: with {self.metric} rows can be stored as {known}")
        self._stored = stored
        self._settings = base.read_settings(settings, DEFAULTS, index=f"usearch {stored}", whole=build)
        if not 2 <= self._settings["connectivity"] <= MOST_LINKS:
            raise InputError(f"--build={build}: connectivity must be from 2 to {MOST_LINKS}")
        self.exact_distances = stored in ("f32", "b1")
        self._graph: Any = None
        self._rows, self._threads = 0, 1

    def estimate(self) -> Estimate:
        """A row and its 2 M links, M more on each level that it reaches (1 in M of those of the level below)."""
        links = self._settings["connectivity"]
        row = math.ceil(self.dim * BITS[self._stored] / 8)
        upper = (4 + 4 * links) / (links - 1)
        disk = round(self.count * (row + 8 + 4 + 4 * (2 * links + 1) + upper))  # id, level, links and their number
        compared = WORK * self._settings["expansion_add"] * math.sqrt(links)
        memory = disk + self.count * 64
        return Estimate(memory=memory, disk=disk, work=self.count * self.dim * compared)

    def set_threads(self, threads: int) -> None:
        self._threads = threads

    def add(self, rows: np.ndarray) -> None:
        """Raises InputError where f16 cannot hold a number of them: USearch would make it infinite without a word."""
        if self._stored == "f16" and np.abs(rows).max(initial=0) > LARGEST:
            raise InputError(f"--build={self.build}: f16 holds numbers up to {LARGEST:,}, the rows have larger ones")
        if self._graph is None:
            self._graph = self._empty()
        numbers = np.arange(self._rows, self._rows + len(rows), dtype=np.uint64)
        self._graph.add(numbers, rows, threads=self._threads)
        self._rows += len(rows)

    def remove(self, rows: np.ndarray) -> None:
        self._graph.remove(rows.astype(np.uint64), threads=self._threads)

    def _empty(self) -> Any:
        from usearch.index import Index as Graph

        space = "cos" if self._stored == "i8" else SPACES[self.metric]
        return Graph(ndim=self.dim, metric=space, dtype=self._stored, **self._settings, expansion_search=EXPANSION)

    def made(self) -> Any:
        """The graph itself, once there are rows in it."""
        return self._graph

    def save(self, path: Path) -> None:
        self._graph.save(path)

    def load(self, path: Path) -> None:
        self._graph = self._empty()
        self._graph.load(path)
        self._rows = len(self._graph)

    def tune(self, **search: Value) -> None:
        self.check_search(search)
        self._graph.expansion_search = search.get("expansion_search", EXPANSION)

    def find(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        found = self._graph.search(queries, k, threads=self._threads)
        neighbors, distances = found.keys.view(np.int64), found.distances
        if len(queries) == 1:
            return _padded(neighbors, distances, k) if len(neighbors) < k else (neighbors[None], distances[None])
        missing = np.arange(k) >= found.counts[:, None]
        if missing.any():
            neighbors[missing], distances[missing] = -1, np.inf
        return neighbors, distances

    def serving(self, path: Path, search: Mapping[str, Value], k: int) -> str:
        tuned = f"index.expansion_search = {search.get('expansion_search', EXPANSION)}"
        made = f"index = Index.restore({str(path)!r}); {tuned}"
        return f"from usearch.index import Index\n{made}\nrows = index.search(queries, {k}).keys"

    def in_metric(self, distances: np.ndarray) -> np.ndarray:
        if self.metric == "euclidean":
            return np.sqrt(distances)
        return 1 - distances if self.metric == "inner_product" else distances


def _padded(neighbors: np.ndarray, distances: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The fewer than k that one query found, (1, k)."""
    missing = (0, k - len(neighbors))
    return np.pad(neighbors, missing, constant_values=-1)[None], np.pad(distances, missing, constant_values=np.inf)[
        None
    ]


def grids(count: int, dim: int, metric: str) -> list[Grid]:
    """Rows of half precision, in sparse and dense graphs, with expansion_search from fast to nearly exact.

    Left out, for 20,000 rows of photo_sift, one query at a time on one thread: f32, at every recall 1.3 times slower
    than f16 and as exact; fewer than 16 links, slower at every recall, and only a sixth smaller.
    """
    stored = ("b1",) if metric == "hamming" else ("f16", "bf16")
    builds = [f"{kind},connectivity=16,expansion_add=128" for kind in stored]
    if count <= 10_000_000:
        builds.append(f"{stored[0]},connectivity=32,expansion_add=128")
    return [Grid(build, {"expansion_search": (10, 20, 40, 80, 160, 320)}) for build in builds]


Index = UsearchIndex
