"""Truth: what each query of a set is to find in its gallery, where that is told query by query and not by classes."""

from dataclasses import dataclass

import numpy as np

PROTOCOLS = ("revisited", "oxford", "holidays", "landmarks", "instances")

Rows = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Truth:
    """The answers of Q queries.

    protocol : which scores are published for the set. revisited: easy, medium and hard, by trapezoids; oxford: all
        that is easy or hard, by trapezoids; holidays and instances: the same, by precisions at hits; landmarks: those
        of the first 100
    easy, hard, junk : for each query an int64 array of positions in the set's gallery, each position in one of them at
        most. What is junk counts neither as found nor as wrong. Sets without grades have all they want in ``easy``
    boxes : (Q, 4) float32 of x, y, width, height in pixels, to crop each query to; a row of NaN for all of it; or None
    parts : the part of the set that each query is judged with, Q names; or () where all are judged together
    """

    protocol: str
    easy: Rows
    hard: Rows
    junk: Rows
    boxes: np.ndarray | None = None
    parts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        counts = {len(self.easy), len(self.hard), len(self.junk)}
        counts |= {len(given) for given in (self.boxes, self.parts or None) if given is not None}
        if len(counts) != 1 or self.protocol not in PROTOCOLS:
            raise ValueError(f"truth of protocol {self.protocol} for {sorted(counts)} queries")

    def __len__(self) -> int:
        return len(self.easy)


def of_labels(labels: np.ndarray, query: np.ndarray, gallery: np.ndarray) -> Truth:
    """The truth of a labelled set, where an instance is a class: all of a query's class but itself.

    labels : (N,) int64; query, gallery : rows of them
    """
    order = np.argsort(labels[gallery], kind="stable")
    starts, ends = (np.searchsorted(labels[gallery][order], labels[query], side=side) for side in ("left", "right"))
    own = [order[start:end] for start, end in zip(starts, ends, strict=True)]
    easy = tuple(rows[gallery[rows] != row] for rows, row in zip(own, query, strict=True))
    junk = tuple(rows[gallery[rows] == row] for rows, row in zip(own, query, strict=True))
    return Truth("instances", easy, tuple(rows[:0] for rows in own), junk)
