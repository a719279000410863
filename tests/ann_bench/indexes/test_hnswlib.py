"""hnswlib: what its build string and ef do, and answers where its graph finds too few."""

import sys

import numpy as np
import pytest
from small_search import GALLERY, QUERIES, assert_tuned_by, recall

from ann_bench.indexes.hnswlib import Index, grids
from datasets.attributes.condition import All
from datasets.errors import InputError


def filled(build="M=4,ef_construction=30", gallery=GALLERY, metric="euclidean", count=None):
    index = Index(build, dim=24, metric=metric, count=count or len(gallery))
    index.set_threads(1)
    index.add(gallery)
    return index


def test_ef_and_links_buy_recall():
    sparse, dense = filled(), filled("M=16,ef_construction=100")
    sparse.tune(ef=10)
    low = recall(sparse)
    sparse.tune(ef=200)
    high = recall(sparse)
    dense.tune(ef=200)
    assert low < high - 0.1 < high < recall(dense)


def test_tuned_without_ef_it_is_as_at_first():
    assert_tuned_by(filled(), ef=500)


def test_settings_left_out_are_the_defaults():
    assert (
        Index("", dim=8, metric="angular", count=9).estimate()
        == Index("M=16", dim=8, metric="angular", count=9).estimate()
    )


def test_the_same_seed_on_one_thread_builds_the_same():
    one, other = filled(), filled()
    assert (one.search(QUERIES, 10)[0] == other.search(QUERIES, 10)[0]).all()


def test_a_graph_in_pieces_answers_with_what_it_can_reach():
    """Many copies of two rows: each is linked to its own copies only."""
    gallery = np.repeat(GALLERY[:2] * 100, 300, axis=0)
    index = filled("M=2,ef_construction=2", gallery)
    neighbors, distances = index.search(QUERIES[:3], 600)
    assert (neighbors < 0).any(), "otherwise this tests nothing"
    for found, apart in zip(neighbors, distances, strict=True):
        there = found >= 0
        assert there.any() and len(set(found[there].tolist())) == there.sum()
        assert not there[there.sum() :].any() and np.isinf(apart[~there]).all() and np.isfinite(apart[there]).all()


def test_one_query_that_finds_too_few_does_not_part_all_the_others():
    index = filled()
    whole, asked = index.made(), []

    class Short:
        """The graph, but far queries find only 3."""

        def knn_query(self, queries, k, **how):
            asked.append(len(queries))
            if k > 3 and (queries > 500).any():
                raise RuntimeError("fewer than k")
            return whole.knn_query(queries, k)

        def get_current_count(self):
            return whole.get_current_count()

    queries = np.tile(QUERIES[:32], (8, 1))
    queries[77] = 1000
    index._graph = Short()
    neighbors, distances = index.find(queries, 10)
    assert neighbors.dtype == np.int64 and (neighbors[77, 3:] == -1).all() and np.isinf(distances[77, 3:]).all()
    others = np.arange(256) != 77
    assert (neighbors[others] == whole.knn_query(queries[others], 10)[0]).all() and (neighbors[77, :3] >= 0).all()
    assert len(asked) < 30, "not query by query"


def test_missing_inner_products_are_the_lowest():
    _, distances = filled(metric="inner_product", gallery=GALLERY[:5]).search(QUERIES[:2], 8)
    assert (distances[:, 5:] == -np.inf).all() and np.isfinite(distances[:, :5]).all()


@pytest.mark.parametrize("build", ("M=1", "M=10001"))
def test_links_that_hnswlib_cannot_do(build):
    with pytest.raises(InputError, match=f"--build={build}: M must be from 2 to 10000"):
        Index(build, dim=8, metric="euclidean", count=10)


@pytest.mark.parametrize("build", ("M=0", "M=-3", "M=x", "M", "ef_construction=1e3", f"M={2**40}"))
def test_numbers_that_are_none(build):
    with pytest.raises(InputError, match=f"--build={build}: .* must be a whole number from 1"):
        Index(build, dim=8, metric="euclidean", count=10)


def test_a_misspelt_setting_gets_a_suggestion():
    with pytest.raises(InputError, match="did you mean ef_construction"):
        Index("ef_constuction=100", dim=8, metric="euclidean", count=10)


def test_an_estimate_takes_no_memory():
    index = Index("M=16", dim=960, metric="euclidean", count=10**12)
    assert index.estimate().disk > 960 * 4 * 10**12


@pytest.mark.parametrize("build", ("M=2", "M=8", "M=48"))
def test_estimate(build, tmp_path):
    index = filled(build)
    index.save(tmp_path / "index")
    assert index.estimate().disk == pytest.approx((tmp_path / "index").stat().st_size, rel=0.05)


def test_larger_sets_get_fewer_graphs():
    assert [len(grids(count, 128, "euclidean")) for count in (10_000, 10**6, 10**9)] == [3, 2, 1]


def test_what_a_condition_takes_is_told():
    holds = filled().passing(All(), np.ones(len(GALLERY), bool)).holds
    assert sys.getsizeof(holds.__self__) <= Index.passing_bytes * len(GALLERY) + 100


def test_where_too_few_pass_the_rest_is_empty():
    index = filled()
    for count in (0, 1, 7):
        rows = np.zeros(len(GALLERY), bool)
        rows[100 : 100 + count] = True
        neighbors, distances = index.find_passing(QUERIES[:4], 10, index.passing(All(), rows))
        assert np.isin(neighbors, [*range(100, 100 + count), -1]).all() and neighbors.dtype == np.int64
        assert (neighbors[:, count:] == -1).all() and np.isinf(distances[neighbors < 0]).all()
        assert (neighbors[:, :count] >= 0).all(), "hnswlib goes on until it has found them"


def test_places_of_removed_rows_are_given_to_new_ones_where_the_build_says_so():
    for build, places in (("M=4", len(GALLERY)), ("M=4,replace_deleted=1", len(GALLERY) - 50)):
        index = filled(build, GALLERY[:-50], count=len(GALLERY))
        index.remove(np.arange(50))
        index.add(GALLERY[-50:])
        assert index.made().get_current_count() == places
        found = index.search(QUERIES, 10)[0]
        assert found.min() >= 50 and (found >= len(GALLERY) - 50).any()


def test_more_rows_than_were_announced_have_room_too():
    index = filled(gallery=GALLERY[:100])
    index.add(GALLERY[100:250])
    assert index.search(GALLERY[249:250], 1)[0][0, 0] == 249
