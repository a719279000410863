"""Pictures of their own sizes: each alone, whatever stands beside it, is skipped or was made before."""

from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.pixels import Unreadable
from datasets.images.skipped import Skipped
from embedding.batches import decode
from embedding.engine.base import Facts
from embedding.extraction import join, memory, pieces, run
from embedding.extraction.pieces import Span

COUNT, BROKEN, MOST = 21, (0, 9), 40


class Sizes:
    """An engine of a picture's sides and mean, that takes nothing of less than ``least`` pixels."""

    name = "sizes"

    def __init__(self, least: int = 1, *, network: str = "a") -> None:
        self.facts, self._least = Facts(network, "sizes", (16, 16), "crop", 3), least

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        (count, high, wide), mean = pixels.shape[:3], pixels.mean(axis=(1, 2, 3), dtype=np.float32)
        if min(high, wide) < self._least:
            raise RuntimeError("too small")
        return np.stack([np.full(count, high), np.full(count, wide), mean], axis=1).astype(np.float32)


@pytest.fixture
def images(tmp_path) -> ImageSet:
    """Pictures of many sizes, large and small; two are none."""
    rng = np.random.default_rng(0)
    for row in range(COUNT):
        path = tmp_path / f"{row}.png"
        shape = (1 + row * 3, 60 - 2 * row, 3)
        path.write_bytes(b"no") if row in BROKEN else cv2.imwrite(str(path), rng.integers(0, 256, shape, np.uint8))
    rows = np.arange(COUNT)
    return ImageSet("drawn", [str(tmp_path / f"{i}.png") for i in rows], 0 * rows, ("image",), rows[:0], rows, rows)


def own(images: ImageSet) -> np.ndarray:
    """What a network is to see, computed one by one, NaN where there is nothing."""
    found = np.full((len(images), 3), np.nan, np.float32)
    for row in range(len(images)):
        if row not in BROKEN:
            found[row] = Sizes()(decode.fit(decode.read(images, row), MOST, resize="own")[None])[0]
    return found


HOW = {"opener": Sizes, "size": (MOST, MOST), "resize": "own"}


def test_in_memory(images):
    for batch_size in (1, 4, 64):
        skipped = Skipped(COUNT)
        found = memory.vectors(
            Sizes(), images, np.arange(COUNT), size=MOST, resize="own", batch_size=batch_size, skipped=skipped
        )
        np.testing.assert_array_equal(found, own(images))
        assert len(skipped) == len(BROKEN)


def test_a_batch_of_nothing_but_broken_ones_has_rows_of_the_same_size(images):
    found = memory.vectors(
        Sizes(), images, np.array([0, 9, 5]), size=MOST, resize="own", batch_size=2, skipped=Skipped(COUNT)
    )
    np.testing.assert_array_equal(found, own(images)[[0, 9, 5]])


def test_a_job_however_it_is_cut(images, job_of):
    job = job_of(images, **HOW)
    for span in (Span(0, 3), Span(3, 8), Span(8, 16), Span(16, 21)):
        list(pieces.make(job, [span]))
    found, wanted = join.into_memory(job), own(images)
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    np.testing.assert_array_equal(found, wanted)


def test_a_job_goes_on(images, job_of, monkeypatch):
    monkeypatch.setattr(pieces.contents, "changed", lambda path: 0.0)
    job = job_of(images, **HOW)
    list(pieces.make(job, pieces.missing(job)[:1]))
    seen = []
    monkeypatch.setattr(
        Sizes, "each", lambda self, several: (seen.extend(several), np.ones((len(several), 3)))[1], False
    )
    run.here(job_of(images, **HOW), Skipped(COUNT))
    assert len(seen) == COUNT - 8 - 1  # of the first piece none, of the others all but a broken one


def test_what_is_too_small_is_skipped_and_says_why(images, job_of):
    job = job_of(images, **HOW | {"opener": partial(Sizes, 16)})
    assert job.least == 16
    reason = job.load(2).pixels
    assert isinstance(reason, Unreadable) and "is 40 x 5 pixels, and the network takes none of less" in reason.reason
    assert job.load(8).pixels.shape == (23, 40, 3)


def test_a_network_that_takes_none_of_the_size_is_told(images, job_of):
    with pytest.raises(InputError, match="cannot take images of 40 pixels; give a larger --image-size"):
        job_of(images, **HOW | {"opener": partial(Sizes, 50)})


def test_boxes_of_queries_are_part_of_the_job(images, job_of):
    boxes = np.full((COUNT, 4), np.nan, np.float32)
    boxes[5] = 2, 3, 10, 8
    job = job_of(replace(images, boxes=boxes), **HOW)
    assert job.load(5).pixels.shape == (6, 8, 3)  # 10 x 8 of 50 x 16, at 40 for 50
    assert job.load(6).pixels.shape == (16, 40, 3)
