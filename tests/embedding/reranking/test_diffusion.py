"""Diffusion equals its dense formula, follows a manifold that similarity cuts across, and starts where it may."""

import numpy as np
import pytest

from embedding.reranking import graph
from embedding.reranking.diffusion import diffuse, diffuse_first


def plain_scores(queries, gallery, links, query_k, gamma, alpha, exclude):
    """(Q, G) float64 by the inverse; 0 where nothing arrives."""
    spread = np.linalg.inv(np.eye(len(gallery)) - alpha * links.toarray().astype(np.float64))
    rows = []
    for query, without in zip(queries.astype(np.float64), exclude, strict=True):
        alike = gallery.astype(np.float64) @ query
        allowed = [row for row in np.argsort(-alike) if row not in without][:query_k]
        start = np.zeros(len(gallery))
        start[allowed] = np.maximum(alike[allowed], 0) ** gamma
        rows.append(spread @ start)
    return np.array(rows)


@pytest.mark.parametrize("query_k, gamma, alpha", [(10, 3.0, 0.99), (1, 2.0, 0.8), (500, 3.0, 0.5)])
def test_scores_equal_the_dense_formula(clustered, query_k, gamma, alpha):
    gallery, _ = clustered(120)
    queries, _ = clustered(6, seed=1)
    exclude = [[], [1, 2], [5], [], [], list(range(60))]
    links = graph.of_gallery(gallery, k=7, gamma=gamma)
    arrays = [np.array(rows, np.int64) for rows in exclude]
    settings = {"query_k": query_k, "gamma": gamma, "alpha": alpha, "exclude": arrays}
    found = diffuse(queries, gallery, k=7, steps=400, **settings)
    expected = plain_scores(queries, gallery, links, query_k, gamma, alpha, exclude)
    reached = expected > 1e-4 * expected.max()
    assert reached.any(axis=1).all()
    np.testing.assert_allclose(found[reached], expected[reached], rtol=2e-3)
    np.testing.assert_array_equal(diffuse(queries, gallery, links=links, steps=400, **settings), found)


def test_it_follows_a_spiral_where_similarity_jumps():
    """Two arms of a spiral on a sphere: the far end of the query's own arm comes before the near of the other."""
    turn = np.linspace(0, 2 * np.pi, 150)
    arms = [np.column_stack([np.cos(turn), np.sin(turn), np.full_like(turn, height)]) for height in (-0.25, 0.25)]
    gallery = np.concatenate(arms).astype(np.float32)
    gallery /= np.linalg.norm(gallery, axis=1, keepdims=True)
    query = gallery[:1]
    own = np.arange(300) < 150
    plain = own[np.argsort(-(query @ gallery.T)[0], kind="stable")][:150].mean()
    found = own[np.argsort(-diffuse(query, gallery, k=6, steps=200)[0], kind="stable")][:150].mean()
    assert plain < 0.7 and found > 0.99


def test_what_is_not_reached_comes_last_by_similarity(clustered):
    rng = np.random.default_rng(0)
    gallery = np.zeros((40, 6), np.float32)
    gallery[:20, :3], gallery[20:, 3:] = rng.random((20, 3)), rng.random((20, 3))
    gallery /= np.linalg.norm(gallery, axis=1, keepdims=True)
    query = np.array([[1, 1, 1, 0.1, 0.02, 0]], np.float32)
    query /= np.linalg.norm(query)
    scores = diffuse(query, gallery, k=5, query_k=3)[0]
    order = np.argsort(-scores, kind="stable")
    alike = (gallery @ query[0])[order]
    unreached = scores[order] <= 0
    assert 20 <= unreached.sum() < 40 and set(range(20, 40)) <= set(order[unreached])
    assert (np.diff(alike[unreached]) <= 0).all()


def test_among_the_first_it_is_as_among_all_where_they_are_all(clustered):
    gallery, _ = clustered(50)
    queries, _ = clustered(4, seed=1)
    exclude = [np.array(rows, np.int64) for rows in ([], [3, 4], [49], list(range(45)))]
    neighbors = np.random.default_rng(0).permuted(np.tile(np.arange(50), (4, 1)), axis=1)
    found = diffuse_first(queries, gallery, neighbors, k=6, query_k=5, exclude=exclude)
    expected = np.take_along_axis(diffuse(queries, gallery, k=6, query_k=5, exclude=exclude), neighbors, axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-4 * expected.max())


def test_many_queries_are_as_each_alone(clustered, monkeypatch):
    gallery, _ = clustered(60)
    queries, _ = clustered(7, seed=1)
    together = diffuse(queries, gallery, k=5)
    monkeypatch.setattr("embedding.reranking.diffusion._TOGETHER", 3)
    np.testing.assert_allclose(diffuse(queries, gallery, k=5), together, atol=1e-4 * together.max())


@pytest.mark.parametrize("count", [1, 2, 3])
def test_galleries_of_a_few_zeros_and_duplicates(count):
    gallery = np.array([[1, 0], [1, 0], [0, 0]], np.float32)[:count]
    scores = diffuse(np.array([[1, 0], [0, 0]], np.float32), gallery)
    assert scores.shape == (2, count) and np.isfinite(scores).all()
    assert (scores[0, :2] > 0).all() and (scores[1] <= 0).all()


def test_of_nothing(clustered):
    gallery, _ = clustered(5)
    assert diffuse(gallery[:0], gallery).shape == (0, 5)
    assert diffuse(gallery, gallery[:0]).shape == (5, 0)
