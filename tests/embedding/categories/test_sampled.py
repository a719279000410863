"""Sampled: what is not grouped itself joins the groups, and costs time by its number alone."""

import time

import numpy as np
import pytest

from embedding.categories.known import known_classes
from embedding.categories.mine import Wish, mine
from embedding.categories.neighborhood import unit_rows
from embedding.categories.proposals import scores
from embedding.categories.sampled import mine_some

CLASSES = 12


def drawn(count: int, *, classes: int = CLASSES, dim: int = 32, spread: float = 0.06, seed: int = 0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    centers = unit_rows(np.random.default_rng(1).normal(size=(classes, dim)))
    return unit_rows(centers[labels] + spread * rng.normal(size=(count, dim)).astype(np.float32)), labels


def test_few_are_grouped_as_ever():
    vectors, _ = drawn(200)
    one, other = mine_some(vectors, None, Wish(), most=200), mine(vectors, None, Wish())
    assert one.facts == other.facts
    np.testing.assert_array_equal(one.proposals.clusters, other.proposals.clusters)


def test_of_many_some_are_grouped_and_the_others_join_them():
    vectors, labels = drawn(3000)
    found = mine_some(vectors, None, Wish(), most=400)
    proposals = found.proposals
    assert "400 of 3,000 images, drawn at random" in found.facts[-1]
    joined = proposals.clusters >= 0
    assert joined.mean() > 0.7 and CLASSES <= len(proposals.confidences) < 2 * CLASSES
    assert scores(labels[joined], proposals.clusters[joined])["pairwise f1"] > 0.9
    assert (proposals.likeness[joined] > 0.5).all() and not proposals.likeness[~joined].any()


def test_what_is_like_nothing_that_was_drawn_joins_nothing():
    vectors, _ = drawn(1000)
    others = np.setdiff1d(np.arange(1000), np.random.default_rng((0, 1000)).choice(1000, 400, replace=False))
    vectors[others] = unit_rows(np.random.default_rng(5).normal(size=(600, 32)))
    proposals = mine_some(vectors, None, Wish(), most=400).proposals
    assert len(proposals.confidences) >= CLASSES and (proposals.clusters[others] == -1).all()


def test_known_classes_are_joined_too():
    vectors, labels = drawn(3000, classes=40)
    own, its = drawn(2000, classes=40, seed=3)
    known = known_classes(own[its < 20], its[its < 20])
    found, alone = mine_some(vectors, known, Wish(), most=1000).proposals, mine(vectors, known, Wish()).proposals
    marked = found.known >= 0
    assert marked.any() and (found.known[marked] == labels[marked]).mean() > 0.9
    assert abs(marked.mean() - (alone.known >= 0).mean()) < 0.1
    assert (found.clusters[marked] == -1).all() and not found.likeness[marked].any()


def test_where_nothing_is_found_all_is_noise():
    vectors = unit_rows(np.random.default_rng(0).normal(size=(400, 64)))
    proposals = mine_some(vectors, None, Wish(min_size=60), most=100).proposals
    assert proposals.noise.all() and not len(proposals.confidences)


@pytest.mark.slow
def test_a_hundred_thousand_pictures_take_no_more_than_some_seconds():
    vectors, _ = drawn(100_000, classes=1000, dim=512, spread=0.045)
    start = time.perf_counter()
    mine_some(vectors, None, Wish(), most=10_000)
    assert time.perf_counter() - start < 60
