"""k-means: finds clusters that are there, is seeded and quiet, and stands k near and above N."""

import faiss
import numpy as np
import pytest

from embedding.evaluation import cluster as module
from embedding.evaluation import metrics
from embedding.evaluation.cluster import kmeans


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


def plain_lloyd(vectors: np.ndarray, means: np.ndarray, iterations: int) -> np.ndarray:
    """Every row compared with every mean, every time, in double precision."""
    means = means.astype(np.float64)
    for turn in range(iterations + 1):
        clusters = np.linalg.norm(vectors[:, None] - means, axis=2).argmin(axis=1)
        if turn < iterations:
            for cluster in set(clusters):
                means[cluster] = vectors[clusters == cluster].mean(axis=0)
    return clusters


@pytest.mark.parametrize("iterations", [0, 1, 2, 3, 30])
@pytest.mark.parametrize("k", [2, 9, 60, 110])
def test_lloyds_algorithm_without_the_means_that_stand_still(k, iterations):
    vectors, _ = blobs(300, 60, spread=0.7)
    start = np.random.default_rng(k).permutation(vectors)[:k]
    start[0] = 100  # no row is ever near: the cluster stays empty and its mean where it is
    clusters = module._lloyd(vectors, start, iterations)
    assert (clusters == plain_lloyd(vectors, start, iterations)).all()
    assert 0 not in clusters


def test_lloyds_algorithm_leaves_out_most_comparisons(monkeypatch):
    compared = []
    search = faiss.knn
    monkeypatch.setattr(faiss, "knn", lambda x, y, k: compared.append(len(x) * len(y)) or search(x, y, k))
    vectors, _ = blobs(3000, 600, spread=0.7)
    module._lloyd(vectors, np.random.default_rng(0).permutation(vectors)[:600], 25)
    iterations = len(compared) // 2
    assert iterations >= 4 and sum(compared) < 0.7 * (iterations + 1) * compared[0]


@pytest.mark.parametrize("k", [4, 1100])
def test_starts_where_it_is_told(k):
    vectors, labels = blobs(3 * k, k, spread=0.01)
    assert (kmeans(vectors, k, start=vectors[:k]) == labels).all()
