"""ImageSet to class-balanced batches: P classes x K images, decoded and augmented in threads ahead of the trainer."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet, Size
from embedding import decode
from embedding.mx import nd

log = logging.getLogger(__name__)

# Batches that wait decoded: enough to ride out a slow file, few enough to stay small in memory.
_AHEAD = 3

Group = tuple[int, np.ndarray]  # a class, and rows of it


@dataclass(frozen=True)
class Batch:
    """What one training step sees: ``loss(*net(*inputs), *targets)``."""

    inputs: tuple[nd.NDArray, ...]
    targets: tuple[nd.NDArray, ...]


def plan_epoch(labels: np.ndarray, *, classes: int, images: int, rng: np.random.Generator) -> np.ndarray:
    """The rows of one epoch's batches, (steps, classes * images), those of a class side by side.

    Every class is dealt out in shuffled groups of ``images`` rows, so that every image is seen; a group that is not
    full gets other rows of its class, repeated only where the class is too small. No batch holds a class twice: one
    that would is filled up with other classes once more.
    """
    order = np.argsort(labels, kind="stable")
    names, starts = np.unique(labels[order], return_index=True)
    rows_of = {int(label): rows for label, rows in zip(names, np.split(order, starts[1:]), strict=True)}
    if len(rows_of) < classes:
        raise InputError(
            f"a batch of {classes} classes x {images} images cannot be made of {len(rows_of)} training classes;"
            " give a smaller --batch-size or a larger --batch-k"
        )
    groups = deque(_deal(rows_of, images, rng))
    batches = []
    while groups:
        batch = _take_distinct(groups, classes)
        for label in rng.permutation(sorted(rows_of)):
            if len(batch) < classes and label not in batch:
                batch[label] = _fill(rows_of[label][:0], rows_of[label], images, rng)
        batches.append(np.concatenate(list(batch.values())))
    return np.stack(batches)


def _deal(rows_of: dict[int, np.ndarray], images: int, rng: np.random.Generator) -> Iterator[Group]:
    """Groups of ``images`` rows; a class comes again only when all classes with rows left have come."""
    shuffled = {label: rng.permutation(rows) for label, rows in rows_of.items()}
    turn = 0
    while left := [label for label, rows in shuffled.items() if turn * images < len(rows)]:
        for label in rng.permutation(left):
            rows = shuffled[label]
            yield int(label), _fill(rows[turn * images : (turn + 1) * images], rows, images, rng)
        turn += 1


def _fill(group: np.ndarray, rows: np.ndarray, images: int, rng: np.random.Generator) -> np.ndarray:
    """``group`` with more of the class's ``rows`` until there are ``images``, each as seldom as possible."""
    while len(group) < images:
        unused = np.setdiff1d(rows, group) if len(group) < len(rows) else rows
        group = np.concatenate([group, rng.permutation(unused)[: images - len(group)]])
    return group


def _take_distinct(groups: deque[Group], classes: int) -> dict[int, np.ndarray]:
    """The next groups of up to ``classes`` different classes, taken out of ``groups``."""
    taken: dict[int, np.ndarray] = {}
    later = []
    while groups and len(taken) < classes:
        label, rows = groups.popleft()
        if label in taken:
            later.append((label, rows))
        else:
            taken[label] = rows
    groups.extendleft(reversed(later))
    return taken


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

    classes, per_class : P and K; a batch has P * K images
    size : of the images that the network sees
    steps : batches an epoch; None: until every image has been seen
    max_bad : share of the training images that may be unreadable; each is named once in the log and another image of
        its class takes its place. Above it, InputError.
    part : (rank, size) of a worker among those that share every batch; it gets its own part of the classes alone
    """

    def __init__(
        self,
        images: ImageSet,
        *,
        classes: int,
        per_class: int,
        size: Size,
        augmentation: decode.Augmentation,
        seed: int = 0,
        steps: int | None = None,
        workers: int = 2,
        max_bad: float = 0.01,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        self._images, self._size, self._augmentation = images, size, augmentation
        self._classes, self._per_class, self._steps = classes, per_class, steps
        self._seed, self._workers, self._max_bad = seed, workers, max_bad
        self._sharers, share = part[1], classes * per_class // part[1]
        self._mine = slice(part[0] * share, (part[0] + 1) * share)
        names, self._labels = np.unique(images.labels[images.train], return_inverse=True)
        self.class_count = len(names)
        self._bad: set[int] = set()
        self._lock = threading.Lock()

    def __str__(self) -> str:
        batch = f"{self._classes} x {self._per_class}" + f", shared by {self._sharers} workers" * (self._sharers > 1)
        return f"{len(self._images.train)} images of {self.class_count} classes in batches of {batch}"

    def epoch(self, number: int) -> Iterator[Batch]:
        """Batches of uint8 images (B, H, W, 3) and labels (B,) float32 in [0, class_count)."""
        plan = self.plan(number)
        items = [
            [(int(i), (self._seed, number, step, slot)) for slot, i in enumerate(batch)][self._mine]
            for step, batch in enumerate(plan)
        ]
        loaded = in_threads(self._load, items, workers=self._workers)
        for batch, pixels in zip(plan[:, self._mine], loaded, strict=True):
            yield Batch(inputs=(nd.array(pixels, dtype="uint8"),), targets=(nd.array(self._labels[batch]),))

    def plan(self, number: int) -> np.ndarray:
        """Positions in the train part, (steps, P * K), of epoch ``number``, those of other workers too."""
        rng = np.random.default_rng((self._seed, number))
        plan = self._plan_once(rng)
        while self._steps and len(plan) < self._steps:
            plan = np.concatenate([plan, self._plan_once(rng)])
        return plan[: self._steps]

    def _plan_once(self, rng: np.random.Generator) -> np.ndarray:
        return plan_epoch(self._labels, classes=self._classes, images=self._per_class, rng=rng)

    def _load(self, position: int, seed: tuple[int, ...]) -> np.ndarray:
        rng = np.random.default_rng(seed)
        image = self._read(position)
        if image is None:
            image = self._read_another(position, rng)
        return decode.augment(image, self._size, self._augmentation, rng)

    def _read(self, position: int) -> np.ndarray | None:
        try:
            return decode.read(self._images, int(self._images.train[position]))
        except InputError as error:
            self._note_bad(position, error)
            return None

    def _read_another(self, position: int, rng: np.random.Generator) -> np.ndarray:
        """The first image of the same class, in an order drawn from ``rng`` alone, that can be read.

        Not by what is known to be unreadable so far: that depends on threads, and is forgotten when a run is killed.
        """
        same = rng.permutation(np.flatnonzero(self._labels == self._labels[position]))
        for other in same:
            image = self._read(int(other))
            if image is not None:
                return image
        name = self._images.class_names[self._images.labels[self._images.train[position]]]
        raise InputError(f"class '{name}': none of its {len(same)} training images can be read; remove the class")

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
