"""Pieces: the vectors that a version's network has made so far, on disk by the content of their pictures.

Each start of a job makes what no earlier one has made, in a folder of its own; all of them are read together, and go
when a snapshot holds their vectors.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files.whole import beside
from datasets.images.base import ImageSet
from embedding.extraction import names, pieces
from embedding.extraction.begin import begin
from embedding.extraction.job import NAMES, Job
from embedding.extraction.stream import Made
from web.serving.network import Network

_BATCH = 32  # pictures that the network sees at once
_WANTED = "wanted.npz"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture to be embedded: its content, where its file is, and what that was when the content was read."""

    content: str
    place: str
    state: tuple[int, int]


@dataclass
class Found:
    """What was made: rows by content, and why others have none."""

    vectors: dict[str, np.ndarray] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)


def make(
    folder: Path, network: Network, wanted: Sequence[Wanted], look: Callable[[int], None], *, threads: int = 2
) -> None:
    """Embed ``wanted``, in a folder below ``folder``; ``look`` is told how many more are done.

    Raises InputError where a piece cannot be written.
    """
    place = folder / str(1 + max((int(path.name) for path in _folders(folder)), default=0))
    place.mkdir(parents=True)
    with beside(place / _WANTED) as part, part.open("wb") as file:
        contents = np.array([row.content for row in wanted])
        np.savez(file, contents=contents, states=np.array([row.state for row in wanted], np.int64))
    job = _job(place, network, [row.place for row in wanted], threads)

    def count(batch: Made) -> None:
        look(batch.times.pictures)

    for _ in pieces.make(job, pieces.missing(job), count):
        pass


def read(folder: Path, network: Network, now: Callable[[str], tuple[int, int]]) -> Found:
    """All that was made by ``network``, of pictures whose files are what they were; other folders are removed.

    now : the state of the file at a place
    """
    found = Found()
    for place in _folders(folder):
        try:
            _read(place, network, now, found)
        except (InputError, OSError, ValueError, KeyError, EOFError):  # of another network, or cut short by a kill
            shutil.rmtree(place, ignore_errors=True)
    return found


def _read(place: Path, network: Network, now: Callable[[str], tuple[int, int]], found: Found) -> None:
    with np.load(place / _WANTED, allow_pickle=False) as kept:
        contents, states = kept["contents"].tolist(), kept["states"]
    places = list(names.Names(place / NAMES))
    job = _job(place, network, places, 1)
    pieces.tidy(job)
    for span in pieces.written(job):
        piece = pieces.read(job, span)
        sound = {row for row in range(*span) if now(places[row]) == tuple(states[row])}
        found.vectors |= {
            contents[row]: vector
            for row, vector in zip(piece.rows.tolist(), piece.vectors, strict=True)
            if row in sound
        }
        found.reasons |= {contents[row]: reason for row, reason in piece.skipped.items() if row in sound}


def _job(place: Path, network: Network, places: Sequence[str], threads: int) -> Job:
    none = np.zeros(0, np.int64)
    images = ImageSet("gallery", places, np.zeros(len(places), np.int64), ("image",), none, none, none)
    return begin(
        place,
        images,
        np.arange(len(places)),
        network.opener,
        size=network.size,
        resize=network.resize,
        batch_size=_BATCH,
        workers=threads,
    )


def _folders(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.glob("[0-9]*")) if path.name.isdecimal())
