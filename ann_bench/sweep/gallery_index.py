"""An index of a gallery: built over it once, saved beside it, and read by whoever searches it again."""

import hashlib
import logging
import os
from pathlib import Path

from ann_bench import indexes
from ann_bench.indexes.base import Grid, Index
from ann_bench.results.saved_index import Saved
from ann_bench.sweep import builds, grid, worker
from datasets.errors import InputError
from datasets.files import lock
from datasets.vectors.base import VectorSet

log = logging.getLogger(__name__)


def check(name: str) -> None:
    """Raises InputError, which names --index, where there is no such index, or its library is not installed."""
    indexes.get(name)
    grid.require(name)


def kept_index(
    name: str, gallery: VectorSet, *, beside: Path, family: str = "", mapped: bool = False, uri: str = ""
) -> Index:
    """The index ``name`` over a gallery, the first of its default builds, tuned to find the most; ready to search.

    beside : the gallery's own file; the index is saved beside it where it can be saved, and read from there next time.
        Another process that is building the same is waited for
    family : how the build begins that is taken of its default ones, HNSW; the first where none begins so
    mapped : have its rows read from the file when they are looked at, where the library can
    uri : the server that has the index, of those that live on one
    Raises InputError, which names --index, where there is no such index, or it cannot search by the gallery's metric.
    """
    check(name)
    plan = [entry for _, entry in grid.default([name], **builds.size(gallery))]
    chosen = next((entry for entry in plan if entry.build.startswith(family)), plan[0])
    index = builds.make(name, chosen.build, gallery, uri=uri)
    threads = len(os.sched_getaffinity(0))
    if index.saves and os.access(beside.parent, os.W_OK):
        _saved_or_built(index, chosen, gallery, beside, threads, mapped=mapped)
    else:
        log.info("building an index of %d vectors, anew each time: %s %s", len(gallery.gallery), name, chosen.build)
        worker.fill(index, gallery, threads, _say_nothing, seed=index.seed)
    index.tune(**chosen.points()[-1])
    index.set_threads(threads)
    return index


def _saved_or_built(
    index: Index, chosen: Grid, gallery: VectorSet, beside: Path, threads: int, *, mapped: bool
) -> None:
    mark = hashlib.sha256(f"{chosen.build} {gallery.fingerprint()}".encode()).hexdigest()[:8]
    saved = Saved(beside.with_name(f"{beside.stem}-{index.name}-{mark}.index"))
    if not saved.exists:
        with lock.held(saved.path, flag="--index"):
            if not saved.exists:
                about = (len(gallery.gallery), index.name, chosen.build, saved.path)
                log.info("building an index of %d vectors, once: %s %s, %s", *about)
                saved.write(index, worker.fill(index, gallery, threads, _say_nothing, seed=index.seed))
                return
    try:
        (index.map if mapped and index.maps else index.load)(saved.path)
    except (RuntimeError, OSError) as error:
        line = " ".join(str(error).split())
        raise InputError(f"{saved.path} cannot be read ({line}): remove it, and it is built again") from None


def _say_nothing(*_: object, **__: object) -> None:
    """Nobody looks at how far it is."""
