"""Whitenings learned: how they are asked for, and from which pairs, of other parts alone."""

from dataclasses import replace

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.truth import Truth, positions
from embedding.instances import learned
from embedding.instances.learned import Wanted


def parted(parts=("a", "a", "b", "b"), wanted=((4, 5), (5,), (6,), ())):
    """Four queries, rows 0..3, of two parts; a gallery of rows 4..7 whose positions are 0..3."""
    rows = np.arange(8)
    easy = positions([[row - 4 for row in of_one] for of_one in wanted])
    truth = Truth("instances", easy, positions([()] * 4), positions([()] * 4), parts=parts)
    return ImageSet("own", [f"{row}.jpg" for row in rows], rows * 0, ("x",), rows[:0], rows[:4], rows[4:], truth=truth)


@pytest.mark.parametrize("text", ["lw", "pca", "lw=64", "pca=64:0.5", "pca=:0.5"])
def test_what_is_asked_for_is_read_and_told(text):
    assert Wanted.parse(text, "--learn") == Wanted.parse(str(Wanted.parse(text, "--learn")), "--learn")


@pytest.mark.parametrize("text", ["", "none", "lw=0", "lw=-3", "lw=x", "pca=3:2", "pca=3:x", "pca=1:nan", "pca=2.5"])
def test_nonsense_is_told(text):
    with pytest.raises(InputError, match=f"--learn={text}: give auto, lw or pca"):
        Wanted.parse(text, "--learn")


def test_pairs_are_those_of_the_parts_that_are_left():
    images = parted()
    assert learned.of_parts(images).tolist() == [[0, 4], [0, 5], [1, 5], [2, 6]]
    assert learned.of_parts(images, without=("a",)).tolist() == [[2, 6]]
    assert learned.of_parts(images, without=("a", "b")).shape == (0, 2)
    assert sorted(learned.pairs(images).tolist()) == [[0, 4], [0, 5], [1, 5], [2, 6]]


def test_pairs_of_a_labelled_set_are_of_one_class_and_each_once():
    labels, rows = np.array([0, 1, 0, 1, 1, 2]), np.arange(6)
    images = ImageSet("kinds", [str(row) for row in rows], labels, ("x", "y", "z"), rows, rows[:0], rows[:0])
    assert sorted(learned.pairs(images).tolist()) == [[0, 2], [1, 3], [1, 4], [3, 4]]
    with pytest.raises(InputError, match="no two of its pictures show the same"):
        learned.pairs(images.with_split(train=rows[[0, 1, 5]], query=rows[:0], gallery=rows[:0]))


def test_known_matches_come_first():
    matches = np.array([[3, 1]])
    assert learned.pairs(ImageSet(**{**vars(parted()), "matches": matches})).tolist() == [[3, 1]]


@pytest.mark.parametrize("text, dim", [("lw", 6), ("lw=3", 3), ("pca=3", 3), ("pca=4:0.5", 4), ("pca=99", 6)])
def test_a_whitening_of_so_many_dimensions_looks_at_its_pairs_alone(text, dim):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(60, 6)).astype(np.float32)
    pairs = np.stack([np.arange(10, 30), np.arange(30, 50)], axis=1)
    vectors[30:50] = vectors[10:30] + 0.1 * vectors[30:50]
    found = Wanted.parse(text, "--learn").learn(vectors, pairs)
    assert found.dim == dim
    spoiled = vectors.copy()
    spoiled[:10] = np.nan
    again = Wanted.parse(text, "--learn").learn(spoiled, pairs)
    np.testing.assert_array_equal(again.projection, found.projection)


def test_published_pairs_are_all_meant_and_of_others_some(monkeypatch):
    monkeypatch.setattr(learned, "_MOST_PAIRS", 2)
    matches = np.array([[0, 1], [2, 3], [4, 5]])
    named = {name: ImageSet(**{**vars(parted()), "matches": matches, "name": name}) for name in ("sfm120k", "own")}
    assert [len(learned.pairs(images)) for images in named.values()] == [2, 2]
    published = replace(named["own"], name="sfm120k-whiten")
    assert learned.pairs(published).tolist() == matches.tolist()
