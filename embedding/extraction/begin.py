"""Begin: the folder of a job is made, or found as an earlier start of the same job has left it."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files.whole import beside
from datasets.images import pixels
from datasets.images.base import ImageSet
from embedding.batches import decode
from embedding.engine import base
from embedding.engine.base import Engine
from embedding.extraction import names
from embedding.extraction.job import ABOUT, ARRAYS, BOXES, NAMES, Job, about, opened

DTYPES = ("float32", "float16")
_PIECES = 50  # of a job, so that a kill costs little of it,
_MOST_ROWS = 4096  # but so many rows at most, which are some minutes of a slow network


def begin(
    folder: Path,
    images: ImageSet,
    rows: np.ndarray,
    opener: Callable[[], Engine],
    *,
    size: tuple[int, int],
    resize: str,
    dtype: str = "float32",
    batch_size: int = 8,
    piece: int | None = None,
    workers: int = 2,
) -> Job:
    """The job of turning the pictures ``rows`` of ``images`` into vectors, whose folder is made where it is not there.

    piece : rows of a piece, made a multiple of ``batch_size``; None: a fiftieth of all, 4,096 at most
    Raises InputError where the folder cannot be written, or holds pieces of another job.
    """
    batch_size = max(1, min(batch_size, len(rows)))
    piece = max(1, round((piece or min(_MOST_ROWS, len(rows) // _PIECES)) / batch_size)) * batch_size
    job = Job(
        opener=opener,
        folder=folder.resolve(),
        mark="",
        network=opened(opener).facts.network,
        count=len(rows),
        size=size,
        resize=resize,
        max_pixels=pixels.allowed(),
        dtype=dtype,
        batch_size=batch_size,
        piece=piece,
        workers=workers,
    )
    job = replace(job, least=_least(job))
    told = _told(job, images, rows)
    _settle(folder, told, images, rows)
    return replace(job, mark=hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16])


def _least(job: Job) -> int:
    """The least side of pictures that the network takes; raises InputError where it cannot take the job's size."""
    facts = job.engine.facts
    if job.room is None:
        least = base.smallest(job.engine)
        can = 0 < least <= max(job.size)
    else:
        least = 0
        can = job.size == facts.size or base.takes(job.engine, job.size)
    if not can:
        other = "larger" if job.size < facts.size or job.room is None else "smaller"
        shown = decode.show_size(job.size)
        raise InputError(f"--model={facts.model} cannot take images of {shown} pixels; give a {other} --image-size")
    return least


def _told(job: Job, images: ImageSet, rows: np.ndarray) -> dict[str, object]:
    """All that decides what the vectors of a job are, and into which pieces they fall."""
    return {
        "pictures": _fingerprint(images, rows),
        "network": job.network,
        "engine": job.engine.name,
        "size": decode.show_size(job.size),
        "resize": job.resize,
        "max pixels": job.max_pixels,
        "dtype": job.dtype,
        "batch size": job.batch_size,
        "rows of a piece": job.piece,
    }


def _fingerprint(images: ImageSet, rows: np.ndarray) -> str:
    """A short hash of the pictures ``rows``: names of files, bytes of arrays, and boxes."""
    if isinstance(images.images, np.ndarray):
        digest = hashlib.sha256(str(images.images.shape).encode())
        for row in rows:
            digest.update(np.ascontiguousarray(images.images[row]))
        found = digest.hexdigest()[:16]
    else:
        found = names.fingerprint(str(images.images[row]) for row in rows)
    if images.crops is not None:
        found += hashlib.sha256(np.ascontiguousarray(images.crops[rows])).hexdigest()[:8]
    return found


def _settle(folder: Path, told: dict[str, object], images: ImageSet, rows: np.ndarray) -> None:
    """Have ``folder`` hold the job's pictures; raises InputError where it has pieces of another one."""
    kept = about(folder)
    if kept is not None and any(folder.glob("*.piece")):
        _check_same(folder, kept, told)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (ABOUT, NAMES, ARRAYS, BOXES):  # of a job that was ended before its first piece
            (folder / name).unlink(missing_ok=True)
        if isinstance(images.images, np.ndarray):
            np.save(folder / ARRAYS, images.images[rows])
        else:
            names.write(folder / NAMES, (str(images.images[row]) for row in rows))
        if images.crops is not None:
            np.save(folder / BOXES, images.crops[rows])
        with beside(folder / ABOUT) as part:
            part.write_text(json.dumps(told | {"name": images.name}, indent=1))
    except OSError as error:
        raise InputError(f"{folder}: cannot be written, make room or name another place ({error.strerror})") from None


def _check_same(folder: Path, kept: dict[str, object], told: dict[str, object]) -> None:
    for key, now in told.items():
        if kept.get(key) != now:
            differs = "of other pictures" if key == "pictures" else f"whose {key} was {kept.get(key)} and is {now} now"
            raise InputError(
                f"{folder}: holds pieces of another job, {differs}; let that one end, remove the folder, or name"
                " another --out"
            )
