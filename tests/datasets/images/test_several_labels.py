"""Image sets whose images show several concepts: what is checked of them, and what tells two of them apart."""

from dataclasses import replace

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.lists import reading


def image_set(**changes) -> ImageSet:
    """Six images with some of three concepts; the last shows none, and one concept is trained on by one image only."""
    labels = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 1], [1, 0, 1], [0, 1, 0], [0, 0, 0]], dtype=bool)
    split = {"train": np.arange(3), "query": np.array([4, 5]), "gallery": np.arange(4)}
    return replace(ImageSet("six", [f"{row}.jpg" for row in range(6)], labels, tuple("abc"), **split), **changes)


def test_labels_may_be_columns_and_images_may_have_none():
    found = image_set()
    assert found.check() is found and found.several_labels
    assert not replace(found, labels=np.arange(6) // 3, class_names=("a", "b")).several_labels


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"class_names": ("a", "b")}, r"labels must be \(6, 2\) bool, a column .*, not \(6, 3\) bool"),
        ({"labels": np.zeros((6, 3), np.int64)}, r"labels must be \(6, 3\) bool, .* not \(6, 3\) int64"),
        ({"labels": np.zeros((5, 3), bool)}, "6 images, but 5 labels"),
        ({"query": np.array([6])}, "query names images that are not there"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    with pytest.raises(InputError, match=f"dataset six: {message}"):
        image_set(**changes).check()


def test_the_fingerprint_sees_every_label():
    prints = {image_set().fingerprint()}
    for row in range(6):
        for column in range(3):
            labels = image_set().labels.copy()
            labels[row, column] ^= True
            prints.add(image_set(labels=labels).fingerprint())
    assert len(prints) == 1 + 6 * 3


def test_another_split_keeps_labels_and_names():
    found = image_set()
    other = found.with_split(train=found.gallery, query=found.query, gallery=found.train).check()
    assert other.labels is found.labels and other.class_names == found.class_names
    assert other.train.tolist() == [0, 1, 2, 3] and other.fingerprint() != found.fingerprint()


def test_published_counts_have_all_concepts(tmp_path):
    reading.check_counts(image_set(), {"train": (3, 3), "query": (2, 3), "all": (6, 3)}, place=tmp_path, title="Six")
    with pytest.raises(InputError, match="has 2 images of 3 classes in its query part, where Six has 2 of 1"):
        reading.check_counts(image_set(), {"query": (2, 1)}, place=tmp_path, title="Six")
