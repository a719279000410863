"""Batches of sketches and photographs: row i of both is of one class."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from embedding.batches import holdout
from embedding.batches.loader import Batch, Batches
from embedding.batches.plan import ByClass, deal_by_class


@dataclass(frozen=True)
class InStep(ByClass):
    """Batches of ``classes`` classes x ``images`` images of one kind, ``steps`` an epoch.

    Two kinds of the same classes, planned with generators of the same seed, have the same classes in the same slots.
    """

    steps: int

    def plan(self, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The rows of one epoch's batches, (steps, classes * images), those of a class side by side; labels (N,).

        Every image of a class comes before one of them comes again.
        """
        names = np.unique(labels)
        dealt = np.stack([rng.permutation(names)[: self.classes] for _ in range(self.steps)])  # first, as of both kinds
        rows = np.empty((*dealt.shape, self.images), np.int64)
        for name in names:
            places = dealt == name
            rows[places] = _turns(np.flatnonzero(labels == name), places.sum() * self.images, rng).reshape(
                -1, self.images
            )
        return rows.reshape(self.steps, -1)


def _turns(rows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """``count`` of the rows: all of them in a random order, again and again."""
    rounds = -(-count // len(rows))
    return np.concatenate([rows[:0], *(rng.permutation(rows) for _ in range(rounds))])[:count]


def hold_out(images: ImageSet, share: float, seed: int) -> ImageSet:
    """The train part split by class: ``share`` of the classes do not train; their sketches ask their photographs."""
    held = holdout.hold_out_classes(images, share, seed)
    asks = held.sketches[held.query]
    return held.with_split(train=held.train, query=held.query[asks], gallery=held.query[~asks])


def deal(training: ImageSet, *, size: int, images: int, devices: int, steps: int | None) -> InStep:
    """Batches of ``size`` sketches, ``images`` of a class, and as many photographs.

    steps : batches an epoch; None: as many as it takes to see as many images as the larger kind has
    Raises InputError where batches cannot be dealt so.
    """
    dealt = deal_by_class(training, size=size, images=images, devices=devices)
    count = np.bincount(training.sketches[training.train].astype(int)).max()
    return InStep(dealt.classes, dealt.images, steps or -(-int(count) // dealt.size))


class SketchBatches:
    """Batches of the sketches and photographs of a train part, the same ones for the same seed and epoch.

    make : makes the batches of one kind, told the set whose train part is of that kind alone
    Raises InputError where a class that trains has one kind alone.
    """

    def __init__(self, images: ImageSet, make: Callable[[ImageSet], Batches]) -> None:
        self.images = images
        kind = images.sketches[images.train]
        self._kinds = tuple(make(_only(images, images.train[chosen])) for chosen in (kind, ~kind))
        alone = np.setxor1d(*(images.labels[images.train[chosen]] for chosen in (kind, ~kind)))
        if len(alone):
            line = f"class '{images.class_names[alone[0]]}' trains by one kind alone ({len(alone)} such)"
            raise InputError(f"dataset {images.name}: {line}; give it sketches and photographs")

    def __str__(self) -> str:
        return "sketches and photographs: " + ", and ".join(map(str, self._kinds))

    @property
    def batch_size(self) -> int:
        """Sketches in a batch."""
        return self._kinds[0].batch_size

    def epoch(self, number: int) -> Iterator[Batch]:
        """Batches of sketches and photographs, uint8 (B, H, W, 3) or features (B, C), and float32 labels (B,)."""
        for asking, answering in zip(*(kind.epoch(number) for kind in self._kinds), strict=True):
            labels = asking.targets[0]
            if (labels != answering.targets[0]).sum().asscalar():
                line = "all sketches or all photographs of a class cannot be read; mend them, or remove the class"
                raise InputError(f"dataset {self.images.name}: {line}")
            yield Batch(inputs=(*asking.inputs, *answering.inputs), targets=(labels,))


def _only(images: ImageSet, rows: np.ndarray) -> ImageSet:
    return images.with_split(train=rows, query=images.query, gallery=images.gallery)
