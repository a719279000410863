"""Pictures to vectors, a batch at a time: decoding in threads, ahead of the network."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from datasets.images.pixels import Unreadable
from datasets.images.skipped import Skipped
from embedding.batches.ahead import in_threads
from embedding.extraction.times import Times

EMPTY = -1  # in place of a row: its slot of a batch stays blank


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
    size: tuple[int, int],
    batch_size: int,
    workers: int,
) -> Iterator[Made]:
    """What ``engine`` makes of the pictures of each batch of rows, in order; a row may be EMPTY.

    It always sees ``batch_size`` pictures, each in its slot, blank where there is none: what becomes of a picture does
    not depend on whether others can be read, or on what has been computed before.

    engine : an Engine, or what computes like one; size : of the pictures that ``load`` gives
    """

    def filled(row: int) -> Loaded | None:
        return None if row == EMPTY else load(row)

    room = np.zeros((batch_size, *size, 3), np.uint8)
    last = time.perf_counter()
    for loaded in in_threads(filled, ([(row,) for row in rows] for rows in batches), workers=workers):
        made = Made(np.empty(0), times=Times(waiting=time.perf_counter() - last))
        _fill(room, loaded, made)
        start = time.perf_counter()
        made.vectors = engine(room)[: len(loaded)]
        if made.unreadable:
            made.vectors = made.vectors.copy()
            made.vectors[list(made.unreadable)] = np.nan
        made.times.embedding = time.perf_counter() - start
        yield made
        last = time.perf_counter()


def _fill(room: np.ndarray, loaded: Sequence[Loaded | None], made: Made) -> None:
    """Put pictures in their slots; note those that are none, and the times."""
    room[len(loaded) :] = 0
    for slot, picture in enumerate(loaded):
        if picture is None:
            room[slot] = 0
            continue
        made.times.pictures += 1
        made.times.reading += picture.reading
        made.times.decoding += picture.decoding
        if isinstance(picture.pixels, Unreadable):
            made.unreadable[slot] = picture.pixels
            room[slot] = 0
        else:
            room[slot] = picture.pixels
