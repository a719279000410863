"""A picture that asks, or a part of it: as extraction sees pictures, decoded no larger than needed."""

import cv2
import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images import pixels
from datasets.images.base import ImageSet
from embedding.batches import asking, decode


@pytest.fixture(scope="module")
def photograph() -> bytes:
    small = np.random.default_rng(0).integers(0, 256, (9, 12, 3), np.uint8)
    return cv2.imencode(".jpg", cv2.resize(small, (1600, 1200), interpolation=cv2.INTER_CUBIC))[1].tobytes()


def of_set(data: bytes, size, resize, box=None):
    row = np.zeros(1, np.int64)
    boxes = None if box is None else np.array([box], np.float32)
    images = ImageSet("x", ("x.jpg",), row, ("x",), row[:0], row, row, boxes=boxes)
    return decode.read_fitted(images, 0, size, resize=resize, fetched=data).astype(int)


@pytest.mark.parametrize("resize", ["crop", "stretch", "own"])
def test_the_whole_is_what_a_set_has(photograph, resize):
    found = asking.fitted(photograph, "x.jpg", (64, 64), resize=resize)
    np.testing.assert_array_equal(found, of_set(photograph, (64, 64), resize))


@pytest.mark.parametrize("resize", ["crop", "stretch", "own"])
def test_a_part_is_what_a_box_of_a_set_has_and_decoded_smaller(photograph, resize, monkeypatch):
    seen, real = [], pixels.decode_reduced
    monkeypatch.setattr(asking.pixels, "decode_reduced", lambda *given: seen.append(given[2]) or real(*given))
    found = asking.fitted(photograph, "x.jpg", (64, 64), resize=resize, part=(0.25, 0.5, 0.5, 0.25))
    (enough,) = seen
    assert real(photograph, "x.jpg", enough)[1] > 1
    expected = of_set(photograph, (64, 64), resize, box=(400, 600, 800, 300))
    assert found.shape == expected.shape and np.abs(found - expected).mean() < 3


@pytest.mark.parametrize(
    "part", [(0, 0, 0, 1), (1, 0, 1, 1), (0, -0.1, 1, 1), (float("nan"), 0, 1, 1), (0, 0, 1e-9, 1)]
)
def test_what_is_no_part(photograph, part):
    with pytest.raises(InputError, match="crop"):
        asking.fitted(photograph, "x.jpg", (64, 64), resize="crop", part=part)


def test_a_part_that_the_network_cannot_take(photograph):
    with pytest.raises(InputError, match="draw a larger one"):
        asking.fitted(photograph, "x.jpg", (640, 640), resize="own", part=(0, 0, 0.01, 0.01), least=32)
    with pytest.raises(pixels.Unreadable, match="none of less than 90"):
        asking.fitted(photograph, "x.jpg", (64, 64), resize="own", least=90)
