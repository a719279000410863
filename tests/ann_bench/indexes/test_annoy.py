"""Annoy: what its trees and search_k do, seeds, threads, and the estimate."""

import time

import numpy as np
import pytest
from small_search import GALLERY, QUERIES, assert_tuned_by, recall

from ann_bench.indexes.annoy import Index, grids
from datasets.errors import InputError


def filled(build="trees=5", threads=1, seed=0, gallery=GALLERY, metric="euclidean"):
    dim = gallery.shape[1] * (8 if metric == "hamming" else 1)
    index = Index(build, dim=dim, metric=metric, count=len(gallery), seed=seed)
    index.set_threads(threads)
    index.add(gallery)
    index.finish()
    return index


def test_search_k_and_trees_buy_recall():
    few, many = filled(), filled("trees=40")
    few.tune(search_k=20)
    low = recall(few)
    few.tune(search_k=500)
    high = recall(few)
    many.tune(search_k=2000)
    assert low < high - 0.1 < high < recall(many)


def test_tuned_without_search_k_it_is_as_at_first():
    assert_tuned_by(filled(), search_k=1000)


@pytest.mark.parametrize("threads", (1, 2))
def test_the_seed_decides(threads):
    one, same, other = (filled(threads=threads, seed=seed).search(QUERIES, 10)[0] for seed in (1, 1, 2))
    assert (one == same).all() and (one != other).any()


def test_few_looked_at_are_filled_up_with_none():
    index = filled("trees=1")
    index.tune(search_k=1)
    neighbors, distances = index.search(QUERIES, 100)
    missing = neighbors < 0
    assert missing.any() and np.isinf(distances[missing]).all() and np.isfinite(distances[~missing]).all()
    _, products = filled(gallery=GALLERY[:5], metric="inner_product").search(QUERIES[:2], 8)
    assert (products[:, 5:] == -np.inf).all() and np.isfinite(products[:, :5]).all()


def test_a_batch_is_searched_by_one_thread_and_it_says_so():
    assert Index.batch_threads == 1
    index = filled("trees=20", threads=2)
    index.tune(search_k=1500)
    queries = np.tile(QUERIES, (20, 1))
    wall, work = time.perf_counter(), time.process_time()
    index.find(queries, 10)
    assert time.process_time() - work < 1.3 * (time.perf_counter() - wall) + 0.02


def test_what_is_timed_makes_no_arrays_to_fill(monkeypatch):
    index = filled("trees=1")
    monkeypatch.setattr(np, "full", lambda *_, **__: pytest.fail("np.full takes longer than a search"))
    for search_k in (1, 500):  # some missing, and none
        index.tune(search_k=search_k)
        assert index.find(QUERIES[:1], 60)[0].shape == (1, 60)


def test_a_thousand_equal_rows():
    index = filled(gallery=np.ones((1000, 24), np.float32))
    neighbors, distances = index.search(np.ones((1, 24), np.float32), 10)
    assert len(set(neighbors[0].tolist())) == 10 and (distances == 0).all()


@pytest.mark.parametrize("build", ("trees=0", "trees=-1", "trees=2.5", "trees", f"trees={2**31}"))
def test_numbers_of_trees_that_are_none(build):
    with pytest.raises(InputError, match=f"--build={build}: trees must be a whole number"):
        Index(build, dim=8, metric="euclidean", count=10)


def test_a_misspelt_setting_gets_a_suggestion():
    with pytest.raises(InputError, match="did you mean trees"):
        Index("tree=50", dim=8, metric="euclidean", count=10)


@pytest.mark.parametrize("metric", ("euclidean", "angular", "inner_product", "hamming"))
@pytest.mark.parametrize("trees", (1, 30))
def test_estimate(metric, trees, tmp_path):
    gallery = np.random.default_rng(0).integers(0, 256, (1500, 12)).astype(np.uint8) if metric == "hamming" else GALLERY
    index = filled(f"trees={trees}", gallery=gallery, metric=metric)
    index.save(tmp_path / "index")
    assert index.estimate().disk == pytest.approx((tmp_path / "index").stat().st_size, rel=0.2)


def test_larger_sets_get_fewer_forests():
    assert [len(grids(count, 128, "euclidean")) for count in (10_000, 10**8)] == [3, 1]
