"""Run: a job done in this process, from where it was left."""

import logging
import resource
import sys
import time
from contextlib import suppress
from pathlib import Path

from datasets.images.pixels import Unreadable
from datasets.images.skipped import Skipped
from embedding.extraction import pieces
from embedding.extraction.job import Job
from embedding.extraction.pieces import Piece
from embedding.extraction.progress import Progress
from embedding.extraction.stream import Made
from embedding.extraction.times import Times

log = logging.getLogger(__name__)


def done_before(job: Job, skipped: Skipped) -> tuple[int, Times]:
    """Pictures in pieces that are there, and how long they took; what they skipped is noted in ``skipped``.

    What killed processes have left behind is removed, so no other process may be at the job.
    """
    pieces.tidy(job)
    count, times = 0, Times()
    for span in pieces.written(job):
        piece = pieces.read(job, span, vectors=False)
        note(job, piece, skipped)
        count += span.stop - span.start
        times += piece.times
    return count, times


def note(job: Job, piece: Piece, skipped: Skipped) -> None:
    """Note in ``skipped`` what a piece has skipped; raises InputError where it is too much."""
    for row, reason in piece.skipped.items():
        skipped.add(Unreadable(job.images.image_name(row), reason))
    skipped.look(piece.span.stop - piece.span.start)


def here(job: Job, skipped: Skipped) -> Times:
    """Make all pieces that are not there yet, and tell how it goes; returns how long all of them took.

    Raises InputError where too many pictures cannot be read, or a piece cannot be written.
    """
    done, times = done_before(job, skipped)
    if done:
        log.info("going on: %s of %s pictures are there", f"{done:,}", f"{job.count:,}")
    start = time.monotonic()
    with Progress(job.count, done) as progress:

        def look(batch: Made) -> None:
            batch.note(skipped)
            progress.update(batch.times.pictures)

        for piece in pieces.make(job, pieces.missing(job), look):
            times += piece.times
    tell(job, times, job.count - done, time.monotonic() - start)
    return times


def tell(job: Job, times: Times, count: int, seconds: float) -> None:
    """Log how fast ``count`` pictures were made now, what took how long of all, and the most memory that it took."""
    if count:
        pictures = f"{count:,} picture{'s' * (count > 1)}"
        log.info("%s in %.1f s, %.1f images/s", pictures, seconds, count / seconds)
    of = "" if count == job.count else f"all {job.count:,}: "
    log.info("%s%s", of, times.line(job.workers))
    log.info("at most %.0f MB of memory", peak_memory() / 1e6)


def peak_memory() -> int:
    """The most bytes that this process had in memory so far."""
    with suppress(OSError):  # what getrusage says begins with the parent's
        return 1024 * int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
