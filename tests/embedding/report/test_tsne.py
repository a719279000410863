"""t-SNE keeps neighbors together, is seeded and stands any input; the sample takes alike many of every class."""

import numpy as np
import pytest

from embedding.report.tsne import sample_by_class, tsne


def blobs(count: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.arange(count) % classes
    vectors = 3 * rng.normal(size=(classes, 8))[labels] + 0.3 * rng.normal(size=(count, 8))
    return vectors.astype(np.float32), labels


def test_near_vectors_lie_near():
    vectors, labels = blobs(120, 6)
    places = tsne(vectors)
    between = np.linalg.norm(places[:, None] - places, axis=2)
    np.fill_diagonal(between, np.inf)
    assert (labels[between.argmin(axis=1)] == labels).all()


def test_the_seed_decides(capfd, caplog):
    vectors, _ = blobs(60, 3)
    assert (tsne(vectors, seed=1) == tsne(vectors, seed=1)).all()
    assert not np.allclose(tsne(vectors, seed=1), tsne(vectors, seed=2))
    assert capfd.readouterr() == ("", "") and not caplog.records


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 33])
@pytest.mark.parametrize("dimensions", [1, 8])
def test_any_size_and_duplicates(count, dimensions):
    vectors = np.random.default_rng(0).normal(size=(count, dimensions)).astype(np.float32)
    for these in (vectors, np.ones_like(vectors)):
        places = tsne(these)
        assert places.shape == (count, 2) and np.isfinite(places).all()


def test_all_rows_where_they_fit():
    assert sample_by_class(np.array([3, 1, 3]), 3).tolist() == [0, 1, 2]


def test_alike_many_of_every_class():
    labels = np.repeat([0, 1, 2], [1000, 100, 5])
    rows = sample_by_class(labels, 60)
    assert (np.diff(rows) > 0).all()
    assert np.bincount(labels[rows]).tolist() == [20, 20, 5]


def test_whole_groups_of_some_where_there_are_many_classes():
    labels = np.arange(5000) % 500
    rows = sample_by_class(labels, 100, seed=3)
    sizes = np.bincount(labels[rows])
    assert len(rows) == 100 and sizes.max() == 8 and (sizes == 8).sum() == 12
    assert (rows == sample_by_class(labels, 100, seed=3)).all()
    assert (rows != sample_by_class(labels, 100, seed=4)).any()
