"""scann: Google's ScaNN, https://github.com/google-research/google-research/tree/master/scann. Index and grids.

Built from "AH,leaves=1000,block=2": the gallery in so many parts, each hashed by blocks of so many dimensions
(asymmetric hashing with 16 words a block), and the best of them compared with the rows themselves; or from
"BF,leaves=1000", which compares with all rows of a part; without ``leaves`` the gallery is one part. Searched with
``leaves_to_search``, and ``pre_reorder_num_neighbors``, how many rows are compared by themselves (AH).

Guo et al., Accelerating Large-Scale Inference with Anisotropic Vector Quantization, ICML 2020. It needs NumPy 2, and so
lives in an environment of its own; see ann_bench/environments.
"""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ann_bench.environments import elsewhere
from ann_bench.environments.environment import Environment
from ann_bench.indexes import base
from ann_bench.indexes.base import Estimate, Grid, Value
from datasets.errors import InputError, suggestion

PACKAGES = ("scann",)
PLACE = Environment("scann")
missing = PLACE.missing

KINDS = {"AH": {"leaves": 0, "block": 2}, "BF": {"leaves": 0}}
ITERATIONS = 12  # of k-means
SAMPLE = 100_000  # rows that are learnt from


class ScannIndex(elsewhere.Elsewhere):
    """One searcher, built when all rows are there."""

    metrics = ("euclidean", "angular", "inner_product")
    environment = PLACE

    def __init__(self, build: str, **about: object) -> None:
        super().__init__(build, **about)
        kind, _, settings = build.replace(" ", "").partition(",")
        if kind not in KINDS:
            hint = suggestion(kind, KINDS)
            raise InputError(f"--build={build}: {hint}begin with AH or BF, like AH,leaves=1000,block=2")
        self._settings = {"block": 0} | base.read_settings(settings, KINDS[kind], index=f"scann {kind}")
        leaves, block = self._settings["leaves"], self._settings["block"]
        if leaves == 1 or leaves > self.count:
            raise InputError(f"--build={build}: leaves must be from 2 to the gallery's rows, {self.count}, or left out")
        if block > self.dim:
            raise InputError(f"--build={build}: block must be at most the dimension, {self.dim}")
        # How much is searched: the share of leaves that it begins with stands in environments/scann_engine.py.
        self.tunes = ({"leaves_to_search": 1} if leaves else {}) | ({"pre_reorder_num_neighbors": 1} if block else {})
        self.engine(leaves=leaves, block=block, seed=self.seed)

    def estimate(self) -> Estimate:
        """The rows; half a byte a block; a number a row, and the centroids, where there are parts."""
        leaves, block = self._settings["leaves"], self._settings["block"]
        hashed = math.ceil(math.ceil(self.dim / block) / 2) if block else 0
        parts = 4 * self.count + 5 * leaves * self.dim if leaves else 0
        disk = self.count * (4 * self.dim + hashed) + parts + 10_000
        learnt = min(self.count, SAMPLE) * (ITERATIONS * leaves + 16 * ITERATIONS)
        work = self.dim * (learnt + self.count * (leaves + 50))
        memory = 2 * 4 * self.dim * self.count + disk - 4 * self.dim * self.count
        return Estimate(memory=memory + elsewhere.PROCESS, disk=disk, work=float(work))

    def check_search(self, search: dict) -> None:
        super().check_search(search)
        if (asked := search.get("leaves_to_search", 0)) > self._settings["leaves"]:
            leaves = self._settings["leaves"]
            raise InputError(f"--search=leaves_to_search={asked}: there are only {leaves} leaves in {self.build}")

    def serving(self, path: Path, search: Mapping[str, Value], k: int) -> str:
        """For the Python of its own environment."""
        asked = {**search}
        if self._settings["block"]:  # with fewer it answers with fewer
            asked["pre_reorder_num_neighbors"] = max(asked.get("pre_reorder_num_neighbors", k), k)
        tuned = "".join(f", {name}={value}" for name, value in asked.items())
        made = f"index = scann.scann_ops_pybind.load_searcher({str(path)!r})  # by {PLACE.python}"
        return f"import scann\n{made}\nrows, distances = index.search_batched(queries, {k}{tuned})"

    def in_metric(self, distances: np.ndarray) -> np.ndarray:
        """From squared distances, or products, not a number where there is no neighbor."""
        if self.metric == "euclidean":
            return np.sqrt(np.nan_to_num(distances.clip(min=0), nan=np.inf))
        if self.metric == "angular":
            return np.nan_to_num(1 - distances, nan=np.inf)
        return np.nan_to_num(distances, nan=-np.inf)


def grids(count: int, dim: int, metric: str) -> list[Grid]:
    """Parts as many as the root of the gallery, and half of that; few and many rows compared by themselves.

    Three times the root, or 300 rows compared, was on no front of photo_sift.
    """
    shares, found = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32), []
    for leaves in sorted({max(2, round(factor * math.sqrt(count))) for factor in (0.5, 1)}):
        searched = tuple(dict.fromkeys(max(1, round(share * leaves)) for share in shares))
        search = {"leaves_to_search": searched, "pre_reorder_num_neighbors": (30, 100)}
        found.append(Grid(f"AH,leaves={leaves},block=2", search))
    return found


Index = ScannIndex
