"""What tests of extraction share: pictures on disk, a network that anybody can compute, and a job over them."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.images.base import ImageSet
from embedding.engine.base import Facts
from embedding.extraction.begin import begin

SIZE = (8, 6)


class Means:
    """An engine of three numbers a picture, the means of red, green and blue; or of eight, above 0 beyond 60."""

    name = "means"

    def __init__(self, *, network: str = "a", codes: bool = False) -> None:
        self.facts = Facts(network, "means", SIZE, "stretch", 8 if codes else 3, codes)

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        found = pixels.reshape(len(pixels), -1, 3).mean(axis=1, dtype=np.float32)
        return np.tile(found - 60, 3)[:, :8] if self.facts.codes else found


def pictures(folder: Path, count: int, *, broken: tuple[int, ...] = ()) -> ImageSet:
    """Pictures 0.png, 1.png, ..., each of one colour."""
    folder.mkdir(exist_ok=True)
    for i in range(count):
        path = folder / f"{i}.png"
        path.write_bytes(b"no picture") if i in broken else cv2.imwrite(str(path), np.full((9, 7, 3), (9, i, 50), "u1"))
    rows = np.arange(count)
    paths = [str(folder / f"{i}.png") for i in range(count)]
    return ImageSet("drawn", paths, 0 * rows, ("image",), rows[:0], rows, rows)


@pytest.fixture
def job_of(tmp_path):
    """Makes the job of turning all pictures of a set into vectors."""

    def make(images: ImageSet, **how):
        how = {"size": SIZE, "resize": "stretch", "batch_size": 4, "piece": 8, "opener": Means} | how
        return begin(tmp_path / "out.pieces", images, images.query, **how)

    return make


def means(images: ImageSet, rows=None) -> np.ndarray:
    """What a job over the pictures is to give, computed one by one, at unit length."""
    colours = [(50.0, row, 9.0) for row in (images.query if rows is None else rows)]
    return np.array(colours) / np.linalg.norm(colours, axis=1, keepdims=True)


codes = partial(Means, codes=True)
