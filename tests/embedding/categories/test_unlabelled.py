"""Images to mine: read from a vectors file, checked, and some of their classes hidden for a self-test."""

import dataclasses

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.vectors.base import VectorSet
from embedding.categories.unlabelled import hold_out, known_of, unlabelled

VECTORS = np.random.default_rng(0).normal(size=(24, 4)).astype(np.float32)
LABELS = np.repeat(np.arange(6), 4)
SET = VectorSet(
    "birds",
    "euclidean",
    VECTORS,
    VECTORS,
    gallery_labels=LABELS,
    gallery_paths=tuple(f"{row}.jpg" for row in range(24)),
    class_names=tuple("abcdef"),
)


def test_the_gallery_is_what_is_mined():
    images = unlabelled(dataclasses.replace(SET, queries=VECTORS[:3]))
    assert len(images) == 24 and images.title == "birds" and images.class_name(2) == "c"
    np.testing.assert_array_equal(images.labels, LABELS)
    plain = unlabelled(dataclasses.replace(SET, gallery_labels=None, class_names=()))
    assert plain.labels is None and plain.class_name(2) == "class 2"
    assert known_of(SET).classes.tolist() == list(range(6))


def test_hidden_classes_are_whole_and_the_rest_is_known():
    images = unlabelled(SET)
    left, known = hold_out(images, 2, seed=1)
    hidden = set(left.labels)
    assert len(left) == 8 and len(hidden) == 2 and hidden.isdisjoint(known.labels)
    assert sorted([*left.labels, *known.labels]) == sorted(LABELS)
    np.testing.assert_array_equal(left.vectors, VECTORS[np.isin(LABELS, list(hidden))])
    assert left.paths == tuple(f"{row}.jpg" for row in np.flatnonzero(np.isin(LABELS, list(hidden))))
    assert "2 of 6 classes" in left.title
    assert set(hold_out(images, 2, seed=1)[0].labels) == hidden
    assert len({tuple(np.unique(hold_out(images, 2, seed=seed)[0].labels)) for seed in range(8)}) > 2


@pytest.mark.parametrize("count", [1, 5, 6, -2])
def test_too_few_on_either_side(count):
    with pytest.raises(InputError, match=f"--hold-out={count}"):
        hold_out(unlabelled(SET), count)


def test_what_cannot_be_mined_is_told():
    broken = VECTORS.copy()
    broken[7, 1] = np.nan
    codes = np.zeros((4, 2), np.uint8)
    several = np.ones((len(VECTORS), 3), bool)
    for found, words in (
        (dataclasses.replace(SET, gallery_paths=()), "no paths of images"),
        (dataclasses.replace(SET, gallery=broken), "rows of the gallery hold NaN.* row 7;"),
        (VectorSet("codes", "hamming", codes, codes), "binary codes"),
        (dataclasses.replace(SET, gallery_labels=several, query_labels=None, class_names=()), "several labels"),
        (VectorSet("none", "euclidean", VECTORS[:0], VECTORS), "empty"),
    ):
        with pytest.raises(InputError, match=words):
            unlabelled(found)
    with pytest.raises(InputError, match="no labels"):
        known_of(dataclasses.replace(SET, gallery_labels=None))
    with pytest.raises(InputError, match="no labels to hide"):
        hold_out(unlabelled(dataclasses.replace(SET, gallery_labels=None)), 2)
