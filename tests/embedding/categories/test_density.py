"""Dense regions: HDBSCAN's own clusters on a graph of neighbors, in one piece or several, with duplicates."""

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import pdist, squareform
from sklearn.cluster import HDBSCAN

from embedding.categories.density import _edges, _graph, dense
from embedding.categories.neighborhood import neighborhood, unit_rows
from embedding.evaluation import metrics


def blobs(spread: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 6
    centers = np.linalg.qr(rng.normal(size=(16, 16)))[0][:6]
    rows = unit_rows(centers[labels] + spread * rng.normal(size=(120, 16)))
    return np.concatenate([rows, unit_rows(rng.normal(size=(10, 16)))]), np.concatenate([labels, np.arange(6, 16)])


def clusters(rows: np.ndarray, min_size: int = 5) -> np.ndarray:
    return dense(neighborhood(rows), min_size=min_size)


def test_finds_the_regions_that_are_there():
    rows, labels = blobs(0.05)
    found = clusters(rows)
    assert metrics.nmi(labels[:120], found[:120]) > 0.9  # leaves: a region may fall in two


@pytest.mark.parametrize(("spread", "count"), [(0.05, 120), (0.05, 130), (0.1, 130), (0.3, 130)])
def test_the_same_as_of_the_whole_matrix(spread, count):
    rows = blobs(spread)[0][:count]  # 20 images a region, 15 neighbors: without strays the graph falls into pieces
    whole = squareform(pdist(rows.astype(np.float64), "cosine"))
    tree = HDBSCAN(
        min_cluster_size=5, min_samples=1, metric="precomputed", cluster_selection_method="leaf", copy=True
    ).fit_predict(whole)
    assert metrics.pairwise_f1(tree, clusters(rows)) > 0.98


def test_pieces_are_joined_at_true_distances():
    near = neighborhood(blobs(0.05)[0][:120])
    count = len(near.rows)
    assert connected_components(_edges(np.arange(count), near.neighbors, near.distances, count))[0] == 6
    graph = _graph(near)
    assert connected_components(graph, directed=False)[0] == 1
    ends = graph.nonzero()
    np.testing.assert_allclose(graph.data, 1 - np.sum(near.rows[ends[0]] * near.rows[ends[1]], axis=1), atol=2e-6)
    assert abs(graph - graph.T).max() == 0


def test_duplicates_and_tiny_sets():
    copies = np.repeat(unit_rows(np.eye(2, 8)), 10, axis=0)
    found = clusters(copies)
    assert found.shape == (20,) and metrics.nmi(np.repeat([0, 1], 10), found) == pytest.approx(1)
    for count in (1, 2, 4):
        assert clusters(unit_rows(np.eye(count, 8))).tolist() == [-1] * count
