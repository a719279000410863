"""usearch: what its build string and expansion_search do, how rows are stored, and answers with too few."""

import numpy as np
import pytest
from small_search import GALLERY, QUERIES, assert_tuned_by, recall

from ann_bench import indexes
from ann_bench.indexes.usearch import Index, grids
from datasets.errors import InputError

pytestmark = pytest.mark.skipif(not indexes.installed("usearch"), reason="not installed")


def filled(build="f32,connectivity=4,expansion_add=30", gallery=GALLERY, metric="euclidean"):
    index = Index(build, dim=gallery.shape[1], metric=metric, count=len(gallery))
    index.set_threads(1)
    index.add(gallery)
    return index


def test_expansion_and_links_buy_recall():
    sparse, dense = filled(), filled("f32,connectivity=16,expansion_add=100")
    sparse.tune(expansion_search=10)
    low = recall(sparse)
    sparse.tune(expansion_search=200)
    high = recall(sparse)
    dense.tune(expansion_search=200)
    assert low < high - 0.1 < high < recall(dense)


def test_tuned_without_expansion_it_is_as_at_first():
    assert_tuned_by(filled(), expansion_search=500)


def test_one_thread_builds_the_same_twice():
    one, other = filled(), filled()
    assert (one.search(QUERIES, 10)[0] == other.search(QUERIES, 10)[0]).all()


def test_settings_left_out_are_the_defaults():
    bare, full = (
        Index(build, dim=8, metric="euclidean", count=9) for build in ("f32", "f32,connectivity=16,expansion_add=128")
    )
    assert bare.estimate() == full.estimate()


@pytest.mark.parametrize("stored", ("f16", "bf16"))
def test_half_precision_takes_half_the_room_of_a_row(stored):
    whole, half = (Index(build, dim=960, metric="euclidean", count=1000).estimate().disk for build in ("f32", stored))
    assert whole - half == 1000 * 960 * 2


@pytest.mark.parametrize("stored, metric", (("i8", "euclidean"), ("i8", "inner_product"), ("b1", "euclidean")))
def test_what_rows_cannot_be_stored_as(stored, metric):
    """Of i8 USearch keeps only the direction of a row, and answers wrongly without a word."""
    with pytest.raises(InputError, match=f"--build={stored}: with {metric} rows can be stored as f32 or f16 or bf16"):
        Index(stored, dim=8, metric=metric, count=10)


@pytest.mark.parametrize("build", ("", "connectivity=8", "f8,connectivity=8"))
def test_how_rows_are_stored_comes_first(build):
    with pytest.raises(InputError, match="begin with f32, f16"):
        Index(build, dim=8, metric="euclidean", count=10)


@pytest.mark.parametrize("links", (1, 4097))
def test_links_that_usearch_cannot_do(links):
    with pytest.raises(InputError, match="connectivity must be from 2 to 4096"):
        Index(f"f32,connectivity={links}", dim=8, metric="euclidean", count=10)


@pytest.mark.parametrize("metric", ("euclidean", "inner_product"))
@pytest.mark.parametrize("queries", (QUERIES[:1], QUERIES[:3]), ids=("one", "three"))
def test_missing_neighbors_are_infinitely_far(metric, queries):
    neighbors, distances = filled(gallery=GALLERY[:5], metric=metric).search(queries, 8)
    far = -np.inf if metric == "inner_product" else np.inf
    assert (neighbors[:, 5:] == -1).all() and (distances[:, 5:] == far).all()
    assert (neighbors[:, :5] >= 0).all() and np.isfinite(distances[:, :5]).all()


def test_a_thousand_equal_rows():
    neighbors, distances = filled(gallery=np.ones((1000, 24), np.float32)).search(np.ones((1, 24), np.float32), 10)
    assert len(set(neighbors[0].tolist())) == 10 and (distances == 0).all()


def test_bits_differ():
    codes = np.random.default_rng(0).integers(0, 256, (300, 8)).astype(np.uint8)
    index = Index("b1", dim=64, metric="hamming", count=300)
    index.set_threads(1)
    index.add(codes)
    neighbors, distances = index.search(codes[:4], 2)
    assert (neighbors[:, 0] == range(4)).all() and (distances[:, 0] == 0).all()
    expected = np.unpackbits(codes[:4] ^ codes[neighbors[:, 1]], axis=1).sum(axis=1)
    assert (distances[:, 1] == expected).all()


@pytest.mark.parametrize("build", ("f32,connectivity=2", "f16,connectivity=8", "f32,connectivity=48"))
def test_estimate(build, tmp_path):
    index = filled(build)
    index.save(tmp_path / "index")
    assert index.estimate().disk == pytest.approx((tmp_path / "index").stat().st_size, rel=0.05)


def test_an_estimate_takes_no_memory():
    assert Index("f32", dim=960, metric="euclidean", count=10**12).estimate().disk > 960 * 4 * 10**12


def test_codes_have_their_own_grids():
    assert all(grid.build.startswith("b1,") for grid in grids(1000, 64, "hamming"))


def test_numbers_that_half_precision_cannot_hold():
    with pytest.raises(InputError, match="f16 holds numbers up to 65,504"):
        filled("f16,connectivity=4", 1000 * GALLERY[:50] * 65)
