"""ScaNN as its own environment's Python has it: NumPy and scann only. See ann_bench/indexes/scann.py."""

import os

import numpy as np
import scann

DISTANCES = {"euclidean": "squared_l2", "angular": "dot_product", "inner_product": "dot_product"}
ANISOTROPIC = 0.2  # as its authors have it, for products; for distances it has no meaning


class Engine:
    """One searcher."""

    def __init__(self, *, dim: int, metric: str, count: int, leaves: int, block: int, seed: int) -> None:
        """leaves : parts of the gallery, 0 is one; block : dimensions that are hashed together, 0 is no hashing"""
        self._metric, self._leaves, self._block = metric, leaves, block
        self._count, self._dim, self._threads = count, dim, 1
        self._there, self._rows = 0, np.empty((0, dim), np.float32)
        self._searcher = None
        self.tune()

    def set_threads(self, threads: int) -> None:
        """ScaNN's pool has one thread besides the one that asks."""
        self._threads = threads
        if self._searcher is not None:
            self._searcher.set_num_threads(threads)

    def add(self, rows: np.ndarray) -> None:
        """Keep rows until all are there."""
        if not self._there:
            self._rows = np.empty((self._count, self._dim), np.float32)
        self._rows[self._there : self._there + len(rows)] = rows
        self._there += len(rows)

    def finish(self) -> None:
        """Partition, hash, and keep the rows for reordering."""
        sample = min(len(self._rows), 100_000)
        make = scann.scann_ops_pybind.builder(self._rows, 10, DISTANCES[self._metric])
        make.set_n_training_threads(self._threads)
        if self._leaves:
            make.tree(self._leaves, max(1, self._leaves // 10), training_sample_size=sample)
        if self._block:
            threshold = float("nan") if self._metric == "euclidean" else ANISOTROPIC
            make.score_ah(
                self._block, anisotropic_quantization_threshold=threshold, training_sample_size=sample
            ).reorder(100)
        else:
            make.score_brute_force()
        self._searcher = make.build()
        self._searcher.set_num_threads(self._threads)
        self._rows = self._rows[:0]

    def save(self, path: str) -> None:
        """A folder of ScaNN's own files."""
        os.makedirs(path)
        self._searcher.serialize(path, relative_path=True)

    def load(self, path: str) -> None:
        """Read the folder."""
        self._searcher = scann.scann_ops_pybind.load_searcher(path)
        self._searcher.set_num_threads(self._threads)

    def tune(self, leaves_to_search: int = -1, pre_reorder_num_neighbors: int = -1) -> None:
        """-1 is as it was built."""
        self._leaves_asked, self._reordered = leaves_to_search, pre_reorder_num_neighbors

    def find(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Neighbors and distances (n, k)."""
        reordered = max(self._reordered, k) if self._block else -1  # with fewer it answers with fewer
        if len(queries) == 1:
            neighbors, distances = self._searcher.search(queries[0], k, reordered, self._leaves_asked)
            if len(neighbors) == k:
                return neighbors[None].view(np.int32), distances[None]
            return self._filled(neighbors, distances, k)
        search = self._searcher.search_batched if self._threads == 1 else self._searcher.search_batched_parallel
        neighbors, distances = search(queries, k, reordered, self._leaves_asked)
        return _none_where_nothing(neighbors.view(np.int32), distances)

    def _filled(self, neighbors: np.ndarray, distances: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """One query's answer, which is shorter where there is no more to be found."""
        all_of_them, far = np.full((1, k), -1, np.int32), np.full((1, k), np.nan, np.float32)
        all_of_them[0, : len(neighbors)], far[0, : len(distances)] = neighbors, distances
        return all_of_them, far


def _none_where_nothing(neighbors: np.ndarray, distances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A batch's answers, which name row 0, at no distance, where there is no more to be found."""
    nothing = np.isnan(distances)
    if nothing.any():
        neighbors = np.where(nothing, np.int32(-1), neighbors)
    return neighbors, distances
