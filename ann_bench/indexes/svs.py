"""svs: Intel's Scalable Vector Search, https://github.com/intel/ScalableVectorSearch: a Vamana graph. Index, grids.

Built from "f32,degree=32,window=128,alpha=1.2": how a row is stored ("f32" or "f16"; on Intel's processors also "LVQ4",
"LVQ8", "LVQ4x4", "LVQ4x8", "LVQ8x8", and "LeanVec4x8" or "LeanVec8x8" with dims=64), most links a row, how many
candidates are looked at for them, and how readily a link is left out for another that leads there too. Searched with
``window``, how many candidates are kept while searching; SVS itself keeps at least k.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ann_bench.factory import vamana
from ann_bench.indexes import base
from ann_bench.indexes.base import Estimate, Grid, Value

REQUIRES = ("svs",)
EXTRA = "svs"
PACKAGES = ("scalable-vs",)

WINDOW = 20
CONSOLIDATE = 0.1  # of all rows in the graph, of which so many may be removed ones


class SvsIndex(base.Index):
    """One graph, made of all rows at once; where changes are expected, one that rows can be added to and removed from.

    A removed row is only marked, until a tenth of all are: then the graph is mended, as SVS's users must ask it to.
    """

    metrics = tuple(vamana.SPACES)
    in_blocks = False
    tunes = {"window": 1}

    def __init__(self, build: str, **about: object) -> None:
        super().__init__(build, **about)
        self._build = vamana.Build.read(build, self.metric, self.dim)
        self.exact_distances = self._build.stored == "f32"
        self.changes = self._build.stored == "f32"  # SVS takes no others into a graph that is to change
        self._changing = False
        self._graph: Any = None
        self._rows, self._threads, self._window = 0, 1, WINDOW
        self._size = self._dead = 0  # rows that can be found, and that are only marked as removed

    def estimate(self) -> Estimate:
        return self._build.estimate(self.dim, self.count, changing=self._changing)

    def set_threads(self, threads: int) -> None:
        self._threads = threads
        if self._graph is not None:
            self._graph.num_threads = threads

    def expect_changes(self) -> None:
        self._changing = True

    def add(self, rows: np.ndarray) -> None:
        numbers = np.arange(self._rows, self._rows + len(rows), dtype=np.uint64)
        if self._graph is None:
            self._graph = self._build.make(rows, numbers if self._changing else None, self._threads)
            self._graph.search_window_size = self._window
        else:
            self._graph.add(rows, numbers)
        self._rows += len(rows)
        self._size += len(rows)

    def remove(self, rows: np.ndarray) -> None:
        self._size -= len(rows)
        self._dead += len(rows)
        if not self._size:  # SVS has no empty graphs
            self._graph, self._dead = None, 0
            return
        self._graph.delete(rows.astype(np.uint64))
        if self._dead > CONSOLIDATE * (self._size + self._dead):
            self._graph.consolidate()
            self._graph.compact(vamana.COMPACTED)
            self._dead = 0

    def made(self) -> Any:
        """The graph itself, once there are rows in it."""
        return self._graph

    def save(self, path: Path) -> None:
        """A folder with the three that SVS writes: parameters, links, rows."""
        path.mkdir(parents=True)
        self._graph.save(*(str(path / part) for part in vamana.PARTS))

    def load(self, path: Path) -> None:
        self._graph = self._build.load(path, self._threads)
        self._graph.search_window_size = self._window
        self._size = self._rows = self._graph.size

    def tune(self, **search: Value) -> None:
        self.check_search(search)
        self._window = search.get("window", WINDOW)
        if self._graph is not None:
            self._graph.search_window_size = self._window

    def find(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        if k > self._size:
            return self._fewer(queries, k)
        neighbors, distances = self._graph.search(queries, k)
        neighbors = neighbors.view(np.int64)
        last = distances.item(-1) if len(queries) == 1 else distances[:, -1].all()
        if not last:  # so near comes only what is not there
            self._build.forget_what_is_not_there(self._graph, queries, neighbors, distances)
        return neighbors, distances

    def _fewer(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """All that are there, and none in the other places, which SVS would fill with its first row."""
        found = self.find(queries, self._size) if self._size else vamana.nothing(len(queries))
        missing = ((0, 0), (0, k - self._size))
        far = self._build.far
        return tuple(np.pad(part, missing, constant_values=fill) for part, fill in zip(found, (-1, far), strict=True))

    def serving(self, path: Path, search: Mapping[str, Value], k: int) -> str:
        tuned = f"index.search_window_size = {search.get('window', WINDOW)}"
        return f"{self._build.loading(path)}; {tuned}\nrows, distances = index.search(queries, {k})"

    def in_metric(self, distances: np.ndarray) -> np.ndarray:
        if self.metric == "euclidean":
            return np.sqrt(distances)
        return 1 - distances if self.metric == "angular" else distances


def grids(count: int, dim: int, metric: str) -> list[Grid]:
    """Rows of half precision, in sparse and dense graphs, with windows from narrow to nearly exact.

    Left out: f32, for 20,000 rows of photo_sift as fast as f16 at the same recall, and twice as large. The sparse graph
    is the faster one up to a recall of 0.96, the dense one above. Compressed rows are only to be had by name, for they
    could not be measured.
    """
    degrees = (32, 64) if count <= 10_000_000 else (32,)
    return [Grid(f"f16,degree={degree},window=128", {"window": (10, 20, 40, 80, 160)}) for degree in degrees]


def changing(build: str) -> str:
    """The same graph over rows as they are: SVS takes no others into one that is to change."""
    return build.replace("f16", "f32", 1)


Index = SvsIndex
