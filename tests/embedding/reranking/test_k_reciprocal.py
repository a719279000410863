"""k-reciprocal distances against sets and loops, of a whole gallery and of the first alone."""

import numpy as np
import pytest

from embedding.reranking.k_reciprocal import k_reciprocal


def reciprocal(order, row, k):
    """R(row, k): those among its k nearest (itself besides) that have it among theirs."""
    return {other for other in order[row][: k + 1] if row in order[other][: k + 1]}


def plain_distances(vectors, k1, k2, weight):
    """Of vectors[0] to the others, step by step as published, in float64."""
    vectors = vectors.astype(np.float64)
    count = len(vectors)
    squares = np.maximum(2 - 2 * vectors @ vectors.T, 0)
    squares = np.array([row / row.max() if row.max() else row for row in squares])
    order = [sorted(range(count), key=lambda j, i=i: (j != i, squares[i, j])) for i in range(count)]
    encoded = np.zeros((count, count))
    for row in range(count):
        members = set(reciprocal(order, row, k1))
        for other in reciprocal(order, row, k1):
            theirs = reciprocal(order, other, round(k1 / 2))
            if len(theirs & reciprocal(order, row, k1)) > 2 / 3 * len(theirs):
                members |= theirs
        for member in members:
            encoded[row, member] = np.exp(-squares[row, member])
        encoded[row] /= encoded[row].sum()
    averaged = np.array([np.mean([encoded[other] for other in order[row][:k2]], axis=0) for row in range(count)])
    found = []
    for row in range(1, count):
        smaller = sum(min(averaged[0, j], averaged[row, j]) for j in range(count))
        larger = sum(max(averaged[0, j], averaged[row, j]) for j in range(count))
        found.append((1 - weight) * (1 - smaller / larger) + weight * squares[0, row])
    return np.array(found)


@pytest.mark.parametrize("k1, k2, weight", [(20, 6, 0.3), (5, 1, 0.0), (7, 3, 1.0), (100, 100, 0.3), (1, 1, 0.5)])
def test_distances_equal_sets_and_loops(clustered, k1, k2, weight):
    gallery, _ = clustered(30)
    queries, _ = clustered(3, seed=1)
    neighbors = np.argsort(-queries @ gallery.T, axis=1)
    for some in (neighbors, neighbors[:, :12]):
        found = k_reciprocal(queries, gallery, some, k1=k1, k2=k2, weight=weight)
        assert found.dtype == np.float32 and found.shape == some.shape
        for row in range(3):
            vectors = np.concatenate([queries[[row]], gallery[some[row]]])
            np.testing.assert_allclose(found[row], plain_distances(vectors, k1, k2, weight), atol=2e-6)


def test_what_is_excluded_has_no_say_and_stays_in_front(clustered):
    gallery, _ = clustered(25)
    queries = gallery[:2]
    neighbors = np.argsort(-queries @ gallery.T, axis=1)
    exclude = [np.array([0]), np.array([1, 7])]
    found = k_reciprocal(queries, gallery, neighbors, k1=6, k2=2, exclude=exclude)
    for row in range(2):
        kept = ~np.isin(neighbors[row], exclude[row])
        assert (found[row, ~kept] == -1).all()
        without = k_reciprocal(queries[[row]], gallery, neighbors[[row]][:, kept], k1=6, k2=2)
        np.testing.assert_array_equal(found[row, kept], without[0])


def test_clusters_come_together(clustered):
    gallery, labels = clustered(200, dim=16, spread=1.0)
    queries, asked = clustered(30, dim=16, seed=1, spread=1.0)
    neighbors = np.argsort(-queries @ gallery.T, axis=1)
    order = np.argsort(k_reciprocal(queries, gallery, neighbors), axis=1)
    right = labels == asked[:, None]
    before = np.take_along_axis(right, neighbors, axis=1)[:, :30].mean()
    after = np.take_along_axis(right, np.take_along_axis(neighbors, order, axis=1), axis=1)[:, :30].mean()
    assert after > before + 0.03


@pytest.mark.parametrize("gallery", [np.ones((4, 1)), np.zeros((3, 1)), np.ones((1, 1))], ids=["same", "zeros", "one"])
def test_duplicates_and_zeros(gallery):
    gallery = gallery.astype(np.float32)
    found = k_reciprocal(np.ones((1, 1), np.float32), gallery, np.arange(len(gallery))[None])
    assert np.isfinite(found).all()


def test_of_nothing(clustered):
    gallery, _ = clustered(5)
    assert k_reciprocal(gallery[:0], gallery, np.zeros((0, 3), np.int64)).shape == (0, 3)
    assert k_reciprocal(gallery[:2], gallery, np.zeros((2, 0), np.int64)).shape == (2, 0)
