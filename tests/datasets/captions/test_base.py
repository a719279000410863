"""CaptionSet checks itself, finds captions of images, and tells two sets apart."""

from dataclasses import replace

import numpy as np
import pytest

from datasets.captions.base import CaptionSet
from datasets.errors import InputError


def caption_set(**changes) -> CaptionSet:
    """Four images of five captions: two train, one is dev, one tests."""
    found = CaptionSet(
        name="four",
        images=np.random.default_rng(0).integers(0, 256, size=(4, 3, 3, 3), dtype=np.uint8),
        captions=tuple(f"caption {number}" for number in range(20)),
        image_of=np.repeat(np.arange(4), 5),
        train=np.array([0, 2]),
        dev=np.array([1]),
        test=np.array([3]),
    )
    return replace(found, **changes)


def with_caption(text, position=7):
    captions = list(caption_set().captions)
    captions[position] = text
    return tuple(captions)


def test_check_returns_a_good_set_itself():
    good = caption_set()
    assert good.check() is good and len(good) == 4 and not good.precomputed
    assert caption_set(images=np.zeros((4, 8), np.float32)).precomputed


def test_captions_of_are_ascending_positions_whatever_the_order_of_rows():
    good = caption_set()
    assert good.captions_of(np.array([3, 1])).tolist() == [5, 6, 7, 8, 9, 15, 16, 17, 18, 19]
    assert good.captions_of(np.array([], dtype=np.int64)).tolist() == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"captions": ("a",) * 19}, "19 captions, but 20 images of them"),
        ({"captions": with_caption(" \t")}, r"four\[1\] has an empty caption"),
        ({"captions": with_caption("")}, r"four\[1\] has an empty caption"),
        ({"captions": with_caption("a \0 b")}, r"four\[1\] has a caption with a NUL character"),
        (
            {"image_of": np.repeat(np.arange(4), (5, 4, 6, 5))},
            r"four\[2\] has 6 caption\(s\), and 5 .* in its train part",
        ),
        ({"image_of": np.repeat(np.arange(4), (5, 4, 6, 5)), "train": np.array([0])}, r"four\[1\] has 4 .* dev part"),
        ({"image_of": np.repeat(np.arange(4), 5)[::-1].copy()}, "captions must stand in the order of their images"),
        ({"image_of": np.repeat([0, 1, 2, 4], 5)}, "image_of names images that are not there"),
        ({"test": np.array([4])}, "test names images that are not there"),
        ({"test": np.array([-1])}, "test names images that are not there"),
        ({"test": np.array([1])}, r"four\[1\] is in two parts, or twice in one"),
        ({"train": np.array([0, 0])}, r"four\[0\] is in two parts, or twice in one"),
    ],
)
def test_check_refuses(changes, message):
    with pytest.raises(InputError, match=f"dataset four: {message}"):
        caption_set(**changes).check()


def test_an_image_of_no_part_may_have_any_number_of_captions():
    counts = np.repeat(np.arange(4), (5, 5, 7, 3))
    assert caption_set(image_of=counts, train=np.array([0]), test=np.array([1]), dev=np.array([], np.int64)).check()


def test_any_number_from_one_where_it_is_asked_for():
    uneven = caption_set(image_of=np.repeat(np.arange(4), (1, 9, 2, 8)))
    assert uneven.check(per_image=None) is uneven
    with pytest.raises(InputError, match=r"four\[2\] has 0 caption"):
        caption_set(image_of=np.repeat(np.arange(4), (1, 9, 0, 10))).check(per_image=None)


def test_parts_that_are_required_are_not_empty():
    good = caption_set()
    assert good.require("train", "dev", "test") is good
    with pytest.raises(InputError, match="dataset four: its dev part is empty; name a set that has one"):
        caption_set(dev=np.array([], np.int64)).require("train", "dev")


def test_the_images_alone_are_all_extracted():
    images = caption_set().as_images()
    assert images.check() is images and images.name == "four" and images.size == 224
    assert images.gallery.tolist() == [0, 1, 2, 3] and not len(images.train)


def test_images_are_named():
    assert caption_set().image_name(2) == "four[2]"
    assert caption_set(images=["a.jpg", "b.jpg", "c.jpg", "d.jpg"]).image_name(2) == "c.jpg"


def test_fingerprint_sees_every_part():
    good = caption_set()
    dotted = good.images.copy()
    dotted[3, 1, 1, 2] ^= 1
    others = [
        caption_set(name="five"),
        caption_set(images=dotted),
        caption_set(images=[f"{row}.jpg" for row in range(4)]),
        caption_set(images=[f"{row}.png" for row in range(4)]),
        caption_set(captions=with_caption("两只狗 🐕")),
        caption_set(image_of=np.repeat(np.arange(4), (5, 5, 6, 4))),
        caption_set(train=np.array([0])),
        caption_set(dev=np.array([], np.int64)),
        caption_set(test=np.array([], np.int64)),
    ]
    assert len({one.fingerprint() for one in [good, *others]}) == 1 + len(others)
    assert good.fingerprint() == caption_set().fingerprint()
