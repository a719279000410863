"""ImageSet to training batches, decoded and augmented in threads ahead of the trainer."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet, Size
from datasets.relevance import relevant
from embedding.batches import decode
from embedding.batches.plan import AtRandom, ByClass
from embedding.mx import nd

log = logging.getLogger(__name__)

# Batches that wait decoded: enough to ride out a slow file, few enough to stay small in memory.
_AHEAD = 3


@dataclass(frozen=True)
class Batch:
    """What one training step sees: ``loss(*net(*inputs), *targets)``."""

    inputs: tuple[nd.NDArray, ...]
    targets: tuple[nd.NDArray, ...]


def in_threads(
    load: Callable[..., np.ndarray], batches: Iterable[Sequence[tuple]], *, workers: int
) -> Iterator[np.ndarray]:
    """``np.stack`` of load(*item) over the items of each batch, in order, some batches ahead of who asks.

    Threads do: OpenCV leaves Python's lock while it decodes and resizes.
    """
    with ThreadPoolExecutor(workers, thread_name_prefix="decode") as pool:
        waiting: deque = deque()
        try:
            for batch in batches:
                waiting.append([pool.submit(load, *item) for item in batch])
                if len(waiting) > _AHEAD:
                    yield np.stack([job.result() for job in waiting.popleft()])
            while waiting:
                yield np.stack([job.result() for job in waiting.popleft()])
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


class Batches:
    """The training batches of an image set's train part, the same ones for the same seed and epoch.

    deal : how an epoch's images are dealt into batches: so many classes with so many images each, or at random
    size : of the images that the network sees
    steps : batches an epoch; None: until every image has been seen
    max_bad : share of the training images that may be unreadable; each is named once in the log and another image of
        its class takes its place. Above it, InputError.
    part : (rank, size) of a worker among those that share every batch; it gets its own part of it alone
    """

    def __init__(
        self,
        images: ImageSet,
        *,
        deal: ByClass | AtRandom,
        size: Size,
        augmentation: decode.Augmentation,
        seed: int = 0,
        steps: int | None = None,
        workers: int = 2,
        max_bad: float = 0.01,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        self._images, self._size, self._augmentation = images, size, augmentation
        self._deal, self._steps = deal, steps
        self._seed, self._workers, self._max_bad = seed, workers, max_bad
        self._sharers, share = part[1], deal.size // part[1]
        self._mine = slice(part[0] * share, (part[0] + 1) * share)
        self._labels, self.class_count = _from_0(images.labels[images.train])
        self._bad: set[int] = set()
        self._lock = threading.Lock()

    def __str__(self) -> str:
        batch = str(self._deal) + f", shared by {self._sharers} workers" * (self._sharers > 1)
        kind = "concepts" if self._images.several_labels else "classes"
        return f"{len(self._images.train)} images of {self.class_count} {kind} in batches of {batch}"

    @property
    def images(self) -> ImageSet:
        """The set whose train part they are of."""
        return self._images

    @property
    def batch_size(self) -> int:
        """Images in a batch, those of all workers."""
        return self._deal.size

    def epoch(self, number: int) -> Iterator[Batch]:
        """Batches of uint8 images (B, H, W, 3) and float32 labels: (B,) in [0, class_count), or (B, L) of 0 and 1."""
        plan = self.plan(number)
        items = [
            [(int(i), (self._seed, number, step, slot)) for slot, i in enumerate(batch)][self._mine]
            for step, batch in enumerate(plan)
        ]
        loaded = in_threads(self._load, items, workers=self._workers)
        for batch, pixels in zip(plan[:, self._mine], loaded, strict=True):
            yield Batch(inputs=(nd.array(pixels, dtype="uint8"),), targets=(nd.array(self._labels[batch]),))

    def plan(self, number: int) -> np.ndarray:
        """Positions in the train part, (steps, B), of epoch ``number``, those of other workers too."""
        rng = np.random.default_rng((self._seed, number))
        plan = self._deal.plan(self._labels, rng)
        while self._steps and len(plan) < self._steps:
            plan = np.concatenate([plan, self._deal.plan(self._labels, rng)])
        return plan[: self._steps]

    def _load(self, position: int, seed: tuple[int, ...]) -> np.ndarray:
        rng = np.random.default_rng(seed)
        image = self._read(position)
        if image is None:
            image = self._read_another(position, rng)
        return decode.augment(image, self._size, self._augmentation, rng)

    def _read(self, position: int) -> np.ndarray | None:
        try:
            at_least = decode.enough(self._size, self._augmentation)
            return decode.read(self._images, int(self._images.train[position]), at_least=at_least)
        except InputError as error:
            self._note_bad(position, error)
            return None

    def _read_another(self, position: int, rng: np.random.Generator) -> np.ndarray:
        """The first image of the same class, or with a concept in common, that can be read, in an order from ``rng``.

        Not by what is known to be unreadable so far: that depends on threads, and is forgotten when a run is killed.
        """
        same = rng.permutation(np.flatnonzero(relevant(self._labels, self._labels[position])))
        for other in same:
            image = self._read(int(other))
            if image is not None:
                return image
        name = self._images.image_name(int(self._images.train[position]))
        raise InputError(f"{name}: neither it nor any of {len(same)} training images like it can be read; remove them")

    def _note_bad(self, position: int, error: InputError) -> None:
        with self._lock:
            if position in self._bad:
                return
            self._bad.add(position)
            count, total = len(self._bad), len(self._images.train)
        if count > self._max_bad * total:
            raise InputError(
                f"{error}; {count} of {total} training images cannot be used, --max-bad={self._max_bad:g} allows"
                f" {int(self._max_bad * total)}"
            )
        log.warning("skipped: %s", error)


def _from_0(labels: np.ndarray) -> tuple[np.ndarray, int]:
    """Labels in [0, classes) and the number of classes; of several concepts an image, those and their number."""
    if labels.ndim == 2:
        return labels, labels.shape[1]
    names, numbers = np.unique(labels, return_inverse=True)
    return numbers, len(names)
