"""Annoy: a forest of random projection trees, https://github.com/spotify/annoy. Index and grids.

Built from "trees=50". Searched with ``search_k``, how many nodes are looked at; without it Annoy takes k * trees.
"""

import math
from collections.abc import Mapping
from pathlib import Path

import annoy
import numpy as np

from ann_bench.indexes import base
from ann_bench.indexes.base import Estimate, Grid, Value

PACKAGES = ("annoy",)
DISTANCES = {"euclidean": "euclidean", "angular": "angular", "inner_product": "dot", "hamming": "hamming"}
DEFAULTS = {"trees": 50}
WORK = 40  # multiply-adds for each number of a row at each split, as measured
LEAF_FILL = 0.66  # how full leaves are, as measured on clustered and on unstructured rows


class AnnoyIndex(base.Index):
    """One forest. It answers one query at a time on one thread, also in batch mode; threads only speed up building.

    Repeatable with the same number of threads.
    """

    metrics = tuple(DISTANCES)
    dtypes = ("float32", "uint8")
    tunes = {"search_k": 1}
    batch_threads = 1

    def __init__(self, build: str, **about: object) -> None:
        super().__init__(build, **about)
        self._trees = base.read_settings(build, DEFAULTS, index=self.name)["trees"]
        self._forest = annoy.AnnoyIndex(self.dim, DISTANCES[self.metric])
        self._forest.set_seed(self.seed)
        self._rows, self._threads, self._search_k = 0, 1, -1
        self._far = -np.inf if self.metric == "inner_product" else np.inf

    def estimate(self) -> Estimate:
        """A node a row, and in each tree leaves full of ids with as many splits above them: all nodes of one size."""
        node = 16 + 4 * self.dim if self.metric != "hamming" else 16 + 8 * -(-self.dim // 64)
        leaves = self.count / (LEAF_FILL * ((node - 4) // 4))
        disk = round(node * (self.count + self._trees * 2 * leaves))
        work = WORK * self._trees * self.count * self.dim * math.log2(max(2, leaves))
        return Estimate(memory=disk + 8 * self.count * self._threads, disk=disk, work=work)  # threads have lists of ids

    def set_threads(self, threads: int) -> None:
        self._threads = threads

    def add(self, rows: np.ndarray) -> None:
        for row in rows:
            self._forest.add_item(self._rows, self._items(row))
            self._rows += 1

    def finish(self) -> None:
        self._forest.build(self._trees, n_jobs=self._threads)

    def save(self, path: Path) -> None:
        self._forest.save(str(path))

    def load(self, path: Path) -> None:
        self._forest.load(str(path))

    def tune(self, **search: Value) -> None:
        self.check_search(search)
        self._search_k = search.get("search_k", -1)

    def find(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        neighbors, distances = [], []
        for query in self._items(queries):
            ids, apart = self._forest.get_nns_by_vector(query, k, self._search_k, include_distances=True)
            missing = k - len(ids)
            if missing:
                ids += [-1] * missing
                apart += [self._far] * missing
            neighbors.append(ids)
            distances.append(apart)
        return np.array(neighbors), np.array(distances)

    def in_metric(self, distances: np.ndarray) -> np.ndarray:
        """Annoy's angular distance is the chord, sqrt(2 (1 - cosine))."""
        distances = distances.astype(np.float32)
        return distances * distances / 2 if self.metric == "angular" else distances

    def serving(self, path: Path, search: Mapping[str, Value], k: int) -> str:
        made = f"index = annoy.AnnoyIndex({self.dim}, {DISTANCES[self.metric]!r}); index.load({str(path)!r})"
        given = "np.unpackbits(queries, axis=1)" if self.metric == "hamming" else "queries"
        asked = f"index.get_nns_by_vector(query, {k}, search_k={search.get('search_k', -1)})"
        return f"import annoy, numpy as np\n{made}\nrows = [{asked} for query in {given}]"

    def _items(self, rows: np.ndarray) -> list:
        """Rows as lists, which Annoy takes three times as fast as arrays; bits apart where metric is hamming."""
        return (np.unpackbits(rows, axis=-1) if self.metric == "hamming" else rows).tolist()


def grids(count: int, dim: int, metric: str) -> list[Grid]:
    """Few and many trees, each with search_k from fast to nearly exact; one forest for sets of tens of millions."""
    if count > 10_000_000:
        return [Grid("trees=50", {"search_k": (1000, 4000, 10_000, 40_000, 100_000)})]
    few = Grid("trees=10", {"search_k": (100, 400, 1000, 4000, 10_000)})
    more = Grid("trees=50", {"search_k": (400, 1000, 4000, 10_000, 40_000)})
    return [few, more, Grid("trees=100", {"search_k": (1000, 4000, 10_000, 20_000, 40_000)})]


Index = AnnoyIndex
