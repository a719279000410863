"""Tuples against plain loops: who is drawn, and which negatives are the hardest."""

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet
from embedding.batches.tuples import draw, hardest


def image_set(labels, *, matches=None) -> ImageSet:
    labels = np.array(labels)
    none, rows = np.zeros(0, np.int64), np.arange(len(labels))
    names = tuple(map(str, range(labels.max() + 1)))
    pixels = np.zeros((len(labels), 8, 8, 3), np.uint8)
    return ImageSet("made up", pixels, labels, names, rows, none, none, matches=matches)


def test_pairs_are_two_images_of_a_class():
    images = image_set(np.arange(60) % 7)
    drawn = draw(images, seed=1, epoch=2, queries=40, pool=20)
    queries, positives = drawn.pairs.T
    assert len(queries) == len(np.unique(queries)) == 40
    assert (images.labels[queries] == images.labels[positives]).all()
    assert (queries != positives).all()
    assert len(np.unique(drawn.pool)) == 20


def test_every_other_image_of_the_class_can_be_the_positive():
    images = image_set([0, 0, 0, 0, 1])
    found = {tuple(pair) for epoch in range(40) for pair in draw(images, seed=0, epoch=epoch, queries=9, pool=0).pairs}
    assert found == {(a, b) for a in range(4) for b in range(4) if a != b}  # the image that is alone is in none


def test_known_matches_are_the_pairs():
    matches = np.array([[0, 3], [1, 4], [2, 5], [0, 4]])
    drawn = draw(image_set([0] * 6, matches=matches), seed=1, epoch=1, queries=3, pool=100)
    assert {tuple(pair) for pair in drawn.pairs} < {tuple(pair) for pair in matches}
    assert len(drawn.pairs) == 3
    assert sorted(drawn.pool) == list(range(6))


def test_chance_is_of_seed_and_epoch():
    images = image_set(np.arange(60) % 7)
    first, again, other = (draw(images, seed=1, epoch=epoch, queries=9, pool=9).pairs for epoch in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_nothing_to_learn_is_told():
    with pytest.raises(InputError, match="no two of its training images show the same"):
        draw(image_set([0, 1, 2]), seed=0, epoch=1, queries=3, pool=3)


def plain(query, label, pool, labels, count):
    """One image of the pool after the other, nearest first."""
    chosen, taken = [], {label}
    for row in np.argsort(np.linalg.norm(pool - query, axis=1), kind="stable"):
        if labels[row] not in taken and np.isfinite(pool[row]).all():
            chosen.append(row)
            taken.add(labels[row])
    return chosen[:count]


@pytest.mark.parametrize("count", [1, 5])
def test_the_hardest_are_those_of_a_plain_loop(count):
    rng = np.random.default_rng(count)
    pool, queries = (rng.standard_normal((n, 6)).astype(np.float32) for n in (300, 20))
    pool[rng.integers(0, 300, 30)] = np.nan  # could not be read
    labels, of_queries = rng.integers(0, 12, 300), rng.integers(0, 14, 20)
    found = hardest(queries, of_queries, pool, labels, count=count)
    expected = [plain(query, label, pool, labels, count) for query, label in zip(queries, of_queries, strict=True)]
    np.testing.assert_array_equal(found, expected)


def test_more_negatives_than_instances_are_refused():
    vectors = np.eye(4, dtype=np.float32)
    with pytest.raises(ValueError, match="2 negatives of different labels cannot be mined from 1 others"):
        hardest(vectors, np.array([0, 0, 1, 1]), vectors, np.array([0, 0, 1, 1]), count=2)


def test_a_label_that_is_not_in_the_pool_needs_no_other_beside_it():
    vectors = np.eye(4, dtype=np.float32)
    found = hardest(vectors[:1], np.array([9]), vectors[1:], np.array([0, 1, 2]), count=3)
    assert sorted(found[0].tolist()) == [0, 1, 2]
