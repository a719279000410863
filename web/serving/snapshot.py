"""Snapshot: the vectors of a gallery's pictures as they were at one time, which never change, with an index over them.

A folder: ``vectors.h5``, a vectors file whose rows are the pictures; ``ids.npy``, (N,) int64, the number of each
picture; beside them what ``ann_bench`` keeps of the index. A change of the gallery makes another snapshot.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from ann_bench.indexes.base import Index
from datasets import threads
from datasets.files.whole import folder_beside
from datasets.stored import vectors_file
from datasets.vectors import exact
from datasets.vectors import rows as vector_rows
from datasets.vectors.base import VectorSet
from embedding.search.found import Ranked
from vse.search import search as by_similarity
from web.serving import index as its_index
from web.serving import signs
from web.serving.index import Kept

VECTORS, IDS = "vectors.h5", "ids.npy"
_EVERY = 10  # where a tenth of all are asked for, an index is no faster than comparing all


@dataclass(frozen=True, eq=False)
class Snapshot:
    """An opened snapshot. Threads may share it.

    vectors : (N, D) float32 unit rows, mapped from the file; of a hashing network codes (N, K / 8) uint8
    ids : (N,) int64, rising
    kept : which index searches them
    """

    folder: Path
    vectors: np.ndarray
    ids: np.ndarray
    kept: Kept = field(default_factory=Kept)
    _opening: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @classmethod
    def open(cls, folder: Path) -> "Snapshot":
        """That in ``folder``; raises InputError where it is none."""
        found = vectors_file.load(folder / VECTORS)
        return cls(folder, found.gallery, np.load(folder / IDS), Kept(str(found.attrs.get("index", ""))))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def codes(self) -> bool:
        """Whether its vectors are codes of bits."""
        return self.vectors.dtype == np.uint8

    @property
    def dim(self) -> int:
        """D, of a unit row that asks; of codes their bits."""
        return self.vectors.shape[1] * (8 if self.codes else 1)

    def rows(self, ids: np.ndarray) -> np.ndarray:
        """The rows of pictures, (n,) int64, -1 for one that is not in it."""
        places = np.minimum(np.searchsorted(self.ids, ids), max(0, len(self.ids) - 1))
        return np.where(self.ids[places] == ids, places, -1) if len(self.ids) else np.full(len(ids), -1)

    def unit_rows(self, rows: np.ndarray) -> np.ndarray:
        """Unit rows (n, D) float32 of the rows (n,), which may ask; of codes ``signs`` makes them."""
        taken = vector_rows.take(self.vectors, rows)
        return signs.of_codes(taken) if self.codes else taken

    def compares_all(self, k: int, passing: int | None = None, *, similarity: str = "cosine") -> bool:
        """Whether ``search`` compares every picture that passes, so that its answer is exact.

        passing : how many pass; None for all
        """
        there = len(self) if passing is None else passing
        if not self.kept.name or similarity == "order" or _EVERY * k >= there:
            return True
        return passing is not None and its_index.few(passing, len(self), codes=self.codes)

    def search(
        self, vectors: np.ndarray, k: int, passing: np.ndarray | None = None, *, similarity: str = "cosine"
    ) -> Ranked:
        """The k pictures nearest to each of the unit rows (Q, D): ids (Q, k) int64, -1 for none, and scores (Q, k).

        passing : (N,) bool, the rows that may be found; the answer is exact where they are few
        similarity : cosine; or order, by which sentences, and they alone, ask pictures of some networks
        """
        count = None if passing is None else int(np.count_nonzero(passing))
        if count == len(self):
            passing, count = None, None
        with threads.one():
            if self.compares_all(k, count, similarity=similarity):
                rows = None if passing is None else np.flatnonzero(passing)
                neighbors, scores = self._compared(vectors, k, rows, similarity)
            else:
                neighbors, scores = self._asked(vectors, k, passing)
        return np.where(neighbors < 0, -1, self.ids[neighbors]) if len(self) else neighbors, scores

    def _compared(self, vectors: np.ndarray, k: int, rows: np.ndarray | None, similarity: str) -> Ranked:
        """Neighbors and scores (Q, k) among ``rows``, or all, each compared."""
        neighbors = np.full((len(vectors), k), -1, np.int64)
        scores = np.full((len(vectors), k), -np.inf, np.float32)
        most = min(k, len(self) if rows is None else len(rows))
        if most and rows is not None and similarity == "cosine" and not self.codes:
            neighbors[:, :most], scores[:, :most] = self._where_they_lie(vectors, most, rows)
        elif most:
            gallery = self.vectors if rows is None else vector_rows.take(self.vectors, rows)
            places, scores[:, :most] = self._nearest(vectors, gallery, most, similarity)
            neighbors[:, :most] = places if rows is None else rows[places]
        return neighbors, scores

    def _where_they_lie(self, vectors: np.ndarray, k: int, rows: np.ndarray) -> Ranked:
        """The same by cosine, without a copy of the rows, which takes longer than comparing them."""
        scores = exact.between(
            vectors, self.vectors, np.broadcast_to(rows, (len(vectors), len(rows))), metric="inner_product"
        )
        best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        best = np.take_along_axis(best, np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1), axis=1)
        return rows[best], np.take_along_axis(scores, best, axis=1)

    def _nearest(self, vectors: np.ndarray, gallery: np.ndarray, k: int, similarity: str) -> Ranked:
        if self.codes:
            neighbors, differing = exact.search(signs.packed(vectors), gallery, k, metric="hamming")
            return neighbors, signs.cosines(differing, self.dim)
        return by_similarity.images_for(vectors, gallery, k, similarity=similarity)

    def _asked(self, vectors: np.ndarray, k: int, passing: np.ndarray | None) -> Ranked:
        """Neighbors and cosines (Q, k) that the index finds."""
        if self.codes:
            neighbors, differing = its_index.ask(self.index, signs.packed(vectors), k, passing)
            return neighbors, signs.cosines(differing, self.dim)
        queries = its_index.prepared(vectors)
        return its_index.cosines(queries, self.vectors, *its_index.ask(self.index, queries, k, passing))

    @property
    def index(self) -> Index | None:
        """That over its vectors, opened, or None where all are compared."""
        with self._opening:
            return self._index

    @cached_property
    def _index(self) -> Index | None:
        return self.kept.opened(self.vectors, self.folder / VECTORS, codes=self.codes)

    @cached_property
    def told(self) -> Mapping[str, str]:
        """What answers, in words, for the page: the index and its build."""
        if self.index is None:
            return {"index": "flat", "build": ""}
        return {"index": self.kept.name, "build": self.index.build}


def write(
    folder: Path,
    ids: np.ndarray,
    vectors: np.ndarray,
    *,
    name: str,
    network: str,
    codes: bool = False,
    kept: Kept | None = None,
) -> Snapshot:
    """Write a snapshot, whole or not at all, with its index.

    ids (N,), any order; vectors (N, D), unit rows; network : the fingerprint of what made them
    codes : whether their signs are what counts, and is kept
    kept : the index; what is usual for so many if not given
    """
    kept = kept or Kept.usual(len(ids), codes=codes)
    with folder_beside(folder) as part:
        if (np.diff(ids) < 0).any():
            order = np.argsort(ids)
            ids, vectors = ids[order], vectors[order]
        rows = vectors  # such as come in order are not copied
        rows = signs.packed(rows) if codes else np.ascontiguousarray(rows, np.float32)
        attrs = {"network": network, "index": kept.name}
        whole = VectorSet(name, "hamming" if codes else "inner_product", rows, rows[:0], attrs=attrs)
        vectors_file.save(part / VECTORS, whole)
        np.save(part / IDS, ids)
        kept.opened(rows, part / VECTORS, codes=codes)
    return Snapshot.open(folder)
