"""Pictures described: unit rows, kept while files stay as they are, and gone on with after an end half way."""

from functools import partial
from pathlib import Path

import cv2
import encoders
import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped
from embedding.engine.foreign import ForeignEngine
from embedding.engine.wanted import Asked
from embedding.extraction import described, memory
from embedding.extraction.described import Describer


def colours(path: Path) -> ForeignEngine:
    """The means of the colours of a picture."""
    return ForeignEngine(path, Asked(image_size="32"))


@pytest.fixture
def describer(tmp_path) -> Describer:
    return Describer(partial(colours, encoders.of_bytes(tmp_path / "net.onnx")), (32, 32), "own")


@pytest.fixture
def images(tmp_path) -> ImageSet:
    paths = [str(tmp_path / f"{row}.png") for row in range(5)]
    for row, path in enumerate(paths[:4]):
        cv2.imwrite(path, np.full((20 + row, 30, 3), (10 * row, 40, 90), np.uint8))
    Path(paths[4]).write_text("no picture")
    rows = np.arange(5)
    return ImageSet("five", paths, rows * 0, ("x",), rows[:0], rows, rows)


def test_rows_have_unit_length_and_what_cannot_be_read_is_noted(describer, images):
    skipped = Skipped(5)
    found = describer.now(images, images.query, skipped)
    expected = np.array([[90, 40, 10 * row] for row in range(4)], np.float64)
    np.testing.assert_allclose(found[:4], expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-5)
    assert np.isnan(found[4]).all() and list(skipped.reasons) == [images.images[4]]
    with pytest.raises(InputError, match=r"4\.png"):
        describer.now(images, images.query)


def test_what_is_kept_is_made_again_only_where_a_picture_or_the_network_changed(
    describer, images, tmp_path, monkeypatch
):
    rows = np.array([1, 3, 4])
    first = describer.kept(images, rows, tmp_path / "kept", max_bad=0.1)
    assert first.shape == (5, 3) and np.isnan(first[[0, 2, 4]]).all() and not np.isnan(first[[1, 3]]).any()
    np.testing.assert_allclose(first[rows], describer.now(images, rows, Skipped(3)))
    monkeypatch.setattr(Describer, "piecewise", lambda *_: pytest.fail("made again"))
    np.testing.assert_array_equal(describer.kept(images, rows, tmp_path / "kept", max_bad=0.1), first)
    for change in ("picture", "network"):
        other = describer if change == "picture" else Describer(describer.opener, (16, 16), "own")
        if change == "picture":
            cv2.imwrite(images.images[1], np.zeros((9, 9, 3), np.uint8))
        with pytest.raises(pytest.fail.Exception):
            other.kept(images, rows, tmp_path / "kept", max_bad=0.1)


def test_pieces_that_are_there_are_not_made_again(describer, images, tmp_path, monkeypatch):
    monkeypatch.setattr(described, "_AT_ONCE", 1)
    seen, each = [], memory.decode.read_fitted
    monkeypatch.setattr(
        memory.decode, "read_fitted", lambda *given, **how: seen.append(given[1]) or each(*given, **how)
    )

    def ended(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(described.join, "into_memory", ended)
    with pytest.raises(KeyboardInterrupt):
        describer.kept(images, images.query, tmp_path / "kept", max_bad=1)
    assert len(seen) == 5
    monkeypatch.undo()
    monkeypatch.setattr(described, "_AT_ONCE", 1)
    monkeypatch.setattr(memory.decode, "read_fitted", lambda *_, **__: pytest.fail("made again"))
    found = describer.kept(images, images.query, tmp_path / "kept", max_bad=1)
    assert not np.isnan(found[:4]).any() and not list((tmp_path / "kept").glob("*.pieces"))
