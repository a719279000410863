"""The nearest without what is excluded, and the graph of those that name each other, against loops over all pairs."""

import numpy as np
import pytest

from embedding.reranking import graph


def plain_nearest(query, gallery, k, exclude=()):
    order = sorted((row for row in range(len(gallery)) if row not in exclude), key=lambda row: -(query @ gallery[row]))
    return order[:k]


def plain_graph(gallery, k, gamma):
    """S by the formulas, with loops and in float64."""
    gallery = gallery.astype(np.float64)
    count = len(gallery)
    near = [plain_nearest(gallery[row], gallery, k, {row}) for row in range(count)]
    affinity = np.zeros((count, count))
    for i in range(count):
        for j in range(count):
            if i in near[j] and j in near[i]:
                affinity[i, j] = max(gallery[i] @ gallery[j], 0) ** gamma
    sums = affinity.sum(axis=1)
    return np.array(
        [
            [affinity[i, j] / np.sqrt(sums[i] * sums[j]) if affinity[i, j] else 0.0 for j in range(count)]
            for i in range(count)
        ]
    )


@pytest.mark.parametrize("k, gamma", [(1, 3.0), (5, 3.0), (5, 1.0), (39, 2.0), (100, 3.0)])
def test_graph_equals_loops_over_all_pairs(clustered, k, gamma):
    gallery, _ = clustered(40)
    links = graph.of_gallery(gallery, k=k, gamma=gamma)
    assert links.dtype == np.float32 and links.has_canonical_format
    np.testing.assert_allclose(links.toarray(), plain_graph(gallery, k, gamma), atol=1e-6)


def test_graph_is_symmetric_without_rows_linked_to_themselves_and_shrinks(clustered):
    gallery, _ = clustered(200)
    dense = graph.of_gallery(gallery, k=10).toarray()
    np.testing.assert_allclose(dense, dense.T, atol=1e-7)
    assert not dense.diagonal().any()
    assert np.linalg.eigvalsh(dense.astype(np.float64)).max() == pytest.approx(1, abs=1e-5)


def test_rows_that_nobody_names_stay_alone():
    gallery = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0], [-1, 0, 0]], np.float32)
    dense = graph.of_gallery(gallery, k=4).toarray()
    expected = np.zeros((5, 5))
    expected[0, 1] = expected[1, 0] = 1
    np.testing.assert_array_equal(dense, expected)


@pytest.mark.parametrize("count", [0, 1])
def test_graph_of_next_to_nothing(count):
    links = graph.of_gallery(np.ones((count, 1), np.float32), k=5)
    assert links.shape == (count, count) and links.nnz == 0


def test_nearest_pass_over_what_is_excluded(clustered):
    gallery, _ = clustered(30)
    queries, _ = clustered(4, seed=1)
    exclude = [np.array(rows, np.int64) for rows in ([], [3], [7, 1, 29], list(range(28)))]
    neighbors, similarities = graph.nearest(queries, gallery, 5, exclude=exclude)
    for row in range(4):
        expected = plain_nearest(queries[row], gallery, 5, set(exclude[row].tolist()))
        padded = expected + [-1] * (5 - len(expected))
        assert neighbors[row].tolist() == padded
        values = [queries[row] @ gallery[one] if one >= 0 else 0 for one in padded]
        np.testing.assert_allclose(similarities[row], values, atol=1e-6)


def test_no_more_is_asked_for_than_is_there(clustered):
    gallery, _ = clustered(3)
    neighbors, similarities = graph.nearest(gallery[:1], gallery, 10**12, exclude=[np.array([1])])
    assert sorted(neighbors[0, :2].tolist()) == [0, 2] and neighbors[0, 2:].tolist() == [-1]
    assert not similarities[0, 2:].any()
    assert graph.of_gallery(gallery, k=10**12).shape == (3, 3)


def test_a_row_that_another_query_excludes_is_found(clustered):
    gallery, _ = clustered(6)
    exclude = [np.arange(len(gallery)) == row for row in range(2)]
    neighbors, _ = graph.nearest(gallery[:2], gallery, 5, exclude=[np.flatnonzero(rows) for rows in exclude])
    assert sorted(neighbors[0].tolist()) == [1, 2, 3, 4, 5] and sorted(neighbors[1].tolist()) == [0, 2, 3, 4, 5]
