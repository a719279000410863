"""Pieces: spans of a job's rows, each made at once and kept in a file of its own, whole or not at all."""

import math
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from datasets.errors import InputError
from datasets.files import contents
from datasets.files.whole import own_beside
from datasets.images import pixels
from embedding.extraction.job import Job
from embedding.extraction.stream import EMPTY, Made, stream
from embedding.extraction.times import Times

_NAME = re.compile(r"(\d+)-(\d+)\.(\w*)\.piece")  # start, stop, mark of the job
_PARTS = "*.part"


class Span(NamedTuple):
    """Rows of a job, from ``start`` up to and without ``stop``; they alone say what is read and where it is written."""

    start: int
    stop: int


@dataclass
class Piece:
    """What became of the rows of a span.

    vectors : (n, D) of those whose picture can be read, in their order
    skipped : {row: why it cannot be read}
    """

    span: Span
    vectors: np.ndarray
    skipped: dict[int, str] = field(default_factory=dict)
    times: Times = field(default_factory=Times)

    @property
    def rows(self) -> np.ndarray:
        """(n,) the rows whose vectors there are."""
        return np.setdiff1d(np.arange(*self.span), np.array(list(self.skipped), np.int64))


def written(job: Job) -> list[Span]:
    """The spans whose pieces are there, in order, none of them within another; those of another job do not count."""
    names = filter(None, map(_NAME.fullmatch, os.listdir(job.folder)))
    found = [Span(int(name[1]), int(name[2])) for name in names if name[3] == job.mark]
    kept: list[Span] = []
    for span in sorted(found, key=lambda span: (span.start, -span.stop)):
        if not kept or span.stop > kept[-1].stop:
            kept.append(span)
    return kept


def missing(job: Job) -> list[Span]:
    """The spans, in order, whose rows are in no piece yet; a row is in one of them, each within a piece of the job."""
    there = [Span(0, 0), *written(job), Span(job.count, job.count)]
    gaps = [Span(before.stop, after.start) for before, after in zip(there[:-1], there[1:], strict=True)]
    return [
        Span(max(start, gap.start), min(start + job.piece, gap.stop))
        for gap in gaps
        for start in range(gap.start // job.piece * job.piece, gap.stop, job.piece)
        if gap.start < gap.stop
    ]


def make(job: Job, todo: Sequence[Span], look: Callable[[Made], None] = lambda batch: None) -> Iterator[Piece]:
    """Make and write the pieces ``todo``; each comes when it is written, without its vectors.

    look : is called with what became of every batch
    Raises InputError where a piece cannot be written.
    """
    pixels.allow(job.max_pixels)
    engine, how = job.engine, {"size": job.room, "batch_size": job.batch_size, "workers": job.workers}
    batches = (rows for span in todo for rows in _batches(job, span))
    with closing(stream(engine, job.load, batches, **how)) as made:
        for span in todo:
            piece, parts = Piece(span, np.empty(0)), []
            for rows, batch in zip(_batches(job, span), made, strict=False):
                parts.append(_finished(job, batch.vectors[rows.count(EMPTY) :]))
                piece.skipped |= {rows[slot]: error.reason for slot, error in batch.unreadable.items()}
                piece.times += batch.times
                look(batch)
            piece.vectors = np.concatenate(parts)[piece.rows - span.start]
            write(job, piece)
            yield Piece(span, piece.vectors[:0], piece.skipped, piece.times)


def _batches(job: Job, span: Span) -> Iterator[list[int]]:
    """The rows of a span in batches, each row in the slot that it has in every span: as it may be, to the last bit."""
    size = job.batch_size
    for first in range(span.start // size * size, span.stop, size):
        start = max(first, span.start)
        yield [EMPTY] * (start - first) + list(range(start, min(first + size, span.stop)))


def _finished(job: Job, vectors: np.ndarray) -> np.ndarray:
    """Vectors at unit length, in the type that they are kept in; what gives codes stays as it is."""
    if job.engine.facts.codes:
        return vectors
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(lengths, 1e-12)).astype(job.dtype)


def unreadable(job: Job, span: Span, reason: str) -> Piece:
    """The piece of a span none of whose pictures can be read."""
    dtype = np.float32 if job.engine.facts.codes else job.dtype
    return Piece(span, np.empty((0, job.engine.facts.dim), dtype), dict.fromkeys(range(*span), reason))


def write(job: Job, piece: Piece) -> None:
    """Write ``piece``, whole or not at all; raises InputError where that cannot be done."""
    path, start = _path(job, piece.span), time.perf_counter()
    try:
        with own_beside(path) as part, part.open("wb") as file:
            np.save(file, np.array(list(piece.skipped), np.int64))
            np.save(file, np.array(list(piece.skipped.values()), str))
            np.save(file, np.array(astuple(piece.times), np.float64))
            np.save(file, piece.vectors)
    except OSError as error:
        why = error.strerror or "the disk is full"  # which NumPy has no number for
        kept = "the pieces before it are kept, and the same command goes on with it"
        raise InputError(f"{path}: cannot be written, make room ({why}); {kept}") from None
    piece.times.writing += time.perf_counter() - start


def read(job: Job, span: Span, *, vectors: bool = True) -> Piece:
    """The piece of ``span``, without its vectors where they are not asked for."""
    with _path(job, span).open("rb") as file:
        skipped, reasons, times = (np.load(file, allow_pickle=False) for _ in range(3))
        found = np.load(file, allow_pickle=False) if vectors else np.empty((0, 0), job.dtype)
    seconds = Times(int(times[0]), *times[1:].tolist())
    return Piece(span, found, dict(zip(skipped.tolist(), reasons.tolist(), strict=True)), seconds)


def tidy(job: Job) -> None:
    """Remove what killed processes have begun to write, and pieces cut short or with a file changed since."""
    for part in job.folder.glob(_PARTS):
        part.unlink()
    paths = job.images.images
    for span in written(job):
        piece = _path(job, span)
        when, rows = piece.stat().st_mtime, () if isinstance(paths, np.ndarray) else range(*span)
        if not _is_whole(piece) or any(contents.changed(paths[row]) > when for row in rows):
            piece.unlink()


def _is_whole(piece: Path) -> bool:
    """Whether all of a piece is there: of a machine that lost its power, the name may be all that was kept."""
    try:
        with piece.open("rb") as file:
            for _ in range(3):
                np.load(file, allow_pickle=False)
            np.lib.format.read_magic(file)
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
            return os.fstat(file.fileno()).st_size == file.tell() + math.prod(shape) * dtype.itemsize
    except (EOFError, ValueError):
        return False


def leave(job: Job) -> None:
    """Remove the folder of a job that has made no vector, so that it is in no other job's way; else let it be."""
    with suppress(OSError):
        if not any(len(read(job, span, vectors=False).rows) for span in written(job)):
            shutil.rmtree(job.folder)


def _path(job: Job, span: Span) -> Path:
    """The file of a piece. Its name says of which job it is: a worker of one that was killed may still write here."""
    return job.folder / f"{span.start}-{span.stop}.{job.mark}.piece"
