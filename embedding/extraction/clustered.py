"""Clustered: a job done by the workers of a cluster, which all see its folder."""

import logging
import time
from contextlib import closing
from functools import partial

from datasets.cluster.pool import Killed, Pool
from datasets.images.skipped import Skipped
from embedding.extraction import pieces
from embedding.extraction.job import Job
from embedding.extraction.pieces import Piece, Span
from embedding.extraction.progress import Progress
from embedding.extraction.run import done_before, note, tell
from embedding.extraction.times import Times

log = logging.getLogger(__name__)

_PARTS = 8  # into which a span is cut that ends its workers


def by(pool: Pool, job: Job, skipped: Skipped) -> Times:
    """As ``run.here``, but the pieces are made by ``pool``.

    A span that ends every worker that takes it is cut until it is one picture, which is skipped.
    """
    done, times = done_before(job, skipped)
    if done:
        log.info("going on: %s of %s pictures are there", f"{done:,}", f"{job.count:,}")
    start, todo = time.monotonic(), pieces.missing(job)
    with Progress(job.count, done) as progress:
        while todo:
            left: list[Span] = []
            with closing(pool.run(partial(one, job), todo)) as made:
                for span, found in made:
                    if isinstance(found, Killed) and span.stop - span.start > 1:
                        left += smaller(span)
                        continue
                    piece = _skipped(job, span, found.reason) if isinstance(found, Killed) else found
                    note(job, piece, skipped)
                    times += piece.times
                    progress.update(span.stop - span.start)
            todo = left
    tell(job, times, job.count - done, time.monotonic() - start)
    return times


def one(job: Job, span: Span) -> Piece:
    """Make and write one piece; it comes without its vectors."""
    (piece,) = pieces.make(job, [span])
    return piece


def smaller(span: Span) -> list[Span]:
    """The span in parts of about one size, none of them empty."""
    parts = min(_PARTS, span.stop - span.start)
    ends = [span.start + (span.stop - span.start) * part // parts for part in range(parts + 1)]
    return [Span(*ends[part : part + 2]) for part in range(parts)]


def _skipped(job: Job, span: Span, reason: str) -> Piece:
    """Write the piece of a picture that ends its workers."""
    piece = pieces.unreadable(job, span, reason)
    pieces.write(job, piece)
    return piece
