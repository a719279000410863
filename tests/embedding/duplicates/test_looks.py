"""A copy of a picture looks like it, another picture does not."""

import cv2
import numpy as np
import pytest

from datasets.images.skipped import Skipped
from embedding.duplicates.looks import THRESHOLD, look, looks


def picture(seed, height=120, width=160):
    """Smooth colours, as photographs have."""
    grid = np.random.default_rng(seed).integers(0, 255, (6, 8, 3)).astype(np.uint8)
    return cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)


def packed_anew(image):
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_COLOR)


CHANGES = {
    "packed anew": packed_anew,
    "half as large": lambda image: cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "brighter": lambda image: np.clip(image * 1.1 + 10.0, 0, 255).astype(np.uint8),
    "cropped a little": lambda image: image[2:-2, 2:-2],
}


@pytest.mark.parametrize("change", CHANGES)
def test_copies_stay_above_the_threshold(change):
    for seed in range(10):
        assert look(picture(seed)) @ look(CHANGES[change](picture(seed))) > THRESHOLD


def test_other_pictures_and_mirrored_ones_stay_below():
    found = np.stack([look(picture(seed)) for seed in range(20)])
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    assert (found @ found.T - 2 * np.eye(20)).max() < THRESHOLD
    assert look(picture(0)) @ look(picture(0)[:, ::-1]) < THRESHOLD


def test_a_picture_of_one_colour_has_no_look():
    assert not look(np.full((50, 50, 3), (250, 10, 90), np.uint8)).any()
    assert not look(np.zeros((1, 1, 3), np.uint8)).any()


def test_rows_are_in_order_and_what_cannot_be_read_is_noted(tmp_path):
    for seed in range(3):
        cv2.imwrite(str(tmp_path / f"{seed}.png"), picture(seed)[:, :, ::-1])
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    paths = [str(tmp_path / name) for name in ("2.png", "broken.jpg", "0.png")] * 40
    skipped = Skipped(len(paths))
    found = looks(paths, skipped, workers=3)
    assert list(skipped.reasons) == [paths[1]]
    np.testing.assert_allclose(found[:3], [look(picture(2)), np.zeros(300), look(picture(0))], atol=1e-6)
    np.testing.assert_array_equal(found[3:], np.tile(found[:3], (39, 1)))
    assert looks([], Skipped(0)).shape == (0, 300)
