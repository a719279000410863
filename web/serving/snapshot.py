"""Snapshot: the vectors of a gallery's pictures as they were at one time, which never change, with an index over them.

A folder: ``vectors.h5``, a vectors file whose rows are the pictures; ``ids.npy``, (N,) int64, the number of each
picture; beside them what ``ann_bench`` keeps of the index. A change of the gallery makes another snapshot.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from datasets.files.whole import folder_beside
from datasets.stored import vectors_file
from datasets.vectors import exact
from datasets.vectors.base import VectorSet

VECTORS, IDS = "vectors.h5", "ids.npy"


@dataclass(frozen=True)
class Snapshot:
    """An opened snapshot.

    vectors : (N, D) float32 unit rows, mapped from the file
    ids : (N,) int64, rising
    """

    folder: Path
    vectors: np.ndarray
    ids: np.ndarray

    @classmethod
    def open(cls, folder: Path) -> "Snapshot":
        """That in ``folder``; raises InputError where it is none."""
        return cls(folder, vectors_file.load(folder / VECTORS).gallery, np.load(folder / IDS))

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, ids: np.ndarray) -> np.ndarray:
        """The rows of pictures, (n,) int64, -1 for one that is not in it."""
        places = np.minimum(np.searchsorted(self.ids, ids), max(0, len(self.ids) - 1))
        return np.where(self.ids[places] == ids, places, -1) if len(self.ids) else np.full(len(ids), -1)

    def search(self, vectors: np.ndarray, k: int, passing: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The k pictures nearest to each of the unit rows (Q, D): ids (Q, k) int64, -1 for none, and cosines (Q, k).

        passing : (N,) bool, the rows that may be found; the answer is exact where they are few
        Threads may share it.
        """
        rows = np.arange(len(self)) if passing is None else np.flatnonzero(passing)
        found, scores = exact.search(vectors, self.vectors[rows], k, metric="inner_product")
        return np.where(found < 0, -1, self.ids[rows[found]] if len(rows) else -1), scores

    @cached_property
    def told(self) -> Mapping[str, str]:
        """What answers, in words, for the page: the index, its build, whether all are compared."""
        return {"index": "flat"}


def write(folder: Path, ids: np.ndarray, vectors: np.ndarray, *, name: str, network: str) -> Snapshot:
    """Write a snapshot, whole or not at all.

    ids (N,), any order; vectors (N, D), unit rows; network : the fingerprint of what made them
    """
    order = np.argsort(ids)
    with folder_beside(folder) as part:
        rows = np.ascontiguousarray(vectors[order], np.float32)
        kept = VectorSet(name, "inner_product", rows, rows[:0], attrs={"network": network})
        vectors_file.save(part / VECTORS, kept)
        np.save(part / IDS, ids[order])
    return Snapshot.open(folder)
