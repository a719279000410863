"""Decoding and augmentation: what comes out of files, boxes and chance."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet
from embedding import decode

NOTHING = np.zeros(0, np.int64)


def image_set(images, boxes=None) -> ImageSet:
    labels = np.zeros(len(images), np.int64)
    return ImageSet("some", images, labels, ("one",), NOTHING, NOTHING, NOTHING, boxes=boxes)


def ramp(height: int, width: int) -> np.ndarray:
    """An image whose red grows from left to right and whose green grows from top to bottom."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.arange(width)
    image[..., 1] = np.arange(height)[:, None]
    return image


def test_a_file_is_read_as_rgb(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), ramp(20, 30)[..., ::-1])
    np.testing.assert_array_equal(decode.read(image_set([str(tmp_path / "a.png")]), 0), ramp(20, 30))


def test_a_grey_file_becomes_colour(tmp_path):
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((5, 4), 9, np.uint8))
    np.testing.assert_array_equal(decode.read(image_set([str(tmp_path / "grey.png")]), 0), np.full((5, 4, 3), 9))


@pytest.mark.parametrize("content", [b"", b"I am a text.", b"\xff\xd8\xff\xe0 cut"])
def test_what_is_no_image_is_named(tmp_path, content):
    (tmp_path / "bad.jpg").write_bytes(content)
    with pytest.raises(InputError, match="bad.jpg"):
        decode.read(image_set([str(tmp_path / "bad.jpg")]), 0)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    for name in ("gone.jpg", "."):
        with pytest.raises(InputError, match="cannot be read"):
            decode.read(image_set([str(tmp_path / name)]), 0)


def test_boxes_are_cut_out_and_clipped():
    images = image_set(ramp(20, 30)[None], boxes=np.array([[4, 2, 10, 50]], np.float32))
    np.testing.assert_array_equal(decode.read(images, 0), ramp(20, 30)[2:20, 4:14])
    with pytest.raises(InputError, match="outside"):
        decode.read(replace(images, boxes=np.array([[40, 2, 10, 5]], np.float32)), 0)


def test_random_crops_lie_inside_and_keep_the_stated_area():
    rng, how = np.random.default_rng(0), decode.Augmentation(min_area=0.3)
    areas = []
    for _ in range(300):
        top, left, height, width = decode.random_crop(90, 120, how, rng)
        assert 0 <= top <= 90 - height
        assert 0 <= left <= 120 - width
        assert 1 / 1.4 < width / height < 1.4
        areas.append(height * width / (90 * 120))
    assert min(areas) > 0.28
    assert min(areas) < 0.4
    assert max(areas) > 0.7


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (200, 1)])
def test_extreme_shapes_still_give_a_square(shape):
    image = np.zeros((*shape, 3), np.uint8)
    rng = np.random.default_rng(0)
    assert decode.augment(image, 16, decode.Augmentation(), rng).shape == (16, 16, 3)
    for resize in ("crop", "stretch"):
        assert decode.fit(image, 16, resize=resize).shape == (16, 16, 3)


def test_half_of_the_images_are_mirrored_unless_told_not_to():
    rng = np.random.default_rng(0)
    image = ramp(32, 32)
    reds = [decode.augment(image, 32, decode.Augmentation(1.0, 1.0), rng)[0, :, 0].astype(int) for _ in range(100)]
    mirrored = sum(red[0] > red[-1] for red in reds)
    assert 30 < mirrored < 70
    straight = decode.Augmentation(1.0, 1.0, flip=False)
    assert all((decode.augment(image, 32, straight, rng) == image).all() for _ in range(10))


def test_the_same_seed_gives_the_same_image():
    first, second = (
        decode.augment(ramp(50, 60), 24, decode.Augmentation(), np.random.default_rng(5)) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


def test_evaluation_takes_the_centre_or_all():
    image = ramp(64, 128)
    centre = decode.fit(image, 56)  # scaled by 1: the shorter side is 64 = 56 * 8 / 7
    np.testing.assert_array_equal(centre, image[4:60, 36:92])
    whole = decode.fit(image, 64, resize="stretch")
    assert whole[0, 0, 0] < 3
    assert whole[0, -1, 0] > 124
