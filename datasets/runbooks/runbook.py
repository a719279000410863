"""Runbook: the steps of a stream: which ids come and go, which get another vector, and when all queries are asked."""

import functools
import hashlib
from dataclasses import dataclass

import numpy as np

INSERT, DELETE, REPLACE, SEARCH = OPERATIONS = ("insert", "delete", "replace", "search")


@dataclass(frozen=True)
class Step:
    """One step. The ids from ``start`` to ``end``, without the last, come, go or are replaced; a search has none.

    first : of a replacement: id ``start`` gets vector ``first`` of the set, the next id the next vector, and so on
    """

    operation: str
    start: int = 0
    end: int = 0
    first: int = 0

    @property
    def vectors(self) -> slice:
        """The vectors that come; those of the ids themselves where they are inserted."""
        first = self.first if self.operation == REPLACE else self.start
        return slice(first, first + self.end - self.start)

    @property
    def told(self) -> str:
        """ "insert 0 to 1,999" """
        if self.operation == SEARCH or self.start == self.end:
            return self.operation if self.operation == SEARCH else f"{self.operation} nothing"
        ids = f"{self.start:,} to {self.end - 1:,}"
        return f"{self.operation} {ids}" + (f" by vectors from {self.first:,}" if self.operation == REPLACE else "")


@dataclass(frozen=True, eq=False)
class Runbook:
    """All steps of a stream over a set of vectors.

    name : short, "expiry:0.3,steps=20,begin=0.3" or that of its file
    where : what a complaint about it begins with: "--runbook=delete.yaml: photo_sift"
    most : how many rows may be alive at once; 0 says nothing
    order : (n,) int64, the row of the set that each vector is; None is the order in which they lie
    """

    name: str
    steps: tuple[Step, ...]
    where: str
    most: int = 0
    order: np.ndarray | None = None

    @functools.cached_property
    def mark(self) -> str:
        """8 hexadecimal digits that tell these steps from others."""
        steps = [(step.operation, step.start, step.end, step.first) for step in self.steps]
        digest = hashlib.sha256(repr(steps).encode())
        if self.order is not None:
            digest.update(np.ascontiguousarray(self.order, np.int64))
        return digest.hexdigest()[:8]
