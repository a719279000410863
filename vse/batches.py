"""Caption set to training batches: images or their features, captions as padded numbers, and their lengths."""

from collections.abc import Iterator, Sequence

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet, Size
from datasets.images.pixels import Unreadable
from datasets.images.skipped import Skipped
from embedding.batches import decode
from embedding.batches.ahead import in_threads
from embedding.batches.loader import Batch
from embedding.mx import nd
from vse.padding import padded

_POOL = 20  # batches whose captions are sorted by length together


def plan_by_length(lengths: np.ndarray, size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Batches of ``size`` captions, by position, in which captions are about as long; every caption is in one.

    Captions are shuffled and sorted within pools of some batches, so that no two epochs have the same batches. A few,
    too few for a batch and others in every epoch, are left out.
    """
    order = rng.permutation(len(lengths))
    order = order[: len(order) - len(order) % size]  # before they are sorted: the longest ones are to be seen too
    batches = []
    for start in range(0, len(order), _POOL * size):
        pool = order[start : start + _POOL * size]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches += [pool[i : i + size] for i in range(0, len(pool), size)]
    for which in rng.permutation(len(batches)):
        yield batches[which]


class KeptFeatures:
    """Features (N, V, C) of all images of a set, extracted before, of V views: of an image and its mirror image two.

    Those asked for are of images that could be read.
    """

    def __init__(self, features: np.ndarray) -> None:
        self._features = features

    def stream(self, plan: Sequence[np.ndarray], seed: tuple[int, ...]) -> Iterator[Sequence[np.ndarray]]:
        """The features (B, C) of each batch of rows in ``plan``, each of a view at random."""
        rng = np.random.default_rng(seed)
        for rows in plan:
            yield self._features[rows, rng.integers(self._features.shape[1], size=len(rows))]


class Pixels:
    """Images of a set, decoded and augmented in threads ahead of the trainer.

    size : of the images that the network sees
    skipped : where images that cannot be read are noted
    """

    def __init__(
        self,
        images: ImageSet,
        *,
        size: Size,
        augmentation: decode.Augmentation,
        workers: int = 2,
        skipped: Skipped | None = None,
    ) -> None:
        self._images, self._size, self._augmentation, self._workers = images, size, augmentation, workers
        self._skipped = Skipped(len(images)) if skipped is None else skipped

    def stream(self, plan: Sequence[np.ndarray], seed: tuple[int, ...]) -> Iterator[list[np.ndarray | None]]:
        """The images of each batch of rows in ``plan`` as ``load`` gives them, other crops for every ``seed``."""
        items = [[(int(row), (*seed, step, slot)) for slot, row in enumerate(rows)] for step, rows in enumerate(plan)]
        for loaded in in_threads(self.load, items, workers=self._workers):
            self._skipped.look(len(loaded))
            yield loaded

    def load(self, row: int, seed: tuple[int, ...]) -> np.ndarray | None:
        """A crop (H, W, 3) uint8 of the image ``row``; None where it cannot be read."""
        try:
            image = decode.read(self._images, row, at_least=decode.enough(self._size, self._augmentation))
        except Unreadable as error:
            self._skipped.add(error)
            return None
        return decode.augment(image, self._size, self._augmentation, np.random.default_rng(seed))


class CaptionBatches:
    """Batches of captions with their images, the same ones for the same seed and epoch.

    images : of the whole set, or their features
    sentences : the training captions as numbers; image_of : (C,) the row of each one's image
    word_dropout : share of the words that an epoch replaces by ``unknown``
    """

    def __init__(
        self,
        images: KeptFeatures | Pixels,
        sentences: Sequence[Sequence[int]],
        image_of: np.ndarray,
        *,
        size: int,
        unknown: int,
        word_dropout: float = 0.0,
        seed: int = 0,
    ) -> None:
        self._images, self._sentences, self._image_of = images, sentences, image_of
        self._numbers = np.unique(image_of, return_inverse=True)[1]
        self._lengths = np.array([len(sentence) for sentence in sentences])
        self._size, self._seed = min(size, len(sentences)), seed
        self._unknown, self._word_dropout = unknown, word_dropout

    def __str__(self) -> str:
        images = int(self._numbers.max()) + 1
        return f"{len(self._sentences)} captions of {images} images in batches of {self._size}"

    def epoch(self, number: int) -> Iterator[Batch]:
        """Batches of images or features, words (B, T), lengths (B,), and numbers (B,) of images from 0 on."""
        rng = np.random.default_rng((self._seed, number))
        plan = list(plan_by_length(self._lengths, self._size, rng))
        images = self._images.stream([self._image_of[batch] for batch in plan], (self._seed, number))
        for step, (planned, found) in enumerate(zip(plan, images, strict=True)):
            batch, loaded = self._filled(planned, found, (self._seed, number, step))
            shown = nd.array(np.stack(loaded), dtype=loaded[0].dtype)
            words, lengths = padded([self._sentences[i] for i in batch])
            words[(rng.random(words.shape) < self._word_dropout) & _inner(words, lengths)] = self._unknown
            yield Batch(inputs=(shown, nd.array(words), nd.array(lengths)), targets=(nd.array(self._numbers[batch]),))

    def _filled(
        self, batch: np.ndarray, loaded: Sequence[np.ndarray | None], seed: tuple[int, ...]
    ) -> tuple[np.ndarray, Sequence[np.ndarray]]:
        """The captions ``batch`` and their images, others in place of those whose image cannot be read."""
        lost = [slot for slot, image in enumerate(loaded) if image is None]
        if not lost:
            return batch, loaded
        batch, loaded = batch.copy(), list(loaded)
        for slot in lost:
            batch[slot], loaded[slot] = self._another(batch, (*seed, slot))
        return batch, loaded

    def _another(self, batch: np.ndarray, seed: tuple[int, ...]) -> tuple[int, np.ndarray]:
        """A caption whose image can be read, and that; of an image that is not in the ``batch`` where there is one."""
        order = np.random.default_rng(seed).permutation(len(self._sentences))
        images = self._image_of[order]
        order = order[np.argsort(np.isin(images, self._image_of[batch]), kind="stable")]
        for caption in order.tolist():
            image = self._images.load(int(self._image_of[caption]), seed)
            if image is not None:
                return caption, image
        raise InputError(f"none of the images of {len(order):,} training captions can be read; mend them")


def _inner(words: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Where there are words, not the start or the end of a caption or padding."""
    place = np.arange(words.shape[1])
    return (place > 0) & (place < lengths[:, None] - 1)
