"""Query expansion and database augmentation, against sums written out; what is short, alike, empty or excluded."""

import numpy as np
import pytest

from embedding.reranking import database_augmentation, query_expansion


def plain_order(query, gallery, without=()):
    return sorted((row for row in range(len(gallery)) if row not in without), key=lambda row: -(query @ gallery[row]))


def plain_expand(queries, gallery, count, alpha, exclude):
    expanded = []
    for query, without in zip(queries.astype(np.float64), exclude, strict=True):
        total = query.copy()
        for row in plain_order(query, gallery, without)[:count]:
            total += max(query @ gallery[row], 0) ** alpha * gallery[row]
        expanded.append(total / np.linalg.norm(total))
    return np.array(expanded)


@pytest.mark.parametrize("alpha", [0.0, 1.0, 3.0])
@pytest.mark.parametrize("count", [1, 4, 50])
def test_expansion_equals_its_sum(clustered, count, alpha):
    gallery, _ = clustered(20)
    queries, _ = clustered(5, seed=1)
    exclude = [[], [2], [3, 4], [], list(range(20))]
    arrays = [np.array(rows, np.int64) for rows in exclude]
    expanded = query_expansion.expand(queries, gallery, count=count, alpha=alpha, exclude=arrays)
    assert expanded.dtype == np.float32
    np.testing.assert_allclose(expanded, plain_expand(queries, gallery, count, alpha, exclude), atol=1e-6)


def test_a_query_in_the_gallery_does_not_expand_with_itself(clustered):
    gallery, _ = clustered(20)
    itself = [np.array([row]) for row in range(20)]
    expanded = query_expansion.expand(gallery, gallery, count=1, exclude=itself)
    alone = query_expansion.expand(gallery, gallery, count=1)
    np.testing.assert_allclose(alone, gallery, atol=1e-6)
    assert (np.abs(expanded - gallery).max(axis=1) > 1e-3).all()


def test_expansion_helps_where_clusters_are_wide(clustered):
    gallery, labels = clustered(500, dim=32, spread=1.6)
    queries, asked = clustered(50, dim=32, seed=1, spread=1.6)
    right = labels == asked[:, None]

    def precision(vectors):
        first = np.argsort(-vectors @ gallery.T, axis=1)[:, :80]
        return np.take_along_axis(right, first, axis=1).mean()

    assert precision(query_expansion.expand(queries, gallery, count=10)) > precision(queries) + 0.05


def test_vectors_are_not_changed_in_place(clustered):
    gallery, _ = clustered(10)
    before = gallery.copy()
    query_expansion.expand(gallery, gallery)
    database_augmentation.augment(gallery)
    np.testing.assert_array_equal(gallery, before)


def test_zeros_and_empty_galleries_expand_nothing(clustered):
    queries, _ = clustered(3)
    queries[1] = 0
    none = query_expansion.expand(queries, np.zeros((0, 8), np.float32), alpha=3.0)
    zeros = query_expansion.expand(queries, np.zeros((4, 8), np.float32), alpha=0.0)
    for expanded in (none, zeros):
        np.testing.assert_allclose(expanded, queries, atol=1e-6)


def plain_augment(gallery, count, alpha):
    gallery = gallery.astype(np.float64)
    rows = []
    for place, vector in enumerate(gallery):
        total = vector.copy()
        for rank, other in enumerate(plain_order(vector, gallery, {place})[: count - 1], start=1):
            weight = (count - rank) / count if alpha is None else max(vector @ gallery[other], 0) ** alpha
            total += weight * gallery[other]
        rows.append(total / np.linalg.norm(total))
    return np.array(rows)


@pytest.mark.parametrize("alpha", [None, 0.0, 3.0])
@pytest.mark.parametrize("count", [1, 2, 6, 40])
def test_augmentation_equals_its_sum(clustered, count, alpha):
    gallery, _ = clustered(15)
    augmented = database_augmentation.augment(gallery, count=count, alpha=alpha)
    assert augmented.dtype == np.float32
    np.testing.assert_allclose(augmented, plain_augment(gallery, count, alpha), atol=1e-6)


def test_duplicates_and_zeros_are_augmented(clustered):
    gallery, _ = clustered(6)
    gallery[1] = gallery[2] = gallery[0]
    gallery[5] = 0
    augmented = database_augmentation.augment(gallery, count=3)
    assert np.isfinite(augmented).all()
    np.testing.assert_allclose(augmented[:3], gallery[:3], atol=1e-6)  # their nearest are the same


@pytest.mark.parametrize("count", [0, 1])
def test_augmentation_of_next_to_nothing(count):
    gallery = np.ones((count, 1), np.float32)
    np.testing.assert_array_equal(database_augmentation.augment(gallery), gallery)
