"""Neighborhoods: means, sizes and shares that stay, against plain loops; noise takes no part."""

import numpy as np
import pytest

from embedding.categories.neighborhood import NEAREST, mean_of_each, means, neighborhood, sizes, staying, unit_rows

CLUSTERS = np.array([0, 2, 2, -1, 0, 0, 4, -1, 2, 4])


def rows(count: int = 10) -> np.ndarray:
    return unit_rows(np.random.default_rng(0).normal(size=(count, 6)))


def test_unit_rows():
    found = unit_rows(np.array([[3, 4], [0, 0], [0, -2]]))
    np.testing.assert_allclose(found, [[0.6, 0.8], [0, 0], [0, -1]])
    assert found.dtype == np.float32


def test_nearest_others_by_angle():
    near = neighborhood(rows(30))
    cosines = near.rows @ near.rows.T
    np.fill_diagonal(cosines, -2)
    np.testing.assert_array_equal(near.neighbors, np.argsort(-cosines, axis=1)[:, :NEAREST])
    np.testing.assert_allclose(near.distances, 1 - np.sort(cosines)[:, ::-1][:, :NEAREST], atol=1e-6)
    assert neighborhood(rows(4)).neighbors.shape == (4, 3)
    assert neighborhood(rows(1)).neighbors.tolist() == [[-1]]


def test_means_and_sizes_against_loops():
    vectors = rows()
    found, expected = means(vectors, CLUSTERS), np.zeros((5, 6))
    for cluster in (0, 2, 4):
        expected[cluster] = np.mean([vectors[i] for i in range(10) if CLUSTERS[i] == cluster], axis=0)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert sizes(CLUSTERS).tolist() == [3, 0, 3, 0, 2]
    values = np.arange(10.0)
    assert mean_of_each(values, CLUSTERS).tolist() == [3, 0, 11 / 3, 0, 7.5]
    nothing = np.full(10, -1)
    assert means(vectors, nothing).shape == (0, 6) and sizes(nothing).shape == (0,)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_the_share_that_stays_against_loops(k):
    neighbors = neighborhood(rows()).neighbors[:, :k].copy()
    neighbors[4, k // 2 :] = -1
    found = staying(neighbors, CLUSTERS)
    for i in range(10):
        width = min(k, (CLUSTERS[i] == CLUSTERS).sum() - 1)
        near = [j for j in neighbors[i][:width] if j >= 0 and CLUSTERS[j] == CLUSTERS[i]]
        assert found[i] == pytest.approx(len(near) / width if CLUSTERS[i] >= 0 else 0)
    assert staying(neighbors, np.full(10, -1)).tolist() == [0] * 10
