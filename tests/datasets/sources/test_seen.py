"""Pictures that something was learned on are known again, by what they show and not by their names."""

import shutil

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.truth import Truth
from datasets.sources import seen


def image_set(images, **more) -> ImageSet:
    count = len(images)
    split = {"train": np.arange(0), "query": np.arange(1), "gallery": np.arange(1, count)}
    fields = {"name": "some", "labels": np.arange(count), "class_names": tuple(map(str, range(count)))}
    return ImageSet(images=images, **(split | fields | more))


@pytest.fixture
def files(tmp_path):
    """Paths of five files: two that begin alike, a copy of the first, and one that is not there."""
    names = [str(tmp_path / f"{number}.jpg") for number in range(5)]
    start = b"picture" * 20_000
    for name, content in zip(names, (start, start + b".", b"other"), strict=False):
        with open(name, "wb") as file:
            file.write(content)
    shutil.copy(names[0], names[3])
    return names


def test_copies_are_known_and_what_only_begins_alike_is_not(files):
    images = image_set(files)
    known = seen.pictures(images, np.array([0, 4]))
    assert known.dtype == np.uint64
    assert seen.shared(known, images, np.arange(5)).tolist() == [0, 3, 4]
    assert seen.shared(known, image_set(files[1:3]), np.arange(2)).tolist() == []


def test_a_file_that_was_changed_since_is_known_by_its_path(files):
    known = seen.pictures(image_set(files), np.array([2]))
    with open(files[2], "wb") as file:
        file.write(b"scaled")
    assert seen.shared(known, image_set(files), np.arange(5)).tolist() == [2]


def test_what_stands_at_an_address_is_known_by_it_and_not_asked_for(files):
    images = image_set(["https://nowhere.invalid/a.jpg", "https://nowhere.invalid/b.jpg", files[2]])
    known = seen.pictures(images, np.array([1]))
    assert seen.shared(known, images, np.arange(3)).tolist() == [1]


def test_images_of_an_array_are_known_by_their_pixels():
    images = np.random.default_rng(0).integers(0, 255, (6, 3, 3, 3), dtype=np.uint8)
    images[5] = images[2]
    assert seen.shared(seen.pictures(image_set(images), np.array([2])), image_set(images), np.arange(6)).tolist() == [
        2,
        5,
    ]


def test_a_labelled_set_is_judged_by_its_queries_and_their_classes():
    labels = np.array([0, 1, 0, 1, 2, 3])
    images = image_set(list("abcdef"), labels=labels, query=np.array([0]), gallery=np.arange(1, 6))
    assert seen.judged(images).tolist() == [0, 2]


def test_a_part_is_judged_by_its_own_queries_and_their_answers():
    rows = (np.array([1, 3]), np.array([0])), (np.array([4]), np.empty(0, int)), (np.array([2]), np.array([2]))
    truth = Truth("revisited", *rows, parts=("x", "y"))
    images = image_set(list("abcdefgh"), query=np.array([0, 1]), gallery=np.arange(2, 8), truth=truth)
    assert seen.judged(images).tolist() == [0, 1, 2, 3, 5, 6]
    assert seen.judged(images, "y").tolist() == [1, 2]
    with pytest.raises(InputError, match="no part 'z'; known are x, y"):
        seen.judged(images, "z")


def test_nothing_to_judge_or_to_learn_from():
    images = image_set(list("abc"))
    assert len(seen.pictures(images, np.empty(0, int))) == 0
    assert len(seen.shared(np.empty(0, np.uint64), images, np.arange(3))) == 0
