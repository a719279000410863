"""Described: pictures as the unit rows that a network makes of them in one way, at once or piece by piece and kept."""

import hashlib
import json
import logging
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.files import contents, lock
from datasets.files.whole import beside
from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped, beside_file
from datasets.vectors import rows as vector_rows
from embedding.engine.base import Engine
from embedding.extraction import join, memory, pieces, run
from embedding.extraction.begin import begin
from embedding.extraction.job import opened

log = logging.getLogger(__name__)

_AT_ONCE = 16  # pictures of a batch


@dataclass(frozen=True)
class Describer:
    """A network and how it sees pictures.

    opener : opens its engine, once a process
    size, resize : as in ``decode.fit``
    workers : threads that read and decode
    """

    opener: Callable[[], Engine]
    size: tuple[int, int]
    resize: str
    workers: int = 2

    @property
    def engine(self) -> Engine:
        """The network, opened."""
        return opened(self.opener)

    @property
    def network(self) -> str:
        """The fingerprint of all that decides what the vectors are; the engine's where it sees as it always does."""
        facts = self.engine.facts
        if (self.size, self.resize) == (facts.size, facts.resize):
            return facts.network
        return hashlib.sha256(repr((facts.network, self.size, self.resize)).encode()).hexdigest()[:16]

    def now(self, images: ImageSet, rows: np.ndarray, skipped: Skipped | None = None) -> np.ndarray:
        """Unit rows (R, D) float32 of the images ``rows``.

        The row of one that cannot be read is NaN where ``skipped`` is given to note it in; else it is an error.
        """
        how = {"size": self.size, "resize": self.resize, "batch_size": _AT_ONCE, "workers": self.workers}
        return _unit(memory.vectors(self.engine, images, rows, progress=sys.stderr.isatty(), skipped=skipped, **how))

    def piecewise(self, images: ImageSet, rows: np.ndarray, skipped: Skipped, folder: Path) -> np.ndarray:
        """The same, whose pieces stay in ``folder`` until it is removed: after a kill it goes on from there."""
        with lock.alone(folder, flag="--out"):
            how = {"size": self.size, "resize": self.resize, "batch_size": _AT_ONCE, "workers": self.workers}
            job = begin(folder, images, rows, self.opener, **how)
            try:
                run.here(job, skipped)
                return _unit(join.into_memory(job))
            finally:
                pieces.leave(job)

    def kept(self, images: ImageSet, rows: np.ndarray, folder: Path, *, max_bad: float) -> np.ndarray:
        """Unit rows (N, D) of the images ``rows``, NaN for the others, and for what cannot be read.

        They are kept in ``folder``, and read from there next time, while the files stay as they are. What cannot be
        read is told each time. Raises InputError where it is more than ``max_bad``, see ``Skipped``.
        """
        path = folder / f"{images.name}-{self._mark(images, rows)}.npy"
        skipped = Skipped(len(rows), max_bad=max_bad)
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            found = self.piecewise(images, rows, skipped, path.with_suffix(".pieces"))
            skipped.save(beside_file(path))
            with beside(path) as part:
                whole = np.lib.format.open_memmap(part, "w+", np.float32, (len(images), found.shape[1]))
                whole[:] = np.nan
                whole[rows] = found
                whole.flush()
            shutil.rmtree(path.with_suffix(".pieces"), ignore_errors=True)
        skipped.load(beside_file(path))
        if line := skipped.line(beside_file(path)):
            log.warning("%s", line)
        return np.load(path, mmap_mode="r", allow_pickle=False)

    def _mark(self, images: ImageSet, rows: np.ndarray) -> str:
        """Of the network and the pictures, whatever they are split into."""
        digest = hashlib.sha256(self.network.encode())
        if isinstance(images.images, np.ndarray):
            digest.update(np.ascontiguousarray(images.images[rows]))
        else:
            paths = [images.images[row] for row in rows]
            digest.update(json.dumps([[path, *contents.state(path)] for path in paths]).encode())
        if images.crops is not None:
            digest.update(np.ascontiguousarray(images.crops[rows]))
        digest.update(np.ascontiguousarray(rows))
        return digest.hexdigest()[:12]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vector_rows.prepared(vectors, "angular")
