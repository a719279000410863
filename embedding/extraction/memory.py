"""Pictures to vectors that are all held in memory: those of one part of a set, or of a search."""

from collections.abc import Callable

import numpy as np
from tqdm import tqdm

from datasets.images.base import ImageSet, Size
from datasets.images.pixels import Unreadable
from datasets.images.skipped import Skipped
from embedding.batches import decode
from embedding.engine import base
from embedding.extraction.stream import Loaded, Made, stream


def vectors(
    engine: Callable[[np.ndarray], np.ndarray],
    images: ImageSet,
    rows: np.ndarray,
    *,
    size: Size,
    resize: str = "crop",
    batch_size: int = 64,
    workers: int = 2,
    progress: bool = False,
    mirror: bool = False,
    skipped: Skipped | None = None,
) -> np.ndarray:
    """What ``engine`` makes of the images ``rows``, (R, D) float32.

    engine : an Engine, or what computes like one
    size, resize : as in ``decode.fit``; at their own proportions it sees each image alone
    batch_size : images that it sees at once, or as many as there are
    mirror : look at the mirror images
    skipped : where an image that cannot be read is noted; its row is NaN. None: it is an error, Unreadable
    """
    sides = decode.sides(size)
    room, least = (None, base.smallest(engine)) if resize == decode.OWN else (sides, 0)

    def load(row: int) -> Loaded:
        try:
            pixels = decode.read_fitted(images, row, sides, resize=resize, least=least)
        except Unreadable as error:
            return Loaded(error)
        return Loaded(pixels[:, ::-1] if mirror else pixels)

    at_once = min(batch_size, len(rows))  # a batch is filled up: one image is not to cost 64
    batches = ([int(row) for row in rows[i : i + at_once]] for i in range(0, len(rows), at_once))
    parts = []
    with tqdm(total=len(rows), desc="extract", unit="image", disable=not progress, leave=False) as bar:
        for made in stream(engine, load, batches, size=room, batch_size=at_once, workers=workers):
            _note(made, skipped)
            parts.append(made.vectors)
            bar.update(len(made.vectors))
    return np.concatenate(parts)


def _note(made: Made, skipped: Skipped | None) -> None:
    """Note in ``skipped`` what of a batch cannot be read; raises it where there is no such place."""
    if skipped is not None:
        made.note(skipped)
    elif made.unreadable:
        raise next(iter(made.unreadable.values()))
