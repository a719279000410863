"""sptag: SPTAG by Microsoft, https://github.com/microsoft/SPTAG: a graph entered through trees. Index and grids.

Built from "BKT,NeighborhoodSize=32,TPTNumber=4" (balanced k-means trees) or "KDT,..." (k-d trees): links a row, trees
by which its neighbors are found first, how many rows each is compared with for them (``CEF``,
``MaxCheckForRefineGraph``). Searched with ``MaxCheck``, how many rows a query is compared with.

While it builds, each of the TPTNumber trees waits a tenth of a second longer than the one before: so the library has
it. Saved after rows were removed, it numbers the others anew.
"""

from pathlib import Path

import numpy as np

from ann_bench.factory import sptag_library
from ann_bench.indexes import base
from ann_bench.indexes.base import Estimate, Grid, Value
from datasets.errors import InputError, suggestion

REQUIRES = ("sptag",)
EXTRA = "sptag"
PACKAGES = ("sptag",)

SPACES = {"euclidean": "L2", "angular": "Cosine", "inner_product": "InnerProduct"}
KINDS = ("BKT", "KDT")
DEFAULTS = {"NeighborhoodSize": 32, "TPTNumber": 4, "CEF": 200, "MaxCheckForRefineGraph": 512}
REFINED = 2  # times that the graph is
MAX_CHECK = 8192  # what it begins with
LARGEST = {"NeighborhoodSize": 1024, "TPTNumber": 64}  # beyond which it takes hours, or all memory
WAIT = 0.1 * 1e10  # multiply-adds in the time that a tree waits for the one before
WORK, TREE_WORK = 90, 35_000  # measured: a row that is compared, here and there in memory; a row in a tree


class SptagIndex(base.Index):
    """One graph and its trees."""

    metrics = tuple(SPACES)
    in_blocks = False  # trees are made of all rows; those that come later only join the graph
    changes = True
    tunes = {"MaxCheck": 1}

    def __init__(self, build: str, **about: object) -> None:
        super().__init__(build, **about)
        self._kind, _, settings = build.replace(" ", "").partition(",")
        if self._kind not in KINDS:
            hint = suggestion(self._kind, KINDS)
            raise InputError(f"--build={build}: {hint}begin with BKT or KDT, like BKT,NeighborhoodSize=32,TPTNumber=4")
        self._settings = base.read_settings(settings, DEFAULTS, index=f"sptag {self._kind}")
        for name, largest in LARGEST.items():
            if self._settings[name] > largest:
                raise InputError(f"--build={build}: {name} must be from 1 to {largest}")
        self._graph: sptag_library.Graph | None = None
        self._threads = 1

    def estimate(self) -> Estimate:
        """Rows, links, three or four numbers a node of the tree, and a byte for whether it is deleted."""
        links, trees = self._settings["NeighborhoodSize"], self._settings["TPTNumber"]
        row = 4 * self.dim + 4 * links + 17
        compared = self._settings["MaxCheckForRefineGraph"] + self._settings["CEF"]
        work = self.count * self.dim * (REFINED * WORK * compared + TREE_WORK * trees) + WAIT * trees * (trees - 1) / 2
        memory = self.count * (row + 4 * self.dim + 2 * 8 * links)  # while it is built it has twice the links
        return Estimate(memory=memory, disk=self.count * row + 2000, work=float(work))

    def set_threads(self, threads: int) -> None:
        self._threads = threads
        sptag_library.set_threads(threads)
        if self._graph is not None:
            self._graph.tune("NumberOfThreads", threads)

    def add(self, rows: np.ndarray) -> None:
        if self._graph is None:
            settings = {"DistCalcMethod": SPACES[self.metric], "NumberOfThreads": self._threads} | self._settings
            self._graph = sptag_library.Graph.new(self._kind, self.dim, settings)
        self._graph.add(np.ascontiguousarray(rows), unit=self.metric == "angular")

    def remove(self, rows: np.ndarray) -> None:
        for row in rows.tolist():
            self._graph.remove(row)

    def made(self) -> sptag_library.Graph:
        """The graph itself, once there are rows in it."""
        return self._graph

    def save(self, path: Path) -> None:
        self._graph.save(path)

    def load(self, path: Path) -> None:
        self._graph = sptag_library.Graph.load(self._kind, path)

    def tune(self, **search: Value) -> None:
        self.check_search(search)
        self._graph.tune("MaxCheck", int(search.get("MaxCheck", MAX_CHECK)))

    def find(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        found = self._graph.find(queries, k)
        return found["id"].copy(), found["distance"].copy()

    def in_metric(self, distances: np.ndarray) -> np.ndarray:
        """From squared distances, or 1 - product; the largest number where there is no neighbor."""
        nothing = distances == sptag_library.NOTHING["distance"]
        if self.metric == "inner_product":
            return np.where(nothing, np.float32(-np.inf), 1 - distances)
        found = np.sqrt(distances.clip(min=0)) if self.metric == "euclidean" else distances
        return np.where(nothing, np.float32(np.inf), found)


def grids(count: int, dim: int, metric: str) -> list[Grid]:
    """Both kinds of trees, over the same graph.

    It is built in half the time that it takes with 8 trees, CEF=500 and MaxCheckForRefineGraph=2048, and of 20,000 rows
    of photo_sift it finds as many at the same MaxCheck.
    """
    checked = (64, 128, 256, 512, 1024, 2048, 4096)
    return [Grid(f"{kind},NeighborhoodSize=32,TPTNumber=4", {"MaxCheck": checked}) for kind in KINDS]


Index = SptagIndex
