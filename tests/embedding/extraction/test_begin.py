"""Begin: the folder of a job, found again by the same job and refused to another."""

import pickle
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.extraction import pieces

from .conftest import Means, pictures

other_network = partial(Means, network="b")


def test_the_same_job_finds_its_folder_again(job_of, tmp_path):
    images = pictures(tmp_path / "pictures", 9)
    job, again = job_of(images), job_of(images, workers=1)
    assert (job.mark, job.folder) == (again.mark, again.folder)


def first_piece(job) -> None:
    next(pieces.make(job, pieces.missing(job)[:1]))


def test_a_job_that_was_ended_before_its_first_piece_is_in_nobody_s_way(job_of, tmp_path):
    images = pictures(tmp_path / "pictures", 9)
    boxes = np.tile(np.float32([1, 2, 3, 4]), (9, 1))
    job_of(replace(images, boxes=boxes))
    other = job_of(replace(images, images=images.images[::-1]), resize="crop")
    assert list(other.images.images) == images.images[::-1] and other.images.boxes is None
    first_piece(other)
    with pytest.raises(InputError, match="holds pieces of another job"):
        job_of(images)


@pytest.mark.parametrize(
    "change, told",
    [
        ({"opener": other_network}, "whose network was a and is b now"),
        ({"size": (6, 8)}, "whose size was 8x6 and is 6x8 now"),
        ({"resize": "crop"}, "whose resize was stretch and is crop now"),
        ({"dtype": "float16"}, "whose dtype was float32 and is float16 now"),
        ({"batch_size": 2}, "whose batch size was 4 and is 2 now"),
        ({"piece": 4}, "whose rows of a piece was 8 and is 4 now"),
    ],
)
def test_another_job_is_refused(change, told, job_of, tmp_path):
    images = pictures(tmp_path / "pictures", 9)
    first_piece(job_of(images))
    with pytest.raises(InputError, match=told):
        job_of(images, **change)


def test_other_pictures_or_boxes_are_another_job(job_of, tmp_path):
    images = pictures(tmp_path / "pictures", 9)
    first_piece(job_of(images))
    for other in (
        replace(images, images=images.images[::-1]),
        replace(images, boxes=np.ones((9, 4), np.float32)),
        replace(images, query=images.query[:8]),
    ):
        with pytest.raises(InputError, match="holds pieces of another job, of other pictures; let"):
            job_of(other)


def test_another_process_sees_the_same_pictures(job_of, tmp_path):
    images = pictures(tmp_path / "pictures", 9)
    names = [*images.images[:7], "odd\nname", "odd\udcff"]
    images = replace(images, images=names, boxes=np.tile(np.float32([1, 2, 3, 4]), (9, 1)))
    seen = pickle.loads(pickle.dumps(job_of(images))).images
    assert list(seen.images) == names and len(seen) == 9
    np.testing.assert_array_equal(seen.boxes, images.boxes)
    with pytest.raises(IndexError):
        seen.images[9]


def test_pictures_in_memory_are_kept_with_the_job(job_of, tmp_path):
    drawn = np.random.default_rng(0).integers(0, 256, (9, 8, 6, 3), np.uint8)
    job = job_of(replace(pictures(tmp_path / "pictures", 9), images=drawn, query=np.array([3, 5])))
    np.testing.assert_array_equal(job.images.images, drawn[[3, 5]])
    np.testing.assert_array_equal(job.load(1).pixels, drawn[5])


@pytest.mark.parametrize("count, piece", [(3, 3), (100, 4), (2_000, 40), (1_000_000, 4096)])
def test_pieces_are_a_fiftieth_of_a_job_and_no_larger_than_some_thousand(count, piece, job_of, tmp_path):
    images = pictures(tmp_path / "pictures", 1)
    rows = np.zeros(count, np.int64)
    images = replace(images, images=images.images * count, query=np.arange(count), labels=rows)
    assert job_of(images, piece=None).piece == piece


class Own(Exception):
    """As ONNX Runtime has them, which are of no common kind."""


class Narrow(Means):
    """An engine of pictures of one size."""

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        if pixels.shape[1:3] != self.facts.size:
            raise Own("Non-zero status code returned")
        return super().__call__(pixels)


def test_a_size_that_the_network_cannot_take_is_told_whatever_it_raises(job_of, tmp_path):
    with pytest.raises(InputError, match="--model=means cannot take images of 2x4 pixels; give a larger --image-size"):
        job_of(pictures(tmp_path / "pictures", 5), opener=Narrow, size=(2, 4))
