"""Thumbnails: files and rows of built-in sets, whole and square; grey where there is nothing to see."""

import base64

import cv2
import numpy as np
import pytest

from datasets import captions, images
from embedding.report.thumbnails import SIDE, jpeg, read_thumbnail


def is_grey(tile: np.ndarray) -> bool:
    return len(np.unique(tile)) == 1 and tile[0, 0, 0] not in (0, 255)


@pytest.mark.parametrize("shape", [(60, 200), (200, 60), (90, 90), (20, 10), (1, 500)])
def test_the_whole_image_centred_on_white(tmp_path, shape):
    path = tmp_path / "röt.png"
    image = np.zeros((*shape, 3), np.uint8)
    image[..., 2] = 250  # red in OpenCV's order
    path.write_bytes(cv2.imencode(".png", image)[1].tobytes())
    tile = read_thumbnail(str(path))
    assert tile.shape == (SIDE, SIDE, 3) and tile.dtype == np.uint8
    red = (tile == (250, 0, 0)).all(axis=2)
    height, width = red.any(axis=1).sum(), red.any(axis=0).sum()
    assert max(height, width) == SIDE
    assert min(height, width) == max(1, round(SIDE * min(shape) / max(shape)))
    assert (tile[~red] == 255).all()


def test_a_row_of_a_built_in_set():
    digits = images.get("digits").load(None)
    tile = read_thumbnail(digits.image_name(7))
    small = cv2.resize(tile, digits.images[7].shape[1::-1], interpolation=cv2.INTER_AREA).astype(float)
    between = [np.abs(small - digits.images[row]).mean() for row in range(40)]
    assert np.argmin(between) == 7


def test_a_row_of_a_built_in_set_of_captions_and_another_size():
    scenes = captions.get("scenes").load(None)
    assert (read_thumbnail(scenes.image_name(3310), side=64) == scenes.images[3310]).all()
    assert is_grey(read_thumbnail("scenes[3800]", side=30)) and is_grey(read_thumbnail("flickr8k[0]"))


def test_a_page_holds_a_thumbnail_as_a_jpeg():
    tile = read_thumbnail("digits[3]")
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(jpeg(tile)), np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(decoded[..., ::-1].astype(int) - tile).mean() < 8


def test_what_cannot_be_read_is_a_grey_tile(tmp_path):
    (tmp_path / "text.jpg").write_text("not an image")
    (tmp_path / "empty.jpg").touch()
    for name in ("text.jpg", "empty.jpg", "missing.jpg", "."):
        assert is_grey(read_thumbnail(str(tmp_path / name))), name
    for name in ("digits[999999]", "nothing[3]", "folder[3]", "queries[0]", "", "a\0b"):
        assert is_grey(read_thumbnail(name)), name


def test_a_file_may_be_called_like_a_row(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits[1]").write_bytes(cv2.imencode(".png", np.full((4, 4, 3), 9, np.uint8))[1].tobytes())
    assert (read_thumbnail("digits[1]") == 9).all()
