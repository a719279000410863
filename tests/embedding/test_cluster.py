"""k-means: finds clusters that are there, is seeded and quiet, and stands k near and above N."""

import numpy as np
import pytest

from embedding import metrics
from embedding.cluster import kmeans


def blobs(count: int, classes: int, *, spread: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.arange(count) % classes
    vectors = rng.normal(size=(classes, 16))[labels] + spread * rng.normal(size=(count, 16))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


@pytest.mark.parametrize("seed", range(5))
def test_finds_the_clusters_that_are_there(seed):
    vectors, labels = blobs(600, 4, spread=0.05)
    assert metrics.nmi(labels, kmeans(vectors, 4, seed=seed)) == pytest.approx(1)


def test_every_row_is_with_its_nearest_mean():
    vectors, _ = blobs(900, 3, spread=0.8)  # 300 a centroid, more than faiss would sample
    clusters = kmeans(vectors, 3, iterations=100)
    means = np.stack([vectors[clusters == cluster].mean(axis=0) for cluster in range(3)])
    nearest = np.linalg.norm(vectors[:, None] - means, axis=2).argmin(axis=1)
    assert (nearest == clusters).mean() > 0.99


def test_the_seed_decides():
    vectors, _ = blobs(300, 30, spread=1.0)
    assert (kmeans(vectors, 30, seed=1) == kmeans(vectors, 30, seed=1)).all()
    assert metrics.nmi(kmeans(vectors, 30, seed=1), kmeans(vectors, 30, seed=2)) < 0.999


def test_many_clusters():
    vectors, labels = blobs(3000, 1200, spread=0.05)
    assert metrics.nmi(labels, kmeans(vectors, 1200)) > 0.9


@pytest.mark.parametrize("k", [1, 2, 19, 20, 21, 500])
def test_any_number_of_clusters(k, capfd):
    vectors, _ = blobs(20, 5, spread=0.1)
    clusters = kmeans(vectors, k)
    assert clusters.shape == (20,) and clusters.dtype == np.int64
    assert clusters.min() >= 0 and clusters.max() < k
    if k >= 20:
        assert len(set(clusters)) == 20
    assert capfd.readouterr() == ("", "")


def test_stands_duplicates():
    clusters = kmeans(np.ones((50, 8), np.float32), 10)
    assert clusters.shape == (50,) and (clusters >= 0).all()
