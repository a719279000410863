"""Histograms: how many gallery items, and how many relevant ones, lie at each Hamming distance from each query."""

from dataclasses import dataclass

import numpy as np

from datasets.vectors.base import VectorSet
from hashing.evaluation import kernels, labelled_codes
from hashing.evaluation.kernels import LabelledCodes


@dataclass(frozen=True, eq=False)
class Histograms:
    """Counts a query and a distance; the query itself is not counted.

    items (Q, bits + 1) : int64, gallery items at distance 0 ... bits
    relevant (Q, bits + 1) : int64, relevant ones among them
    """

    items: np.ndarray
    relevant: np.ndarray


def histograms(vectors: VectorSet, *, threads: int = 0) -> Histograms:
    """The counts of all queries; ``threads`` 0 is all that this process may use.

    Raises InputError where the vectors are no labelled codes.
    """
    parts = labelled_codes.each_block(count, labelled_codes.of(vectors), threads)
    items, relevant = (np.concatenate([getattr(part, name) for part in parts]) for name in ("items", "relevant"))
    return Histograms(items, relevant)


def count(queries: LabelledCodes) -> Histograms:
    """The counts of some queries, on this thread."""
    items, relevant = (np.zeros((len(queries.own), queries.bits + 1), np.int64) for _ in range(2))
    kernels.count(queries, items, relevant)
    return Histograms(items, relevant)
