"""ImageSet to training batches, decoded and augmented in threads ahead of the trainer."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet, Size
from datasets.images.pixels import Unreadable
from datasets.images.skipped import Skipped
from datasets.relevance import relevant
from embedding.batches import decode
from embedding.batches.ahead import in_threads
from embedding.batches.plan import AtRandom, ByClass
from embedding.mx import nd

Found = tuple[np.ndarray, int]  # an image, and its position in the train part


@dataclass(frozen=True)
class Batch:
    """What one training step sees, or a part of it: ``loss(*net(*inputs), *targets)``.

    ends_step : whether the weights change after it; where not, its gradients are added to those of the next
    """

    inputs: tuple[nd.NDArray, ...]
    targets: tuple[nd.NDArray, ...]
    ends_step: bool = True


class Batches:
    """The training batches of an image set's train part, the same ones for the same seed and epoch.

    deal : how an epoch's images are dealt into batches: so many classes with so many images each, or at random
    size : of the images that the network sees
    steps : batches an epoch; None: until every image has been seen
    skipped : where images that cannot be read are noted; another image of its class takes the place of one, and where
        its class has none, another class
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
        skipped: Skipped | None = None,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        self._images, self._size, self._augmentation = images, size, augmentation
        self._deal, self._steps = deal, steps
        self._seed, self._workers = seed, workers
        self._skipped = Skipped(len(images)) if skipped is None else skipped
        self._sharers, share = part[1], deal.size // part[1]
        self._mine = slice(part[0] * share, (part[0] + 1) * share)
        self._labels, self.class_count = _from_0(images.labels[images.train])

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
        for step, (batch, found) in enumerate(zip(plan, loaded, strict=True)):
            pixels, positions = zip(*self._fill(found, batch, (self._seed, number, step)), strict=True)
            self._skipped.look(len(pixels))
            yield self._batch(nd.array(np.stack(pixels), dtype="uint8"), np.array(positions))

    def _batch(self, seen: nd.NDArray, positions: np.ndarray) -> Batch:
        """What is ``seen`` of the images at ``positions`` of the train part, with their labels."""
        return Batch(inputs=(seen,), targets=(nd.array(self._labels[positions]),))

    def plan(self, number: int) -> np.ndarray:
        """Positions in the train part, (steps, B), of epoch ``number``, those of other workers too."""
        rng = np.random.default_rng((self._seed, number))
        plan = self._deal.plan(self._labels, rng)
        while self._steps and len(plan) < self._steps:
            plan = np.concatenate([plan, self._deal.plan(self._labels, rng)])
        return plan[: self._steps]

    def _load(self, position: int, seed: tuple[int, ...]) -> Found | None:
        rng = np.random.default_rng(seed)
        found = self._find(position, rng)
        return found and (decode.augment(found[0], self._size, self._augmentation, rng), found[1])

    def _find(self, position: int, rng: np.random.Generator) -> Found | None:
        """The image at ``position``, or else another of its class, or with a concept in common, that can be read.

        They are tried in an order from ``rng``, not by what is known to be unreadable so far: that depends on threads,
        and is forgotten when a run is killed.
        """
        image = self._read(position)
        if image is not None:
            return image, position
        for other in rng.permutation(np.flatnonzero(relevant(self._labels, self._labels[position]))).tolist():
            image = self._read(other)
            if image is not None:
                return image, other
        return None

    def _read(self, position: int) -> np.ndarray | None:
        try:
            at_least = decode.enough(self._size, self._augmentation)
            return decode.read(self._images, int(self._images.train[position]), at_least=at_least)
        except Unreadable as error:
            self._skipped.add(error)
            return None

    def _fill(self, loaded: list[Found | None], plan: np.ndarray, seed: tuple[int, ...]) -> list[Found]:
        """``loaded`` with other images, of a class that is not in the ``plan`` of the batch, for a class without any.

        plan : (B,) positions, those of other workers too; ``loaded`` is of this one's. Where no other class can be
        read, one stands in the batch twice.
        """
        mine = plan[self._mine]
        while lost := [slot for slot, found in enumerate(loaded) if found is None]:
            rng = np.random.default_rng((*seed, self._mine.start + lost[0]))
            others = self._another_class(plan, rng)
            same = (self._labels[mine[lost]] == self._labels[mine[lost[0]]]).reshape(len(lost), -1).all(axis=1)
            for slot, other in zip(np.array(lost)[same].tolist(), itertools.cycle(others), strict=False):
                loaded[slot] = self._load(other, (*seed, self._mine.start + slot))
        return loaded

    def _another_class(self, plan: np.ndarray, rng: np.random.Generator) -> list[int]:
        """Positions of a class that has an image that can be read, one that is not in the ``plan`` before others.

        Of images with several concepts it is one. Raises InputError where there is none.
        """
        order = rng.permutation(len(self._labels))
        if not self._images.several_labels:
            order = order[np.argsort(np.isin(self._labels[order], self._labels[plan]), kind="stable")]
        for position in order.tolist():
            if self._find(position, rng):
                same = self._labels == self._labels[position]
                return [position] if same.ndim == 2 else rng.permutation(np.flatnonzero(same)).tolist()
        count = len(order)
        raise InputError(f"dataset {self._images.name}: none of {count:,} training images can be read; mend them")


def _from_0(labels: np.ndarray) -> tuple[np.ndarray, int]:
    """Labels in [0, classes) and the number of classes; of several concepts an image, those and their number."""
    if labels.ndim == 2:
        return labels, labels.shape[1]
    names, numbers = np.unique(labels, return_inverse=True)
    return numbers, len(names)
