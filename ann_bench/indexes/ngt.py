"""ngt: Yahoo Japan's graph and tree, https://github.com/yahoojapan/NGT. Index and grids.

Built from "ANNG,edges=10", a graph of so many nearest rows, and their backward links; or "ONNG,edges=100,outdegree=10,
indegree=120", such a graph with its links thinned out to so many forward and backward. Searched with ``epsilon``, how
much farther than the k-th so far a row may be for its links to be followed, and ``edge_size``, how many links of each
row are followed: 0 is all, -2 lets NGT choose. A search begins where chance has it: where links are so few that the
graph falls apart, the same query may find other rows the next time.
"""

import math
import shutil
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ann_bench.environments import scratch
from ann_bench.indexes import base
from ann_bench.indexes.base import Estimate, Grid, Value
from datasets.errors import InputError, suggestion

REQUIRES = ("ngtpy",)
EXTRA = "ngt"
PACKAGES = ("ngt",)

# What NGT calls them, and how it keeps a number of a row. Rows are of unit length where metric is angular, and nearest
# by L2 too; at a row of zeros NGT's "Normalized Cosine" ends the process.
SPACES = {
    "euclidean": ("L2", "Float"),
    "angular": ("L2", "Float"),
    "inner_product": ("Inner Product", "Float"),
    "hamming": ("Hamming", "Byte"),
}
KINDS = {"ANNG": {"edges": 10}, "ONNG": {"edges": 100, "outdegree": 10, "indegree": 120}}
QUANTISED = ("QG", "QBG")  # made by a program of NGT, qbg, that is not in its Python package
SEARCH = {"epsilon": 0.1, "edge_size": 40}
LEAST = {"epsilon": -0.9, "edge_size": -2}
ALL = 3e38  # a radius that holds everything
WORK = 10_000  # a link, as measured
KEPT = 0.75  # the share of an ONNG's links that no two others together replace, as measured


class NgtIndex(base.Index):
    """One graph, with a tree in which a search begins. It is asked for ids alone, as users who need speed do.

    Rows can be removed from an ANNG, whose links are all there; of an ONNG some are gone. For inner products NGT must
    see the longest row first, so that rows are added all at once, and none later.
    """

    metrics = tuple(SPACES)
    dtypes = ("float32", "uint8")
    exact_distances = False
    tunes = LEAST

    def __init__(self, build: str, **about: object) -> None:
        super().__init__(build, **about)
        kind, _, settings = build.replace(" ", "").partition(",")
        if kind in QUANTISED:
            raise InputError(f"--build={build}: NGT's Python package only opens a {kind}; take ANNG or ONNG")
        if kind not in KINDS:
            hint = suggestion(kind, KINDS)
            raise InputError(f"--build={build}: {hint}begin with {' or '.join(KINDS)}, like ANNG,edges=10")
        self._kind = kind
        self._settings = base.read_settings(settings, KINDS[kind], index=f"ngt {kind}", whole=build)
        self.in_blocks = self.ranges = self.metric != "inner_product"
        self.changes = self.in_blocks and kind == "ANNG"
        self._path = Path()
        self._graph: Any = None
        self._threads = 1
        self._search = dict(SEARCH)

    def estimate(self) -> Estimate:
        """A row, its links with their lengths, its place in the tree. An ONNG is the graph before and after."""
        row = 4 * self.dim + 5 if self.metric != "hamming" else self.dim / 8 + 5
        before = links = 2 * self._settings["edges"]
        if self._kind == "ONNG":
            links = KEPT * (self._settings["outdegree"] + min(self._settings["indegree"], before))
        disk = round(self.count * (row + 8 * links + 6 + 13))
        memory = round(self.count * (row + 12 * max(before, links) + 64))
        work = WORK * float(self.count * self.dim) * self._settings["edges"]
        return Estimate(memory=memory, disk=disk, work=work)

    def set_threads(self, threads: int) -> None:
        """Batches are searched by OpenMP's threads, whose number the harness sets."""
        self._threads = threads

    def add(self, rows: np.ndarray) -> None:
        if self._graph is None:
            self._create()
        self._graph.batch_insert(rows, num_threads=self._threads)

    def _create(self) -> None:
        import ngtpy

        folder = scratch.folder("ngt")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._path = folder / "graph"
        distance, stored = SPACES[self.metric]
        size = self.dim // 8 if self.metric == "hamming" else self.dim
        ngtpy.create(
            str(self._path),
            size,
            edge_size_for_creation=self._settings["edges"],
            edge_size_for_search=SEARCH["edge_size"],
            distance_type=distance,
            object_type=stored,
        )
        self._open()

    def _open(self) -> None:
        import ngtpy

        self._graph = ngtpy.Index(str(self._path), log_disabled=True)
        self._graph.set(**self._search)

    def finish(self) -> None:
        if self._kind != "ONNG":
            return
        import ngtpy

        self._graph.save()
        self._graph.close()
        thinned = self._path.with_name("thinned")
        degrees = {"num_of_outgoings": self._settings["outdegree"], "num_of_incomings": self._settings["indegree"]}
        optimizer = ngtpy.Optimizer(**degrees, log_disabled=True)
        optimizer.set_processing_modes(
            search_parameter_optimization=False,
            prefetch_parameter_optimization=False,
            accuracy_table_generation=False,
        )
        optimizer.execute(str(self._path), str(thinned))
        self._path = thinned
        self._open()

    def remove(self, rows: np.ndarray) -> None:
        for row in rows.tolist():
            self._graph.remove(row)

    def made(self) -> Any:
        """The graph itself, once there are rows in it."""
        return self._graph

    def save(self, path: Path) -> None:
        """NGT's own folder."""
        self._graph.save()
        shutil.move(self._path, path)

    def load(self, path: Path) -> None:
        self._path = path
        self._open()

    def tune(self, **search: Value) -> None:
        self.check_search(search)
        self._search = SEARCH | search
        self._graph.set(**self._search)

    def find(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, None]:
        if len(queries) == 1:
            found = self._graph.search(queries, k, with_distance=False)
            if len(found) < k:
                found = np.pad(found, (0, k - len(found)), constant_values=-1)
            return found[None], None
        import ngtpy

        results = ngtpy.BatchResults()
        self._graph.batch_search(queries, results, k)
        ends = results.get_index()
        if ends[-1] == len(queries) * k:
            return results.get_ids(), None
        neighbors = np.full((len(queries), k), -1, np.int32)
        neighbors[np.arange(k) < np.diff(ends)[:, None]] = results.get_indexed_ids()
        return neighbors, None

    def find_within(self, queries: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
        import ngtpy

        results = ngtpy.BatchResults()
        apart = math.sqrt(max(0.0, 2 * radius)) if self.metric == "angular" else radius
        self._graph.set(search_radius=apart)
        self._graph.batch_search(queries, results, self.count)
        self._graph.set(search_radius=ALL)
        return results.get_index().astype(np.int64), results.get_indexed_ids()

    def serving(self, path: Path, search: Mapping[str, Value], k: int) -> str:
        tuned = ", ".join(f"{name}={value}" for name, value in {**SEARCH, **search}.items())
        made = f"index = ngtpy.Index({str(path)!r}, read_only=True, log_disabled=True); index.set({tuned})"
        asked = f"index.search(query, {k}, with_distance=False)"
        return f"import ngtpy\n{made}\nrows = [{asked} for query in queries]"


def grids(count: int, dim: int, metric: str) -> list[Grid]:
    """An ANNG, and up to a million rows the ONNG that takes five times as long to build, with epsilon from fast on.

    Of 20,000 rows of photo_sift the ONNG was a third faster at the same recall, and nearly twice as large.
    """
    epsilons = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2)
    found = [Grid("ANNG,edges=10", {"epsilon": epsilons})]
    if count <= 1_000_000 and metric != "inner_product":
        found.append(Grid("ONNG,edges=50,outdegree=10,indegree=120", {"epsilon": epsilons}))
    return found


Index = NgtIndex
