"""Exact neighbors of a set in tasks: blocks of queries in parts of the gallery, each a file that is never made twice.

A task is searched by one thread, and into which a set is cut depends on nothing but its size. Last digits of products
depend on how many are computed together, so the neighbors are the same bit for bit whoever searches, and with however
many threads.
"""

import functools
import pickle
import socket
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from weakref import WeakKeyDictionary

import faiss
import numpy as np
from tqdm import tqdm

from datasets import threads
from datasets.cluster.pool import Here, Killed, Pool, Task
from datasets.errors import InputError, RunFailed
from datasets.files.whole import own_beside
from datasets.vectors import exact
from datasets.vectors.base import VectorSet

BLOCK = 1024  # queries of a task
PART = 1 << 18  # gallery rows of a task, or so many more
_PARTS = 64  # that there are no more parts than this

_OWN: WeakKeyDictionary[VectorSet, np.ndarray] = WeakKeyDictionary()  # the own rows of sets

Truth = tuple[np.ndarray, np.ndarray]


class Piece(NamedTuple):
    """The neighbors of one block of queries in one part of the gallery; both count from 0."""

    part: int
    block: int


@dataclass(frozen=True)
class Job:
    """What is searched for, small enough to be sent to other processes, which see the same ``folder``.

    source : the set itself, or what gives it in another process
    fingerprint : of the set; count, rows : Q of its queries, G of its gallery
    k : neighbors that are kept of those found
    folder : where the files are written
    block, part : queries and gallery rows of a task
    """

    source: VectorSet | Callable[[], VectorSet]
    fingerprint: str
    count: int
    rows: int
    k: int
    folder: Path
    block: int
    part: int

    @property
    def vector_set(self) -> VectorSet:
        """The set, loaded once a process."""
        if isinstance(self.source, VectorSet):
            return self.source
        return _loaded(pickle.dumps(self.source), self.fingerprint)

    @property
    def own_rows(self) -> np.ndarray | None:
        """(Q,) what ``exact.search`` is to exclude; found once a process, since names may have to be compared."""
        vector_set = self.vector_set
        if vector_set not in _OWN:
            _OWN[vector_set] = vector_set.own_rows
        return _OWN[vector_set] if (_OWN[vector_set] >= 0).any() else None

    @property
    def blocks(self) -> range:
        """The blocks of queries."""
        return range(-(-self.count // self.block))

    @property
    def parts(self) -> range:
        """The parts of the gallery."""
        return range(-(-self.rows // self.part))

    def queries(self, block: int) -> slice:
        """The rows of a block."""
        return slice(block * self.block, min((block + 1) * self.block, self.count))

    @property
    def wanted(self) -> int:
        """Candidates of a query: sums of products can put near duplicates into a wrong order, so it is some more."""
        room = self.rows - (self.own_rows is not None)
        return min(self.k + max(8, self.k // 8), room)

    def candidates(self, piece: Piece) -> Truth:
        """The nearest of a block of queries in a part of the gallery, as exact search finds them."""
        vector_set, asking = self.vector_set, self.queries(piece.block)
        first = piece.part * self.part
        gallery = vector_set.gallery[first : first + self.part]
        exclude = self.own_rows
        if exclude is not None:
            within = exclude[asking] - first
            exclude = np.where((within >= 0) & (within < len(gallery)), within, -1)
        with threads.one():
            ids, distances = exact.search(
                vector_set.queries[asking],
                gallery,
                self.wanted,
                metric=vector_set.metric,
                exclude=exclude,
                block=self.block,
            )
        return np.where(ids < 0, ids, ids + first), distances


def job(vector_set: VectorSet, k: int, folder: Path, load: Callable[[], VectorSet] | None = None) -> Job:
    """The search for the ``k`` nearest of a set; ``load`` gives the set where other processes search."""
    rows, count = len(vector_set.gallery), len(vector_set.queries)
    block = -(-count // -(-count // BLOCK))  # no small one is left at the end
    part = max(PART, -(-rows // _PARTS))
    part = -(-rows // -(-rows // part))
    return Job(load or vector_set, vector_set.fingerprint(), count, rows, k, folder.resolve(), block, part)


def search(job: Job, pool: Pool, *, progress: bool = True) -> Truth:
    """The neighbors and distances (Q, k) of all queries; ``pool`` makes the files that are not there yet.

    pool : where it is this process, as many tasks are done at once as Faiss may take threads
    progress : whether a bar is shown where stderr is a terminal
    """
    if not pool.remote:
        pool = Here(faiss.omp_get_max_threads())
    cut = len(job.parts) > 1
    left = [block for block in job.blocks if read(_path(job, block)) is None]
    pieces = [Piece(part, block) for part in job.parts for block in left]  # a part is read from disk once
    todo = [piece for piece in pieces if not cut or read(_path(job, piece)) is None]
    total = len(job.parts) * len(job.blocks)
    show = {"total": total, "initial": total - len(todo), "unit": "block", "desc": "true neighbors"}
    with tqdm(**show, disable=not progress or None) as bar:
        for _ in _done(job, pool, keep_candidates, todo if cut else []):
            bar.update()
        for _ in _done(job, pool, keep_nearest, left):
            bar.update(not cut)
    found = [read(_path(job, block)) for block in job.blocks]
    neighbors, distances = (np.concatenate(values) for values in zip(*found, strict=True))
    return neighbors, distances


def _done(job: Job, pool: Pool, make: Callable[[Job, Task], None], tasks: list[Task]) -> Iterator[Task]:
    """The tasks as they are done; raises RunFailed where one ends whoever does it."""
    with closing(pool.run(functools.partial(make, job), tasks)) as done:
        for task, result in done:
            if isinstance(result, Killed):
                rows = job.queries(task.block if isinstance(task, Piece) else task)
                what = f"the search for queries {rows.start} to {rows.stop - 1}"
                raise RunFailed(f"{what} {result.reason}; give them more memory, then the same command goes on")
            yield task


def keep_candidates(job: Job, piece: Piece) -> None:
    """Search a part of the gallery for a block of queries, and write what is found."""
    write(_path(job, piece), job.candidates(piece))


def keep_nearest(job: Job, block: int) -> None:
    """Write the nearest of a block of queries in order, out of its candidates in all parts."""
    parts = [Piece(part, block) for part in job.parts]
    found = [job.candidates(parts[0])] if len(parts) == 1 else [read(_path(job, piece)) for piece in parts]
    neighbors, distances = (np.concatenate(values, axis=1) for values in zip(*found, strict=True))
    vector_set = job.vector_set
    if len(parts) > 1:
        nearest = np.argsort(_ascending(distances, vector_set.metric), axis=1, kind="stable")[:, : job.wanted]
        neighbors = np.take_along_axis(neighbors, nearest, axis=1)
    queries = vector_set.queries[job.queries(block)]
    ordered = in_order(queries, vector_set.gallery, neighbors, vector_set.metric)
    write(_path(job, block), (ordered[0][:, : job.k], ordered[1][:, : job.k]))


def in_order(queries: np.ndarray, gallery: np.ndarray, neighbors: np.ndarray, metric: str) -> Truth:
    """Neighbors and distances computed anew, sorted by distance and then by id."""
    distances = exact.between(queries, gallery, neighbors, metric=metric)
    order = np.lexsort((neighbors, _ascending(distances, metric)), axis=1)
    return np.take_along_axis(neighbors, order, axis=1), np.take_along_axis(distances, order, axis=1)


def _ascending(distances: np.ndarray, metric: str) -> np.ndarray:
    return -distances if metric == "inner_product" else distances


def read(path: Path) -> Truth | None:
    """What ``write`` wrote; None where there is nothing, or nothing whole."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            return file["neighbors"], file["distances"]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None


def write(path: Path, truth: Truth) -> None:
    """Write it, whole or not at all; raises InputError where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with own_beside(path) as part, part.open("wb") as stream:
            np.savez(stream, neighbors=truth[0], distances=truth[1])
    except OSError as error:
        raise InputError(f"{path}: cannot be written, make room or name another folder ({error.strerror})") from error


def _path(job: Job, piece: int | Piece) -> Path:
    """The file of a block, or of a block in one part; its name says what is in it."""
    rows = job.queries(piece.block if isinstance(piece, Piece) else piece)
    among = f"-in-{piece.part * job.part}" if isinstance(piece, Piece) else ""
    return job.folder / f"{rows.start}-{rows.stop}{among}.npz"


@functools.lru_cache(maxsize=1)
def _loaded(source: bytes, fingerprint: str) -> VectorSet:
    found = pickle.loads(source)()
    if found.fingerprint() != fingerprint:
        where = f"a worker on {socket.gethostname()}"
        raise InputError(f"vectors {found.name}: {where} finds others than this process; name a path that all see")
    return found
