"""Embeddings and VectorSet: what they check, and the true neighbors of their queries."""

import numpy as np
import pytest

from datasets.vectors.base import Embeddings, VectorSet, from_embeddings, with_neighbors


def embeddings(count: int, *, classes: int = 3, seed: int = 0) -> Embeddings:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count, 4)).astype(np.float32)
    return Embeddings(vectors, rng.integers(0, classes, count), tuple(f"images/{row} é.jpg" for row in range(count)))


def test_true_neighbors_against_all_pairs():
    images = embeddings(40)
    between = np.linalg.norm(images.vectors[:, None] - images.vectors[None], axis=2)
    np.fill_diagonal(between, np.inf)
    found = with_neighbors(from_embeddings(images, None, name="loo"), k=5)
    np.testing.assert_allclose(found.distances, np.sort(between, axis=1)[:, :5], atol=1e-3)
    everything = with_neighbors(found)
    assert everything.neighbors.shape == (40, 39) and (everything.neighbors >= 0).all()


def test_a_query_in_the_gallery_is_not_its_own_neighbor():
    gallery = embeddings(9)
    queries = Embeddings(gallery.vectors[3:5], gallery.labels[3:5], gallery.paths[3:5])
    found = with_neighbors(from_embeddings(queries, gallery, name="made up"), k=8)
    assert found.own_rows.tolist() == [3, 4]
    for row, neighbors in zip(found.own_rows, found.neighbors, strict=True):
        assert sorted(neighbors) == [other for other in range(9) if other != row]


@pytest.mark.parametrize(
    ("vectors", "labels", "paths"),
    [
        (np.zeros((2, 3)), np.zeros(2, np.int64), ("a", "b")),
        (np.zeros((2, 3), np.float32), np.zeros(2, np.int32), ("a", "b")),
        (np.zeros((2, 3), np.float32), np.zeros(3, np.int64), ("a", "b")),
        (np.zeros((2, 3), np.float32), np.zeros(2, np.int64), ("a",)),
        (np.zeros(2, np.float32), np.zeros(2, np.int64), ("a", "b")),
    ],
)
def test_embeddings_check_themselves(vectors, labels, paths):
    with pytest.raises(ValueError):
        Embeddings(vectors, labels, paths)


def test_vector_sets_check_themselves():
    images, wide = embeddings(4), np.zeros((4, 9), np.float32)
    with pytest.raises(ValueError, match="class"):
        from_embeddings(images, None, name="x", class_names=("only one",))
    with pytest.raises(ValueError, match="dimensions"):
        VectorSet(name="x", metric="euclidean", gallery=images.vectors, queries=wide)
    with pytest.raises(ValueError, match="name row 4"):
        VectorSet("x", "euclidean", images.vectors, images.vectors, np.full((4, 1), 4), np.zeros((4, 1), np.float32))
