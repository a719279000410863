"""Kept: which index of ann_bench searches a snapshot, and how it is asked for the rows that pass a filter."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ann_bench.indexes.base import Index
from ann_bench.sweep import gallery_index
from datasets.attributes.condition import All
from datasets.errors import InputError
from datasets.vectors import rows as vector_rows
from datasets.vectors.base import VectorSet
from embedding.search import found
from embedding.search.found import Ranked

log = logging.getLogger(__name__)

COMPARED = 20_000  # vectors that are compared in some milliseconds, so that they need no index
COMPARED_CODES = 2_000_000  # the same of codes
USUAL, GRAPH = "faiss_float", "HNSW"  # the index that is mapped and filters by rows, and which of its builds
CANDIDATES = 160  # of a graph; of 100,000 vectors of 512 numbers they find 99 of 100, in half a millisecond
_SHARE = 20  # where fewer than a twentieth pass, a graph that is asked for them loses its way
_NO_CONDITION = All()
_OF_SERVERS = ("milvus", "vearch")


@dataclass(frozen=True)
class Kept:
    """What searches the vectors of a file.

    name : of ann_bench; "" compares all of them. None whose vectors a server keeps: its collections go by what they
        were built from, so that two snapshots, of which one is made while the other answers, would share one
    """

    name: str = ""

    def __post_init__(self) -> None:
        if self.name in _OF_SERVERS:
            why = "keeps its vectors on a server, where snapshots would share them"
            raise InputError(f"{self.name}: {why}; take {USUAL}")

    @classmethod
    def usual(cls, count: int, *, codes: bool) -> "Kept":
        """What searches so many vectors where nobody asks for another."""
        if codes:
            return cls("" if count <= COMPARED_CODES else "faiss_binary")
        return cls("" if count <= COMPARED else USUAL)

    def opened(self, vectors: np.ndarray, file: Path, *, codes: bool) -> Index | None:
        """The index over ``vectors``, which lie in ``file``, beside which it is kept; built where it is not there."""
        if not self.name:
            return None
        metric = "hamming" if codes else "angular"  # of unit rows the smallest angle is the largest cosine
        whole = VectorSet(file.stem, metric, vectors, vectors[:1])
        how = {"family": GRAPH if self.name == USUAL else "", "mapped": True}
        index = gallery_index.kept_index(self.name, whole, beside=file, **how)
        if self.name == USUAL and not codes:
            index.tune(efSearch=CANDIDATES)
        if not index.maps:
            log.info("%s: %s reads its index into memory; %s maps it", file.parent.name, self.name, USUAL)
        return index


def few(passing: int, count: int, *, codes: bool) -> bool:
    """Whether so many of all are compared, each with the query."""
    return passing <= max(COMPARED_CODES if codes else COMPARED, count // _SHARE)


def ask(index: Index, queries: np.ndarray, k: int, passing: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Neighbors (Q, k), -1 for none, and their distances in the metric's units, or None.

    passing : (N,) bool, the rows that may be found, most of which it must be
    """
    if passing is None:
        return index.search(queries, k)
    if index.filters == "rows":
        told = index.passing(_NO_CONDITION, passing)
        neighbors, distances = index.find_passing(queries, k, told)
        return neighbors.astype(np.int64, copy=False), None if distances is None else index.in_metric(distances)
    return _thrown_away(index, queries, k, passing)


def _thrown_away(index: Index, queries: np.ndarray, k: int, passing: np.ndarray) -> tuple[np.ndarray, None]:
    """Of an index that cannot filter more are asked for, and what does not pass is left out."""
    count, asked = len(passing), k
    while True:
        asked = min(count, 2 * asked * count // max(1, int(passing.sum())))
        neighbors, _ = index.search(queries, asked)
        holds = (neighbors >= 0) & passing[neighbors]
        if asked == count or (holds.sum(axis=1) >= k).all():
            order = np.argsort(~holds, axis=1, kind="stable")[:, :k]
            neighbors = np.where(holds, neighbors, -1)
            return np.take_along_axis(neighbors, order, axis=1), None


def cosines(queries: np.ndarray, vectors: np.ndarray, neighbors: np.ndarray, distances: np.ndarray | None) -> Ranked:
    """The neighbors with their cosines, in their order."""
    if distances is None:
        return found.by_score(queries, vectors, neighbors)
    return neighbors, 1 - distances


def prepared(queries: np.ndarray) -> np.ndarray:
    """Queries as an index takes them."""
    return vector_rows.prepared(queries, "angular")
