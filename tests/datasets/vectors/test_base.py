"""Embeddings and VectorSet: what they check, and the true neighbors of their queries."""

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import Pairs
from datasets.vectors import base
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
    with pytest.raises(ValueError, match="neighbors .* do not fit 4 queries"):
        VectorSet("x", "euclidean", images.vectors, images.vectors, np.zeros((3, 1), np.int64))
    with pytest.raises(ValueError, match="'neighbors' is missing"):
        VectorSet("x", "euclidean", images.vectors, images.vectors, distances=np.zeros((4, 1), np.float32))
    with pytest.raises(ValueError, match="query_rows name row 4"):
        VectorSet("x", "euclidean", images.vectors, images.vectors, query_rows=np.array([0, 1, 2, 4]))
    with pytest.raises(ValueError, match=r"cameras of queries must be \(4,\) int64, not \(3,\)"):
        VectorSet("x", "euclidean", images.vectors, images.vectors, query_cameras=np.zeros(3, np.int64))
    pairs = Pairs(np.array([[0, 4]]), np.array([True]), np.array([0]))
    with pytest.raises(ValueError, match="pairs name row 4, the gallery has 4"):
        VectorSet("x", "euclidean", images.vectors, images.vectors, pairs=pairs)
    with pytest.raises(ValueError, match="uint8 codes, not float32"):
        VectorSet("x", "hamming", images.vectors, images.vectors)
    with pytest.raises(ValueError, match="float64"):
        VectorSet("x", "euclidean", images.vectors.astype(np.float64), images.vectors)


def plain_set(**changes) -> VectorSet:
    rng = np.random.default_rng(0)
    vectors = rng.integers(0, 256, (60, 4), dtype=np.uint8)
    return VectorSet(**{"name": "x", "metric": "euclidean", "gallery": vectors[10:], "queries": vectors[:10]} | changes)


def test_codes_bytes_and_floats_have_dimensions():
    assert plain_set().dim == 4 and plain_set(metric="hamming").dim == 32
    assert plain_set(gallery=np.ones((3, 4), np.int8)).dim == 4


def test_rows_that_are_queries_are_their_own_whatever_their_names():
    own = np.array([3, -1, 7, *range(7)])
    assert plain_set(query_rows=own).own_rows is own
    assert (plain_set().own_rows == -1).all()
    found = with_neighbors(plain_set(query_rows=own), k=49)
    assert not (found.neighbors == own[:, None]).any()


def test_a_fingerprint_tells_sets_apart():
    one = plain_set()
    other = one.gallery.copy()
    other[20, 2] ^= 1
    own = np.full(10, -1)
    same = plain_set(name="y", gallery=np.asfortranarray(one.gallery), query_rows=own.copy())
    assert same.fingerprint() == one.fingerprint() and len(one.fingerprint()) == 16
    own[3] = 5
    differing = [
        one,
        plain_set(gallery=other),
        plain_set(queries=other[:10]),
        plain_set(metric="angular"),
        plain_set(gallery=one.gallery[:-1]),
        plain_set(gallery=one.gallery.view(np.int8)),
        plain_set(query_rows=own),
        plain_set(gallery_labels=np.arange(50)),
        plain_set(gallery_labels=np.arange(50)[::-1]),
        plain_set(query_labels=np.arange(10)),
        plain_set(gallery_labels=np.arange(50), query_labels=np.arange(10)),
        plain_set(queries=one.gallery, query_rows=np.arange(50)),
        plain_set(queries=one.gallery, attrs={"leave_one_out": True}),
    ]
    assert len({vector_set.fingerprint() for vector_set in differing}) == len(differing)


def test_the_fingerprint_of_a_large_set_reads_some_rows_only(monkeypatch):
    monkeypatch.setattr(base, "_HASHED_BYTES", 100)
    monkeypatch.setattr(base, "_HASHED_ROWS", 8)
    one = plain_set()
    prints = set()
    for row in range(50):
        other = one.gallery.copy()
        other[row] ^= 255
        prints.add(plain_set(gallery=other).fingerprint())
    assert one.fingerprint() in prints and len(prints) == 8 + 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_values_that_are_no_numbers_are_found(monkeypatch, value):
    monkeypatch.setattr(base, "_BLOCK_BYTES", 100)
    gallery, queries = np.ones((30, 4), np.float32), np.ones((3, 4), np.float32)
    plain_set(gallery=gallery, queries=queries).check_finite()
    plain_set().check_finite()
    gallery[17, 3] = value
    gallery[20, 0] = value
    with pytest.raises(
        InputError, match="vectors x: 2 of 30 rows of the gallery hold NaN, .* the first is row 17; mend"
    ):
        plain_set(gallery=gallery, queries=gallery[[20, 5]]).check_finite()
    queries[1, 0] = value
    with pytest.raises(InputError, match="1 of 3 rows of the queries hold .* the first is row 1;"):
        plain_set(gallery=np.ones((30, 4), np.float32), queries=queries).check_finite()
