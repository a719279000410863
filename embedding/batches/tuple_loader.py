"""The tuples of an epoch as training batches: mined with the network as it is, decoded ahead of the trainer."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.pixels import Unreadable
from datasets.images.skipped import Skipped
from embedding.batches import shapes
from embedding.batches.ahead import in_threads
from embedding.batches.loader import Batch
from embedding.batches.tuples import draw, hardest
from embedding.mx import nd

# Makes unit rows (n, D) of uint8 images (n, H, W, 3).
Network = Callable[[np.ndarray], np.ndarray]

_AT_ONCE = 64  # images that are looked at together in mining


class TupleBatches:
    """Batches of tuples of an image set's train part, the same ones for the same seed, epoch and network.

    network : what the network, as it is then, makes of uint8 images (n, H, W, 3): unit rows (n, D)
    side : longest side of the images that the network trains on
    queries, pool, negatives : of an epoch; of an epoch; of a tuple
    size : tuples in a batch; a step of training takes them ``at_once`` and then updates the weights after as many
        batches as ``every`` says
    skipped : where images that cannot be read are noted; their tuples are left out
    """

    def __init__(
        self,
        images: ImageSet,
        network: Network,
        *,
        side: int,
        seed: int,
        queries: int,
        pool: int,
        negatives: int,
        size: int,
        at_once: int,
        every: int = 1,
        workers: int = 2,
        skipped: Skipped | None = None,
    ) -> None:
        self._images, self._network, self._side = images, network, side
        self._how = {"seed": seed, "queries": queries, "pool": pool}
        self._negatives, self._size, self._at_once, self._every = negatives, size, at_once, every
        self._workers, self._together = workers, isinstance(images.images, np.ndarray)  # of one shape
        self._skipped = Skipped(len(images)) if skipped is None else skipped
        names, numbers = np.unique(images.labels[images.train], return_inverse=True)
        self.class_count = len(names)
        self._numbers = np.zeros(len(images), np.int64)
        self._numbers[images.train] = numbers  # labels in [0, class_count)

    def __str__(self) -> str:
        tuples = f"{self._size} x (1 + 1 + {self._negatives})"
        return f"{len(self._images.train)} images of {self.class_count} instances in batches of {tuples}"

    @property
    def images(self) -> ImageSet:
        """The set whose train part they are of."""
        return self._images

    @property
    def batch_size(self) -> int:
        """Images in a batch."""
        return self._size * (2 + self._negatives)

    def epoch(self, number: int) -> Iterator[Batch]:
        """Batches of images in groups of one shape, each (n, H, W, 3) uint8, tuple by tuple, and labels (B,)."""
        held = None
        for batch, ends in self._seen(number):
            if held is not None and batch is not None:
                yield held
            held = batch or held
            if ends and held is not None:  # where all that was to end the step is left out, what came before ends it
                yield replace(held, ends_step=True)
                held = None

    def _seen(self, number: int) -> Iterator[tuple[Batch | None, bool]]:
        """The batches of an epoch, None where no tuple can be read, and whether a step ends with them."""
        parts = self._parts(self.mine(number))
        items = [[(int(row),) for row in part.ravel()] for part, _ in parts]
        for (part, ends), pictures in zip(parts, in_threads(self._read, items, workers=self._workers), strict=True):
            self._skipped.look(len(pictures))
            whole = np.array([picture is not None for picture in pictures]).reshape(part.shape).all(axis=1)
            seen = [picture for picture, kept in zip(pictures, whole.repeat(part.shape[1]), strict=True) if kept]
            yield self._batch(part[whole], seen) if seen else None, ends

    def _parts(self, tuples: np.ndarray) -> list[tuple[np.ndarray, bool]]:
        """The tuples that come at once, (t, 2 + n) rows, and whether a step ends with them."""
        found, step = [], self._size * self._every
        for begin in range(0, len(tuples), step):
            of_step = tuples[begin : begin + step]
            pieces = [
                piece[i : i + self._at_once]
                for piece in np.split(of_step, range(self._size, len(of_step), self._size))
                for i in range(0, len(piece), self._at_once)
            ]
            found += [(piece, False) for piece in pieces[:-1]] + [(pieces[-1], True)]
        return found

    def _batch(self, rows: np.ndarray, pictures: list[np.ndarray]) -> Batch:
        groups = shapes.groups(pictures, together=self._together)
        labels = nd.array(self._numbers[rows.ravel()])
        inputs = tuple(nd.array(group, dtype="uint8") for group in groups)
        return Batch(inputs, targets=(labels,), ends_step=False)

    def mine(self, number: int) -> np.ndarray:
        """The tuples of an epoch, (T, 2 + n) rows, mined with the network as it is now."""
        drawn = draw(self._images, epoch=number, **self._how)
        rows, places = np.unique(np.concatenate([drawn.pairs[:, 0], drawn.pool]), return_inverse=True)
        vectors = self.vectors(rows)  # of a query that is in the pool once
        asks, answers = np.split(vectors[places], [len(drawn.pairs)])
        readable = ~np.isnan(asks).any(axis=1)
        pairs = drawn.pairs[readable]
        try:
            negatives = hardest(
                asks[readable],
                self._numbers[pairs[:, 0]],
                answers,
                self._numbers[drawn.pool],
                count=self._negatives,
            )
        except ValueError as error:
            raise InputError(
                f"--neg-num={self._negatives}: {error}; give fewer, or a larger --pool-size={len(drawn.pool)}"
            ) from None
        return np.concatenate([pairs, drawn.pool[negatives]], axis=1)

    def vectors(self, rows: np.ndarray, network: Network | None = None) -> np.ndarray:
        """What the ``network``, that in training if not given, makes of the images ``rows``, seen as in training.

        (R, D); NaN for what cannot be read
        """
        made_by = network or self._network
        items = [[(int(row),) for row in rows[i : i + _AT_ONCE]] for i in range(0, len(rows), _AT_ONCE)]
        made = [self._made(pictures, made_by) for pictures in in_threads(self._read, items, workers=self._workers)]
        self._skipped.look(len(rows))
        dim = max(block.shape[1] for block in made)
        return np.concatenate([block if block.shape[1] else np.full((len(block), dim), np.nan) for block in made])

    def _made(self, pictures: list[np.ndarray | None], network: Network) -> np.ndarray:
        """The vectors of a block of pictures; of width 0 where none can be read."""
        there = [place for place, picture in enumerate(pictures) if picture is not None]
        if not there:
            return np.empty((len(pictures), 0), np.float32)
        groups = shapes.groups([pictures[place] for place in there], together=self._together)
        rows = np.concatenate([network(group) for group in groups])
        found = np.full((len(pictures), rows.shape[1]), np.nan, np.float32)
        found[there] = rows
        return found

    def _read(self, row: int) -> np.ndarray | None:
        try:
            return shapes.read(self._images, row, self._side)
        except Unreadable as error:
            self._skipped.add(error)
            return None
