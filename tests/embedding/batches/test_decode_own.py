"""Images at their own proportions: as Pillow's thumbnail has them, never enlarged, crops scaled as the whole."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from datasets.images.base import ImageSet
from datasets.images.pixels import Unreadable
from datasets.images.truth import Truth
from embedding.batches import decode

NONE = np.zeros(0, np.int64)


def image_set(*images, boxes=None) -> ImageSet:
    rows = np.arange(len(images))
    return ImageSet("some", list(images), 0 * rows, ("one",), NONE, rows, rows, boxes=boxes)


def drawn(height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(height * width)
    rough = rng.integers(0, 256, (max(1, height // 8), max(1, width // 8), 3), np.uint8)
    return cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize(
    "size", [(300, 200), (200, 300), (333, 100), (100, 333), (4000, 40), (40, 4000), (1, 500), (500, 1), (99, 99)]
)
@pytest.mark.parametrize("most", [1, 7, 64, 99, 100])
def test_an_image_is_that_of_pillow_s_thumbnail(size, most):
    image = drawn(*size)
    other = Image.fromarray(image)
    other.thumbnail((most, most), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(decode.fit(image, most, resize="own"), np.asarray(other))


@pytest.mark.parametrize("size", [(30, 20), (64, 64), (1, 1), (64, 3)])
def test_no_image_is_enlarged(size):
    image = drawn(*size)
    assert decode.fit(image, 64, resize="own") is image


def test_a_box_is_scaled_as_the_whole_would_be():
    whole = drawn(400, 800)
    boxes = np.array([[100, 50, 400, 300], [np.nan] * 4, [700, 0, 500, 90], [-9, 399, 12, 50]], np.float32)
    images = image_set(*[whole] * 4, boxes=boxes)
    sizes = [decode.read_fitted(images, row, 200, resize="own").shape[:2] for row in range(4)]
    assert sizes == [(75, 100), (100, 200), (23, 25), (1, 1)]
    crop = Image.fromarray(whole[50:350, 100:500])
    crop.thumbnail((100, 100), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(decode.read_fitted(images, 0, 200, resize="own"), np.asarray(crop))
    kept = decode.read_fitted(images, 0, 1000, resize="own")
    np.testing.assert_array_equal(kept, whole[50:350, 100:500])


def test_a_box_outside_is_told():
    images = image_set(drawn(40, 80), boxes=np.array([[90, 0, 10, 10]], np.float32))
    with pytest.raises(Unreadable, match="holds none of its 80 x 40 pixels"):
        decode.read_fitted(images, 0, 20, resize="own")


def test_queries_are_cropped_to_the_boxes_of_the_truth_and_nothing_else_is():
    rows = tuple(np.array([0]) for _ in range(2))
    none = tuple(NONE for _ in range(2))
    truth = Truth("revisited", rows, none, none, np.array([[1, 2, 3, 4], [np.nan] * 4], np.float32))
    images = replace(image_set(*[drawn(40, 80)] * 3), query=np.array([2, 1]), gallery=np.array([0]), truth=truth)
    assert [decode.read(images, row).shape[:2] for row in range(3)] == [(40, 80), (40, 80), (4, 3)]
    assert images.boxes is None


@pytest.mark.parametrize(
    "size, most, decoded",
    [
        ((640, 960), 160, (160, 240)),
        ((640, 960), 161, (320, 480)),
        ((960, 640), 160, (240, 160)),
        ((640, 960), 700, (640, 960)),
    ],
)
def test_a_jpeg_is_decoded_no_larger_than_it_takes(tmp_path, monkeypatch, size, most, decoded):
    cv2.imwrite(str(tmp_path / "a.jpg"), drawn(*size))
    shapes, decode_reduced = [], decode.pixels.decode_reduced

    def read(*given):
        image, by = decode_reduced(*given)
        shapes.append(image.shape[:2])
        return image, by

    monkeypatch.setattr(decode.pixels, "decode_reduced", read)
    images = image_set(str(tmp_path / "a.jpg"))
    found = decode.read_fitted(images, 0, most, resize="own")
    whole = decode.fit(decode.read(images, 0), most, resize="own")
    assert shapes[0] == decoded and found.shape == whole.shape
    assert np.abs(found.astype(int) - whole).mean() < 2


def test_what_is_too_small_for_the_network_is_told():
    images = image_set(drawn(4, 90))
    with pytest.raises(Unreadable, match="is 90 x 4 pixels, and the network takes none of less than 8"):
        decode.read_fitted(images, 0, 100, resize="own", least=8)
    assert decode.read_fitted(images, 0, 100, resize="own", least=4).shape == (4, 90, 3)


def test_corners_of_queries_are_rounded_half_to_even():
    """As Pillow's crop, by which the published figures were made, rounds them."""
    whole, box = drawn(60, 80), (10.5, 3.4, 40.2, 20.2)  # to 50.7 and 23.6
    truth = Truth("revisited", (np.array([0]),), (NONE,), (NONE,), np.array([box], np.float32))
    rows = np.arange(2)
    images = ImageSet("some", [whole] * 2, 0 * rows, ("one",), NONE, rows[:1], rows[1:], truth=truth)
    x, y, width, height = box
    expected = np.asarray(Image.fromarray(whole).crop((x, y, x + width, y + height)))
    assert np.array_equal(decode.read(images, 0), expected)
    assert np.array_equal(decode.read(replace(images, truth=None, boxes=np.array([box] * 2)), 0), whole[3:24, 10:51])
