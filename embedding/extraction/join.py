"""Join: the pieces of a job into one vectors file, or into one array."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.stored import vectors_file
from embedding.extraction import pieces
from embedding.extraction.job import Job
from embedding.extraction.names import Names


def into_file(
    job: Job,
    out: Path,
    *,
    name: str,
    attrs: Mapping[str, object] | None = None,
    pack: Callable[[np.ndarray], np.ndarray] | None = None,
) -> tuple[int, int]:
    """Write the vectors file ``out`` of all pieces, a piece in memory at a time; returns how many rows of how many
    numbers, or bits, it has.

    The rows stand in the order of the job, without those whose picture cannot be read. No true neighbors: for a million
    rows they take longer than the vectors, and ``ann_bench`` computes and keeps those that it needs.

    pack : makes packed codes (n, D / 8) uint8 of what the network gave (n, D), where it gives codes
    Raises InputError where no picture can be read, or the file cannot be written.
    """
    count = sum(len(pieces.read(job, span, vectors=False).rows) for span in pieces.written(job))
    if not count:
        raise InputError(f"none of {job.count:,} pictures can be read, such as {job.images.image_name(0)}; mend them")
    dim, found = job.engine.facts.dim, job.images.images
    vectors_file.save_blocks(
        out,
        _blocks(job, pack),
        count=count,
        dim=dim,
        dtype=job.dtype,
        name=name,
        metric="euclidean" if pack is None else "hamming",
        attrs=attrs,
        text=found.size if isinstance(found, Names) else 0,
    )
    return count, dim


def _blocks(job: Job, pack: Callable[[np.ndarray], np.ndarray] | None) -> Iterator[tuple[np.ndarray, Sequence[str]]]:
    images = job.images
    for span in pieces.written(job):
        piece = pieces.read(job, span)
        names = [images.image_name(int(row)) for row in piece.rows]
        yield piece.vectors if pack is None else pack(piece.vectors), names


def into_memory(job: Job) -> np.ndarray:
    """What all pieces hold, (N, D) float32, a row of NaN for a picture that cannot be read."""
    found = np.full((job.count, job.engine.facts.dim), np.nan, np.float32)
    for span in pieces.written(job):
        piece = pieces.read(job, span)
        found[piece.rows] = piece.vectors
    return found
