"""Truth: what each query of a set is to find in its gallery, where that is told query by query and not by classes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

PROTOCOLS = ("revisited", "oxford", "holidays", "landmarks", "instances")

Rows = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Truth:
    """The answers of Q queries.

    protocol : which scores are published for the set. revisited: easy, medium and hard, by trapezoids; oxford and
        holidays: all that is easy or hard, by trapezoids; instances: the same, by precisions at hits; landmarks: those
        of the first 100
    easy, hard, junk : for each query an int64 array of positions in the set's gallery, each position in one of them at
        most. What is junk counts neither as found nor as wrong. Sets without grades have all they want in ``easy``
    boxes : (Q, 4) float32 of x, y, width, height in pixels, to crop each query to, in place of what the set's own boxes
        have for it; a row of NaN for all of it; or None. A box may stick out of its picture, and is cut at the border;
        where nothing of it is left, who reads the picture says so
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

    @cached_property
    def wanted(self) -> Rows:
        """For each query all that it is to find, easy or hard."""
        return tuple(map(np.union1d, self.easy, self.hard))

    def arrays(self) -> Iterator[np.ndarray]:
        """All that tells two truths apart, array by array."""
        yield np.array([self.protocol, *self.parts])
        for rows in (self.easy, self.hard, self.junk):
            yield np.array([len(row) for row in rows])
            yield from rows
        if self.boxes is not None:
            yield self.boxes

    def under(self, before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray]) -> "Truth | None":
        """The same answers under another split; None where what asks there has not asked before.

        before, after : the rows of the set's images that ask, and of its gallery. What is no longer in the gallery is
        left out, what is new in it is right for nobody
        """
        if all(map(np.array_equal, before, after)):
            return self
        (query, gallery), (asks, answers) = before, after
        place_of = {row: place for place, row in enumerate(query.tolist())}
        if not len(asks) or not all(row in place_of for row in asks.tolist()):
            return None
        kept = [place_of[row] for row in asks.tolist()]
        new = np.full(1 + max(gallery.max(initial=0), answers.max(initial=0)), -1)
        new[answers] = np.arange(len(answers))
        moved = new[gallery]  # (G,), where each position is found now
        easy, hard, junk = (
            tuple(found[found >= 0] for found in (moved[rows[place]] for place in kept))
            for rows in (self.easy, self.hard, self.junk)
        )
        boxes = None if self.boxes is None else self.boxes[kept]
        return Truth(self.protocol, easy, hard, junk, boxes, tuple(self.parts[place] for place in kept if self.parts))

    def fault(self, query: np.ndarray, gallery: np.ndarray) -> str:
        """What is wrong with it for a set that has these rows ask, and these in its gallery; "" where nothing is."""
        if len(self) != len(query):
            return f"{len(query)} images ask, but the truth is of {len(self)}"
        if len(self) and not any(len(rows) for rows in (*self.easy, *self.hard)):
            return f"none of its {len(self):,} queries has anything to find: its ground truth is empty"
        if self.boxes is not None and (wrong := _wrong_boxes(self.boxes)) is not None:
            return f"the box of query {wrong} is empty"
        both = np.flatnonzero(np.isin(gallery, query))
        place_of = dict(zip(gallery[both].tolist(), both.tolist(), strict=True))
        for number, row in enumerate(query.tolist()):
            if what := self._fault_of(number, len(gallery), place_of.get(row)):
                return f"query {number} {what}"
        return ""

    def _fault_of(self, number: int, count: int, own: int | None) -> str:
        """What is wrong with a query, of which the gallery of ``count`` images has ``own`` as its own image."""
        right, junk = np.concatenate([self.easy[number], self.hard[number]]), self.junk[number]
        every = np.concatenate([right, junk])
        if len(every) and not (every.min() >= 0 and every.max() < count):
            return f"names image {every.min() if every.min() < 0 else every.max()} of a gallery of {count:,}"
        if len(np.unique(every)) < len(every):
            return "names an image of the gallery twice"
        if own is not None and own not in junk:
            return "stands in the gallery too, and is not junk for itself"
        return ""


def positions(lists: Sequence[Sequence[int]]) -> Rows:
    """Lists of positions, one a query, as the arrays that ``Truth`` has."""
    return tuple(np.asarray(found, dtype=np.int64).reshape(-1) for found in lists)


def _wrong_boxes(boxes: np.ndarray) -> int | None:
    """The first row that is neither a box nor all NaN."""
    whole = np.isnan(boxes).all(axis=1)
    good = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > 0).all(axis=1)
    wrong = np.flatnonzero(~whole & ~good)
    return int(wrong[0]) if len(wrong) else None


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
