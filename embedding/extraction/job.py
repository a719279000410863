"""Job: pictures that a network turns into vectors, kept in a folder, by which any process can do a part of it."""

import functools
import json
import pickle
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.pixels import Unreadable
from embedding.batches import decode
from embedding.engine.base import Engine
from embedding.extraction import names
from embedding.extraction.stream import Loaded

ABOUT, NAMES, ARRAYS, BOXES = "job.json", "names", "images.npy", "boxes.npy"  # files of the folder


@dataclass(frozen=True)
class Job:
    """What is to be extracted; it is small, and may be sent to other processes, which see the same ``folder``.

    opener : opens the network: a function of a module, or a ``functools.partial`` of one. It is called once a process
    folder : where the names of the pictures stand, and where the pieces are written
    mark : a hash of all that decides what the vectors are
    network : the fingerprint of the network that is to be opened, as its facts have it
    count : N, of the pictures
    size, resize : as in ``decode.fit``
    max_pixels : that a picture may have, as in ``pixels.allow``, in whatever process reads it
    dtype : of the vectors, float32 or float16
    batch_size : pictures that the network sees at once, or one after the other where each has a size of its own
    piece : rows of a piece, a multiple of that
    workers : threads that read and decode
    least : the least side of a picture of its own size that the network takes
    """

    opener: Callable[[], Engine]
    folder: Path
    mark: str
    network: str
    count: int
    size: tuple[int, int]
    resize: str
    max_pixels: int
    dtype: str
    batch_size: int
    piece: int
    workers: int
    least: int = 0

    @property
    def room(self) -> tuple[int, int] | None:
        """Height and width of the pictures as the network sees them, None where each has its own."""
        return None if self.resize == decode.OWN else self.size

    @property
    def engine(self) -> Engine:
        """The network, opened once a process, and again where another one stood in its place then.

        Raises InputError where another one stands there.
        """
        engine = opened(self.opener)
        if engine.facts.network != self.network:  # a worker of a cluster may have opened it before it was trained anew
            _opened.cache_clear()
            engine = opened(self.opener)
        if engine.facts.network != self.network:
            what = f"the network is {engine.facts.network} on {platform.node()}, and was {self.network} as this began"
            raise InputError(f"{self.folder}: {what}; start the same command when it is trained")
        return engine

    @property
    def images(self) -> ImageSet:
        """The pictures, N of them, whose names and boxes stay in files."""
        return _images(self.folder, self.mark)

    def load(self, row: int) -> Loaded:
        """Picture ``row`` as the network takes it, or why it cannot be read."""
        start = time.perf_counter()
        try:
            try:
                fetched = decode.fetch(self.images, row)
            finally:  # a file that cannot be had may take long, too
                read = time.perf_counter()
            found = decode.read_fitted(
                self.images, row, self.size, resize=self.resize, fetched=fetched, least=self.least
            )
        except Unreadable as error:
            found = error
        return Loaded(found, reading=read - start, decoding=time.perf_counter() - read)


def opened(opener: Callable[[], Engine]) -> Engine:
    """What ``opener`` opens, once a process: an opener that came from another process is the same one."""
    return _opened(pickle.dumps(opener))


@functools.lru_cache(maxsize=8)  # a server has several galleries, each with its network
def _opened(opener: bytes) -> Engine:
    return pickle.loads(opener)()


def about(folder: Path) -> dict[str, object] | None:
    """What the folder of a job tells of it; None where it is none, or none that has been begun whole."""
    try:
        return dict(json.loads((folder / ABOUT).read_text()))
    except (OSError, ValueError):
        return None


@functools.lru_cache(maxsize=1)
def _images(folder: Path, mark: str) -> ImageSet:
    """The pictures of the job in ``folder``; ``mark`` tells it from another that stood there before."""
    arrays, boxes = folder / ARRAYS, folder / BOXES
    found = np.load(arrays, mmap_mode="r") if arrays.exists() else names.Names(folder / NAMES)
    none = np.zeros(0, np.int64)
    return ImageSet(
        name=str((about(folder) or {}).get("name", "")),
        images=found,
        labels=np.zeros(len(found), np.int64),
        class_names=("image",),
        train=none,
        query=none,
        gallery=none,
        boxes=np.load(boxes, mmap_mode="r") if boxes.exists() else None,
    )
