"""The plan of an epoch: which images come together in a batch, a few of each class or drawn at random."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet

Group = tuple[int, np.ndarray]  # a class, and rows of it


@dataclass(frozen=True)
class ByClass:
    """Batches of ``classes`` classes x ``images`` images."""

    classes: int
    images: int

    def __str__(self) -> str:
        return f"{self.classes} x {self.images}"

    @property
    def size(self) -> int:
        """Images in a batch."""
        return self.classes * self.images

    def plan(self, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The rows of one epoch's batches, (steps, classes * images); labels (N,). See ``plan_epoch``."""
        return plan_epoch(labels, classes=self.classes, images=self.images, rng=rng)


@dataclass(frozen=True)
class AtRandom:
    """Batches of ``size`` images, whatever their labels."""

    size: int

    def __str__(self) -> str:
        return f"{self.size} at random"

    def plan(self, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The rows of one epoch's batches, (steps, size): every image once, and others again to fill the last batch."""
        count = len(labels)
        if count < self.size:
            raise InputError(f"a batch of {self.size} images cannot be made of {count}; give a smaller --batch-size")
        steps = -(-count // self.size)
        order = rng.permutation(count)
        again = rng.permutation(order[: (steps - 1) * self.size])[: steps * self.size - count]  # none twice in a batch
        return np.concatenate([order, again]).reshape(steps, self.size)


def deal_at_random(count: int, *, size: int, devices: int, what: str = "images") -> AtRandom:
    """Batches of ``size``, or of all where there are fewer, of a train part of ``count``; ``what`` they are.

    Raises InputError where the devices cannot share a batch, 2 or more to each.
    """
    dealt = min(size, count)
    if dealt < 2 * devices or dealt % devices:
        wrong = f"a batch of {dealt} {what} cannot be dealt evenly to {devices} device(s), 2 or more to each"
        raise InputError(f"--batch-size={size}: {wrong}; change it, or take fewer devices")
    return AtRandom(dealt)


def deal_by_class(training: ImageSet, *, size: int, images: int, devices: int) -> ByClass:
    """Batches of ``size`` images, so many of a class, of the train part; smaller ones where it has fewer classes.

    devices : over all workers, which share a batch by whole classes. Raises InputError where they cannot.
    """
    classes, rest = divmod(size, images)
    if rest or images < 2 or classes < 2:
        raise InputError(
            f"--batch-size={size} --batch-k={images}: a batch must hold at least 2 classes"
            " and the same number of images, at least 2, of each"
        )
    classes = min(classes, len(np.unique(training.labels[training.train])))
    if classes < 2:
        raise InputError(f"dataset {training.name} has one training class, and none to tell it from: add classes")
    if classes % devices or classes < 2 * devices:
        what = f"a batch of {classes} classes cannot be dealt evenly to {devices} devices, 2 or more to each"
        raise InputError(f"--batch-size={size}: {what}; change it or --batch-k, or take fewer devices")
    return ByClass(classes, images)


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
