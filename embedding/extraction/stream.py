"""Pictures to vectors, a batch at a time: decoding in threads, ahead of the network."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from datasets.images.pixels import Unreadable
from datasets.images.skipped import Skipped
from embedding.batches.ahead import in_threads
from embedding.engine import base
from embedding.extraction.times import Times

EMPTY = -1  # in place of a row: its slot of a batch stays blank

_BLANK = np.zeros((224, 224, 3), np.uint8)  # which every network takes


@dataclass
class Loaded:
    """A picture ready for the network, (H, W, 3) uint8, or why it cannot be read; and how long that took, in s."""

    pixels: np.ndarray | Unreadable
    reading: float = 0.0
    decoding: float = 0.0


@dataclass
class Made:
    """What became of a batch: its vectors (B, D) float32, a row of NaN for each of ``unreadable``, {slot: why}."""

    vectors: np.ndarray
    unreadable: dict[int, Unreadable] = field(default_factory=dict)
    times: Times = field(default_factory=Times)

    def note(self, skipped: Skipped) -> None:
        """Tell ``skipped`` how many were looked at and which cannot be read; InputError where these are too many."""
        for error in self.unreadable.values():
            skipped.add(error)
        skipped.look(self.times.pictures)


def stream(
    engine: Callable[[np.ndarray], np.ndarray],
    load: Callable[[int], Loaded],
    batches: Iterable[Sequence[int]],
    *,
    size: tuple[int, int] | None,
    batch_size: int,
    workers: int,
) -> Iterator[Made]:
    """What ``engine`` makes of the pictures of each batch of rows, in order; a row may be EMPTY.

    Of pictures of one size it always sees ``batch_size``, each in its slot, blank where there is none, of pictures of
    their own sizes each alone: what becomes of a picture does not depend on whether others can be read, or on what has
    been computed before.

    engine : an Engine, or what computes like one; size : of the pictures that ``load`` gives, None where each has its
        own
    """
    compute = _Together(engine, size, batch_size) if size else _Apart(engine)

    def filled(row: int) -> Loaded | None:
        return None if row == EMPTY else load(row)

    last = time.perf_counter()
    for loaded in in_threads(filled, ([(row,) for row in rows] for rows in batches), workers=workers):
        made = Made(np.empty(0), times=Times(waiting=time.perf_counter() - last))
        _look(loaded, made)
        pictures = [None if row is None or slot in made.unreadable else row.pixels for slot, row in enumerate(loaded)]
        start = time.perf_counter()
        made.vectors = compute(pictures)
        if made.unreadable:
            made.vectors = made.vectors.copy()
            made.vectors[list(made.unreadable)] = np.nan
        made.times.embedding = time.perf_counter() - start
        yield made
        last = time.perf_counter()


def _look(loaded: Sequence[Loaded | None], made: Made) -> None:
    """Note what cannot be read, and the times."""
    for slot, picture in enumerate(loaded):
        if picture is None:
            continue
        made.times.pictures += 1
        made.times.reading += picture.reading
        made.times.decoding += picture.decoding
        if isinstance(picture.pixels, Unreadable):
            made.unreadable[slot] = picture.pixels


class _Together:
    """What ``engine`` makes of ``batch_size`` pictures of one size at once."""

    def __init__(self, engine: Callable[[np.ndarray], np.ndarray], size: tuple[int, int], batch_size: int) -> None:
        self._engine, self._room = engine, np.zeros((batch_size, *size, 3), np.uint8)

    def __call__(self, pictures: Sequence[np.ndarray | None]) -> np.ndarray:
        """(B, D) of pictures in their slots, blank where there is None."""
        self._room[len(pictures) :] = 0
        for slot, picture in enumerate(pictures):
            self._room[slot] = 0 if picture is None else picture
        return self._engine(self._room)[: len(pictures)]


class _Apart:
    """What ``engine`` makes of pictures of any sizes, each alone."""

    def __init__(self, engine: Callable[[np.ndarray], np.ndarray]) -> None:
        self._engine, self._dim = engine, 0

    def __call__(self, pictures: Sequence[np.ndarray | None]) -> np.ndarray:
        """(B, D) of pictures, NaN where there is None."""
        there = [slot for slot, picture in enumerate(pictures) if picture is not None]
        made = base.each(self._engine, [pictures[slot] for slot in there]) if there else None
        self._dim = self._dim or (base.each(self._engine, [_BLANK]) if made is None else made).shape[1]
        found = np.full((len(pictures), self._dim), np.nan, np.float32)
        if made is not None:
            found[there] = made
        return found
