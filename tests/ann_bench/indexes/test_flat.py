"""Flat search: exact whatever the metric, also where many distances tie."""

import numpy as np
import pytest

from ann_bench.indexes.flat import Index, grids
from datasets.errors import InputError


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def filled(gallery, metric, build=""):
    index = Index(build, dim=gallery.shape[1], metric=metric, count=len(gallery))
    index.set_threads(1)
    index.add(gallery)
    index.finish()
    return index


@pytest.mark.parametrize("metric", Index.metrics)
@pytest.mark.parametrize("together", [1, 40])
def test_it_agrees_with_all_distances_sorted(metric, together):
    draw = np.random.default_rng(0)
    queries, gallery = (draw.normal(size=(n, 11)).astype(np.float32) for n in (40, 300))
    if metric == "angular":
        queries, gallery = unit(queries), unit(gallery)
    products = queries.astype(np.float64) @ gallery.T
    differences = queries[:, None].astype(np.float64) - gallery
    distances = {
        "euclidean": np.sqrt((differences**2).sum(axis=2)),
        "inner_product": -products,
        "angular": 1 - products,
    }[metric]
    index = filled(gallery, metric)
    index.tune()
    parts = [index.search(queries[start : start + together], 7) for start in range(0, 40, together)]
    neighbors, found = (np.concatenate(part) for part in zip(*parts, strict=True))
    assert (neighbors == np.argsort(distances, axis=1)[:, :7]).all()
    expected = np.sort(distances, axis=1)[:, :7] * (-1 if metric == "inner_product" else 1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_recall_is_one_where_most_distances_tie():
    draw = np.random.default_rng(1)
    queries, gallery = (draw.integers(0, 2, (n, 6)).astype(np.float32) for n in (30, 500))
    index = filled(gallery, "euclidean")
    neighbors, found = index.search(queries, 20)
    distances = np.linalg.norm(queries[:, None] - gallery, axis=2)
    np.testing.assert_allclose(found, np.sort(distances, axis=1)[:, :20], atol=1e-6)
    np.testing.assert_allclose(found, np.take_along_axis(distances, neighbors, axis=1), atol=1e-6)
    assert all(len(set(row)) == 20 for row in neighbors.tolist())


def test_a_query_that_is_in_the_gallery_is_at_zero_and_never_below():
    gallery = (1000 + np.random.default_rng(2).normal(size=(200, 32))).astype(np.float32)
    index = filled(gallery, "euclidean")
    neighbors, distances = index.search(gallery, 1)
    assert (distances >= 0).all()  # and no NaN
    alone = [index.search(gallery[row : row + 1], 1) for row in range(200)]
    assert [int(found[0, 0]) for found, _ in alone] == list(range(200))
    assert all(distance == 0 for _, distance in alone)


def test_there_is_nothing_to_choose():
    assert [grid.build for grid in grids(1000, 8, "angular")] == ["Flat"]
    index = filled(np.zeros((3, 4), np.float32), "euclidean", "Flat")
    assert index.exact_distances and not index.training_rows and not index.tunes and index.name == "flat"
    assert index.estimate().disk == pytest.approx(3 * 4 * 4, abs=100)
    with pytest.raises(InputError, match="--build=IVF8,Flat.*faiss_float"):
        Index("IVF8,Flat", dim=4, metric="euclidean", count=10)
    with pytest.raises(InputError, match="hamming"):
        Index("", dim=64, metric="hamming", count=10)
