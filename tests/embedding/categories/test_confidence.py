"""Confidence: silhouettes are scikit-learn's, purities are counted, and what is learned tells purity."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics import silhouette_samples

from embedding.categories.confidence import evidence, learned, plain, purities, silhouettes
from embedding.categories.neighborhood import neighborhood, unit_rows


def rows(count: int = 60) -> np.ndarray:
    return unit_rows(np.random.default_rng(0).normal(size=(count, 5)))


def test_silhouettes_are_those_of_scikit_learn():
    vectors, clusters = rows(), np.random.default_rng(1).integers(0, 6, 60)
    clusters[0] = 6  # alone
    distances = np.maximum(squareform(pdist(vectors.astype(np.float64), "cosine")), 0)
    expected = silhouette_samples(distances, clusters, metric="precomputed")
    np.testing.assert_allclose(silhouettes(vectors, clusters), expected, atol=1e-5)


def test_silhouettes_of_noise_and_of_one_cluster():
    vectors, clusters = rows(), np.arange(60) % 3 - 1
    found = silhouettes(vectors, clusters)
    assert (found[clusters < 0] == 0).all()
    there = clusters >= 0
    np.testing.assert_allclose(found[there], silhouettes(vectors[there], clusters[there]), atol=1e-6)
    assert not silhouettes(vectors, np.zeros(60, np.int64)).any()


def test_evidence():
    near, clusters = neighborhood(rows()), np.arange(60) % 4 - 1
    found = evidence(near, clusters)
    assert found.shape == (3, 3) and found[:, 2].tolist() == [15, 15, 15]
    per_image = silhouettes(near.rows, clusters)
    np.testing.assert_allclose(found[:, 0], [per_image[clusters == c].mean() for c in range(3)])
    stay = [np.mean([[clusters[j] == c for j in near.neighbors[i, :3]] for i in range(c + 1, 60, 4)]) for c in range(3)]
    np.testing.assert_allclose(found[:, 1], stay)
    assert evidence(near, np.full(60, -1)).shape == (0, 3)


def test_purities_are_counted():
    labels = np.array([7, 7, 3, 3, 3, 9, 7, 9])
    clusters = np.array([0, 0, 0, 2, 2, -1, 2, -1])
    assert purities(labels, clusters).tolist() == pytest.approx([2 / 3, 0, 2 / 3])
    assert purities(labels, np.full(8, -1)).shape == (0,)


def test_what_was_learned_is_told_again_and_not_beyond():
    rng = np.random.default_rng(0)
    seen = rng.random((40, 3)) * [0.4, 1, 30]
    truth = 0.2 + seen[:, 0] + 0.3 * seen[:, 1]
    confidence = learned(seen, truth)
    np.testing.assert_allclose(confidence(seen), truth.clip(0, 1), atol=1e-9)
    assert confidence(np.array([[9.0, 9.0, 1e6], [-9.0, -9.0, 0]])).tolist() == pytest.approx(
        confidence(np.stack([seen.max(axis=0), [*seen.min(axis=0)]])).tolist()
    )
    assert confidence(np.zeros((0, 3))).shape == (0,)
    assert learned(seen[:9], truth[:9]) is plain
    assert plain(np.array([[-0.5, 1, 3], [0.25, 1, 3]])).tolist() == [0, 0.25]
