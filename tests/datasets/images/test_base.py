"""ImageSet says when sizes do not fit, and tells two sets apart."""

from dataclasses import replace

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet, Pairs, split_by_class


def image_set(**changes) -> ImageSet:
    """Four classes of two images each; the first two train."""
    labels = np.repeat(np.arange(4), 2)
    images = np.random.default_rng(0).integers(0, 256, size=(8, 4, 4, 3), dtype=np.uint8)
    split = split_by_class(labels, np.array([0, 1]))
    return replace(ImageSet("four", images, labels, tuple("abcd"), **split), **changes)


def test_split_by_class_sends_every_image_to_one_side():
    labels = np.array([2, 0, 1, 2, 1, 0])
    split = split_by_class(labels, np.array([0, 2]))
    assert split["train"].tolist() == [0, 1, 3, 5]
    assert split["query"].tolist() == split["gallery"].tolist() == [2, 4]


def test_check_returns_a_good_set_itself():
    good = image_set()
    assert good.check() is good and len(good) == 8


@pytest.mark.parametrize("part", ["train", "query", "gallery"])
@pytest.mark.parametrize("row", [8, -1])
def test_check_refuses_rows_that_are_not_there(part, row):
    with pytest.raises(InputError, match=f"dataset four: {part}"):
        image_set(**{part: np.array([0, 1, row])}).check()


def test_check_refuses_labels_boxes_and_cameras_of_another_length():
    with pytest.raises(InputError, match="8 images, but 7 labels"):
        image_set(labels=np.zeros(7, dtype=np.int64)).check()
    with pytest.raises(InputError, match="8 images, but 7 boxes"):
        image_set(boxes=np.ones((7, 4), dtype=np.float32)).check()
    with pytest.raises(InputError, match="8 images, but 9 cameras"):
        image_set(cameras=np.ones(9, dtype=np.int64)).check()


@pytest.mark.parametrize(("part", "rows"), [("train", [0, 1, 2]), ("query", [4, 5, 6])])
def test_check_refuses_a_class_with_one_image(part, rows):
    changes = {"train": np.array(rows)} if part == "train" else dict.fromkeys(("query", "gallery"), np.array(rows))
    name = "b" if part == "train" else "d"
    with pytest.raises(InputError, match=f"class '{name}' has one image in its {part} part"):
        image_set(**changes).check()


@pytest.mark.parametrize("part", ["train", "query", "gallery"])
def test_parts_that_are_required_are_not_empty(part):
    good, parts = image_set(), ("train", "query", "gallery")
    assert good.require(*parts) is good
    empty = image_set(**{part: good.train[:0]})
    assert empty.require(*(other for other in parts if other != part)) is empty
    with pytest.raises(InputError, match=f"dataset four: its {part} part is empty; name a set with images to t"):
        empty.require(*parts)


def test_one_query_of_a_class_is_enough_where_the_gallery_is_another():
    assert not image_set(query=np.array([4, 6]), gallery=np.array([5, 7])).check().leave_one_out
    assert image_set().leave_one_out


def test_title_says_when_images_are_cropped():
    assert image_set().title == "four"
    assert image_set(boxes=np.ones((8, 4), dtype=np.float32)).title == "four (cropped to boxes)"


def test_images_are_called_by_path_or_row():
    assert image_set().image_name(3) == "four[3]"
    assert image_set(images=[f"{row}.jpg" for row in range(8)]).image_name(3) == "3.jpg"


def test_with_split_changes_the_split_only():
    good = image_set()
    other = good.with_split(train=good.query, query=good.train, gallery=good.train)
    assert np.array_equal(other.train, good.query) and other.images is good.images


def test_pairs_stay_where_their_images_are_queries_still():
    pairs = Pairs(np.array([[4, 5], [4, 7]]), np.array([True, False]), np.array([0, 1]))
    faces = image_set(pairs=pairs)
    none = np.arange(0)
    assert faces.with_split(train=none, query=np.array([7, 5, 4]), gallery=none).pairs is pairs
    assert faces.with_split(train=none, query=np.array([4, 5]), gallery=none).pairs is None
    assert image_set().with_split(train=none, query=none, gallery=none).pairs is None


def test_pairs_check_themselves():
    rows, same = np.array([[4, 5], [4, 7]]), np.array([True, False])
    for wrong in ((rows[:, :1], same, np.arange(2)), (rows, same[:1], np.arange(2)), (rows, same, np.arange(3))):
        with pytest.raises(ValueError, match=r"pairs need rows \(P, 2\)"):
            Pairs(*wrong)
    with pytest.raises(ValueError, match="pairs name row -1"):
        Pairs(rows - 5, same, np.arange(2))


def test_names_in_any_bytes_have_a_fingerprint():
    rows = np.arange(2)
    found = [
        ImageSet("x", [name, "b.jpg"], np.zeros(2, np.int64), ("image",), rows[:0], rows, rows).fingerprint()
        for name in ("\udcff.jpg", "\udcfe.jpg")
    ]
    assert found[0] != found[1]


def test_fingerprint_sees_every_part():
    good = image_set()
    dotted = good.images.copy()
    dotted[7, 3, 3, 2] ^= 1
    others = [
        image_set(name="five"),
        image_set(images=dotted),
        image_set(labels=good.labels[::-1].copy()),
        image_set(train=good.train[:2]),
        image_set(query=good.query[:2]),
        image_set(boxes=np.ones((8, 4), dtype=np.float32)),
        image_set(images=[f"{row}.jpg" for row in range(8)]),
        image_set(images=[f"{row}.png" for row in range(8)]),
        image_set(cameras=np.arange(8)),
        image_set(pairs=Pairs(np.array([[4, 5]]), np.array([True]), np.array([0]))),
        image_set(pairs=Pairs(np.array([[4, 5]]), np.array([False]), np.array([0]))),
    ]
    fingerprints = {one.fingerprint() for one in [good, *others]}
    assert len(fingerprints) == 1 + len(others)
    assert good.fingerprint() == image_set().fingerprint()
