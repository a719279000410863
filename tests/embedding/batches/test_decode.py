"""Decoding and augmentation: what comes out of files, boxes and chance."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet
from embedding.batches import decode

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
    with pytest.raises(InputError, match="holds none of its 30 x 20 pixels"):
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
def test_extreme_shapes_still_give_the_size_asked_for(shape):
    image = np.zeros((*shape, 3), np.uint8)
    rng = np.random.default_rng(0)
    assert decode.augment(image, 16, decode.Augmentation(), rng).shape == (16, 16, 3)
    assert decode.augment(image, (16, 8), decode.Augmentation(), rng).shape == (16, 8, 3)
    for resize in ("crop", "stretch"):
        assert decode.fit(image, 16, resize=resize).shape == (16, 16, 3)
        assert decode.fit(image, (8, 16), resize=resize).shape == (8, 16, 3)


def square_crop(height, width, how, rng):
    """The random crop for squares, written for squares alone."""
    for _ in range(10):
        area = height * width * rng.uniform(how.min_area, 1)
        stretch = np.exp(rng.uniform(-np.log(how.max_stretch), np.log(how.max_stretch)))
        h, w = round(np.sqrt(area / stretch)), round(np.sqrt(area * stretch))
        if 0 < h <= height and 0 < w <= width:
            return int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1)), h, w
    side = min(height, width)
    return (height - side) // 2, (width - side) // 2, side, side


def square_centre(image, size):
    """The test image for squares, written for squares alone."""
    height, width = image.shape[:2]
    scale = round(size * 8 / 7) / min(height, width)
    scaled = decode._resize(image, max(size, round(height * scale)), max(size, round(width * scale)))
    top, left = (scaled.shape[0] - size) // 2, (scaled.shape[1] - size) // 2
    return scaled[top : top + size, left : left + size]


def test_a_square_is_what_it_was_before_there_were_rectangles():
    """To the bit, and to the number that is drawn next: published figures rest on it."""
    shapes = np.random.default_rng(0)
    for seed in range(200):
        height, width, size = (int(n) for n in shapes.integers(1, 200, 3))
        image = shapes.integers(0, 256, (height, width, 3)).astype(np.uint8)
        one, two = np.random.default_rng(seed), np.random.default_rng(seed)
        how = decode.Augmentation(0.1, 1.8)
        assert square_crop(height, width, how, one) == decode.random_crop(height, width, how, two)
        assert one.random() == two.random()
        for asked in (size, (size, size)):
            np.testing.assert_array_equal(decode.fit(image, asked), square_centre(image, size))
            first, second = (decode.augment(image, s, how, np.random.default_rng(seed)) for s in (size, asked))
            np.testing.assert_array_equal(first, second)


def test_random_crops_have_the_proportions_asked_for():
    rng = np.random.default_rng(0)
    how = decode.Augmentation(min_area=0.3, max_stretch=1.2)
    crops = [decode.random_crop(256, 128, how, rng, aspect=0.5) for _ in range(300)]
    ratios = np.array([width / height for _, _, height, width in crops])
    areas = np.array([height * width / (256 * 128) for _, _, height, width in crops])
    assert 0.5 / 1.22 < ratios.min() < 0.44 and 0.57 < ratios.max() < 0.5 * 1.22
    assert 0.29 < areas.min() < 0.35 and areas.max() > 0.8
    assert all(top + height <= 256 and left + width <= 128 for top, left, height, width in crops)
    # No crop fits: the largest one in the centre.
    assert decode.random_crop(64, 64, decode.Augmentation(1, 1), rng, aspect=0.5) == (0, 16, 64, 32)
    assert decode.random_crop(64, 64, decode.Augmentation(1, 1), rng, aspect=2.0) == (16, 0, 32, 64)


def test_a_rectangle_is_covered_and_its_centre_taken():
    image = ramp(146, 73)
    np.testing.assert_array_equal(decode.fit(image, (128, 64)), image[9:137, 4:68])  # 128 x 64 times 8/7 is 146 x 73
    np.testing.assert_array_equal(decode.fit(ramp(146, 90), (128, 64)), ramp(146, 90)[9:137, 13:77])
    np.testing.assert_array_equal(decode.fit(ramp(170, 73), (128, 64)), ramp(170, 73)[21:149, 4:68])
    whole = decode.fit(ramp(64, 128), (128, 64), resize="stretch")
    assert whole.shape == (128, 64, 3)
    assert whole[0, 0, 0] < 3 and whole[0, -1, 0] > 124 and whole[-1, 0, 1] > 61


def test_sizes_are_read_and_shown():
    assert decode.parse_size("224", "--image-size") == (224, 224)
    assert decode.parse_size(" 256x128 ", "--image-size") == (256, 128)
    assert decode.parse_size(32, "size") == (32, 32)
    assert decode.parse_size([256, 128], "size") == (256, 128)  # as JSON has it
    for size in (224, (256, 128)):
        assert decode.parse_size(decode.show_size(size), "") == decode.sides(size)
    assert decode.show_size((224, 224)) == decode.show_size(224) == "224"


@pytest.mark.parametrize(
    "given", ["", "0", "-5", "x", "256x", "256x0", "1e3", "224.5", "256x128x3", "12 x 3", 0, (3, 0)]
)
def test_what_is_no_size_is_named(given):
    with pytest.raises(InputError, match="--test-size=.*: give pixels above 0, such as 224") as error:
        decode.parse_size(given, "--test-size")
    assert "\n" not in str(error.value)


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


@pytest.fixture
def photograph(tmp_path) -> str:
    """A JPEG of 640 x 960, whose reading is cheaper at a half or a quarter; its detail shows how it is scaled."""
    detail = np.random.default_rng(0).integers(0, 256, (160, 240, 3), np.uint8)
    image = cv2.resize(detail, (960, 640), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(tmp_path / "photo.jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, 95])
    return str(tmp_path / "photo.jpg")


@pytest.mark.parametrize(
    ("size", "resize", "most"),
    [
        (64, "stretch", 8),
        ((64, 128), "crop", 6),  # 9 where the smaller image were not averaged over areas, as the whole is
        ((64, 128), "stretch", 4),
        ((140, 60), "crop", 8),
        ((140, 60), "stretch", 4),
        (300, "crop", 0),
        (300, "stretch", 5),
    ],
)
def test_an_image_that_is_decoded_smaller_is_fit_to_the_same(photograph, size, resize, most):
    images = image_set([photograph])
    found = decode.read_fitted(images, 0, size, resize=resize).astype(int)
    assert np.abs(found - decode.fit(decode.read(images, 0), size, resize=resize)).mean() <= most


def test_no_more_is_decoded_than_is_needed(photograph, monkeypatch):
    shapes = []

    def read(*given):
        image, by = decode_reduced(*given)
        shapes.append(image.shape)
        return image, by

    decode_reduced = decode.pixels.decode_reduced
    monkeypatch.setattr(decode.pixels, "decode_reduced", read)
    images = image_set([photograph])
    decode.read_fitted(images, 0, 140)  # scales it to cover 160
    decode.read_fitted(images, 0, 141)
    decode.read_fitted(images, 0, 160, resize="stretch")
    decode.read_fitted(replace(images, boxes=np.array([[0, 0, 600, 600]], np.float32)), 0, 64)
    assert shapes == [(160, 240, 3), (320, 480, 3), (160, 240, 3), (640, 960, 3)]


@pytest.mark.parametrize("size", [64, (50, 120)])
@pytest.mark.parametrize("how", [decode.Augmentation(), decode.Augmentation(min_area=0.5, max_stretch=2)])
def test_of_an_image_that_is_large_enough_no_crop_is_enlarged(size, how):
    high, wide = decode.sides(size)
    least, rng = decode.enough(size, how), np.random.default_rng(0)
    for height, width in (least, (least[0], 4 * least[1]), (3 * least[0], least[1])):
        crops = [decode.random_crop(height, width, how, rng, aspect=wide / high)[2:] for _ in range(500)]
        assert (np.min(crops, axis=0) >= (high - 1, wide - 1)).all()  # 1 for rounding
