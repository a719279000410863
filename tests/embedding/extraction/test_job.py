"""Job: a picture as the network takes it, how long reading and decoding it took, and the right network."""

import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images import pixels
from datasets.images.pixels import MAX_PIXELS, Unreadable
from embedding.batches import decode
from embedding.extraction import pieces

from .conftest import SIZE, Means, pictures


def test_a_picture_comes_as_decode_has_it(job_of, tmp_path):
    images = pictures(tmp_path / "pictures", 5)
    loaded = job_of(images).load(3)
    np.testing.assert_array_equal(loaded.pixels, decode.read_fitted(images, 3, SIZE, resize="stretch"))
    assert loaded.reading > 0 and loaded.decoding > 0


def test_what_cannot_be_read_is_given_with_its_reason(job_of, tmp_path):
    job = job_of(pictures(tmp_path / "pictures", 5, broken=(3,)))
    (tmp_path / "pictures" / "4.png").unlink()
    for row in (3, 4):
        assert isinstance(job.load(row).pixels, Unreadable) and job.load(row).pixels.path.endswith(f"{row}.png")


def test_waiting_for_a_file_that_does_not_come_is_reading(job_of, tmp_path, monkeypatch):
    def fetch(images, row):
        time.sleep(0.05)
        raise Unreadable(images.images[row], "the server does not answer")

    monkeypatch.setattr(decode, "fetch", fetch)
    loaded = job_of(pictures(tmp_path / "pictures", 5)).load(3)
    assert loaded.reading >= 0.05 > loaded.decoding


@pytest.fixture
def few_pixels():
    pixels.allow(20)
    yield
    pixels.allow(MAX_PIXELS)


def test_the_limit_of_pixels_holds_in_whichever_process(job_of, tmp_path, few_pixels):
    job = job_of(pictures(tmp_path / "pictures", 5))
    pixels.allow(MAX_PIXELS)  # as it is in another process
    (piece,) = pieces.make(job, pieces.missing(job))
    assert len(piece.skipped) == 5 and pixels.allowed() == 20


def trained(weights: Path) -> Means:
    """The network whose fingerprint stands in a file."""
    return Means(network=weights.read_text())


def test_a_process_that_has_opened_the_network_before_it_was_trained_anew_opens_it_again(job_of, tmp_path):
    images, weights = pictures(tmp_path / "pictures", 5), tmp_path / "weights"
    weights.write_text("old")
    old = job_of(images, opener=partial(trained, weights))
    assert old.engine.facts.network == "old"
    weights.write_text("new")
    assert replace(old, network="new").engine.facts.network == "new"
    with pytest.raises(InputError, match="the network is new on .* was old as this began"):
        old.engine  # noqa: B018
