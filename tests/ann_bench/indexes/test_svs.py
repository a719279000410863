"""svs: what its build string and window do, answers that it fills up with zeros, processors that are not Intel's."""

import numpy as np
import pytest
from small_search import GALLERY, QUERIES, assert_tuned_by, recall

from ann_bench import indexes
from ann_bench.factory import vamana
from ann_bench.indexes.svs import Index
from datasets.errors import InputError
from datasets.vectors import exact

pytestmark = pytest.mark.skipif(not indexes.installed("svs"), reason="not installed")


def filled(build="f32,degree=8,window=20", gallery=GALLERY, metric="euclidean"):
    index = Index(build, dim=gallery.shape[1], metric=metric, count=len(gallery))
    index.set_threads(1)
    index.add(gallery)
    return index


def test_window_and_links_buy_recall():
    sparse, dense = filled(), filled("f32,degree=32,window=100")
    sparse.tune(window=10)
    low = recall(sparse)
    sparse.tune(window=100)
    high = recall(sparse)
    dense.tune(window=100)
    assert low < high - 0.1 < high < recall(dense)


def test_tuned_without_a_window_it_is_as_at_first():
    assert_tuned_by(filled(), window=300)


def test_tuned_before_it_is_loaded_it_stays_tuned(tmp_path):
    filled().save(tmp_path / "index")
    index, other = (Index("f32,degree=8,window=20", dim=24, metric="euclidean", count=len(GALLERY)) for _ in range(2))
    for one in (index, other):
        one.load(tmp_path / "index")
    other.tune(window=300)
    assert recall(other) > recall(index)


def test_one_thread_builds_the_same_twice():
    one, other = filled(), filled()
    assert (one.search(QUERIES, 10)[0] == other.search(QUERIES, 10)[0]).all()


@pytest.mark.parametrize("metric", ("angular", "inner_product"))
def test_distances_of_products(metric):
    rows = GALLERY / np.linalg.norm(GALLERY, axis=1, keepdims=True) if metric == "angular" else GALLERY
    neighbors, distances = filled("f32", rows[:300], metric).search(QUERIES[:5], 4)
    products = np.einsum("qd,qkd->qk", QUERIES[:5], rows[neighbors])
    np.testing.assert_allclose(distances, products if metric == "inner_product" else 1 - products, atol=1e-4)


@pytest.mark.parametrize("metric", ("euclidean", "inner_product"))
@pytest.mark.parametrize("queries", (1, 6))
def test_what_svs_makes_up_is_not_there(metric, queries):
    """Of many equal rows SVS reaches few, and fills up with its first row at the distance 0."""
    gallery = np.repeat(GALLERY[:3], 300, axis=0)
    asked = np.concatenate([gallery[:1], QUERIES])[:queries]
    neighbors, distances = filled("f32,degree=32,window=64", gallery, metric).search(asked, 60)
    assert (neighbors < 0).any(), "otherwise this tests nothing"
    far = -np.inf if metric == "inner_product" else np.inf
    for found, apart, query in zip(neighbors, distances, asked, strict=True):
        there = found >= 0
        assert len(set(found[there].tolist())) == there.sum() and not there[there.sum() :].any()
        assert (apart[~there] == far).all()
        given = gallery[found[there]]
        true = np.linalg.norm(given - query, axis=1) if metric == "euclidean" else given @ query
        np.testing.assert_allclose(apart[there], true, atol=1e-3)


class Zeros:
    """A graph that knows how far its row 0 is."""

    def __init__(self, apart):
        self.apart = apart

    def get_distance(self, row, query):
        return self.apart


@pytest.mark.parametrize(
    "neighbors, distances, apart, left",
    (
        ([4, 2, 0, 0, 0], [1, 2, 0, 0, 0], 7.0, 2),
        ([4, 2, 0, 0, 0], [0, 0, 0, 0, 0], 0.0, 3),  # row 0 is there, once
        ([4, 2, 0, 0, 0], [0, 0, 0, 0, 0], 7.0, 2),
        ([0, 4, 2, 0, 0], [0, 0, 3, 0, 0], 0.0, 3),  # there already
        ([0, 4, 2, 0, 0], [5, 6, 7, 0, 0], 5.0, 3),
        ([1, 4, 2, 3, 0], [0, 0, 0, 0, 0], 0.0, 5),
        ([0, 0, 0, 0, 0], [0, 0, 0, 0, 0], 7.0, 0),
    ),
)
def test_only_what_is_made_up_is_forgotten(neighbors, distances, apart, left):
    build = vamana.Build.read("f32", "euclidean", 4)
    found, far = np.array([neighbors]), np.array([distances], np.float32)
    build.forget_what_is_not_there(Zeros(apart), np.zeros((1, 4)), found, far)
    assert found[0].tolist() == neighbors[:left] + [-1] * (5 - left)
    assert far[0].tolist() == distances[:left] + [np.inf] * (5 - left)


@pytest.mark.parametrize("stored", ("LVQ8", "LVQ4x8", "LeanVec8x8"))
def test_what_would_end_the_process_is_one_line(stored, monkeypatch):
    monkeypatch.setattr(vamana, "on_intel", lambda: False)
    with pytest.raises(InputError, match=f"--build={stored}: SVS has {stored} only on processors by Intel"):
        Index(stored, dim=64, metric="euclidean", count=10)
    monkeypatch.setattr(vamana, "on_intel", lambda: True)
    index = Index(stored, dim=64, metric="euclidean", count=10**6)
    assert index.estimate().disk < Index("f32", dim=64, metric="euclidean", count=10**6).estimate().disk
    assert not index.changes and not index.exact_distances


def test_dimensions_of_a_leanvec(monkeypatch):
    monkeypatch.setattr(vamana, "on_intel", lambda: True)
    assert vamana.Build.read("LeanVec8x8,dims=16", "euclidean", 64).lean == 16
    with pytest.raises(InputError, match="dims must be at most 64"):
        vamana.Build.read("LeanVec8x8,dims=65", "euclidean", 64)


@pytest.mark.parametrize(
    "build, metric, said",
    (
        ("", "euclidean", "begin with f32, f16"),
        ("f32,degree=3", "euclidean", "degree must be at least 4"),
        ("f32,alpha=0.9", "euclidean", "alpha must be a number from 1 to 10"),
        ("f32,alpha=1.2", "angular", "alpha must be a number from 0.1 to 1"),
        ("f32,alpha=x", "angular", "alpha must be a number"),
        ("f32,widow=9", "euclidean", "did you mean window"),
    ),
)
def test_what_svs_cannot_build(build, metric, said):
    with pytest.raises(InputError, match=f"--build={build}: .*{said}"):
        Index(build, dim=8, metric=metric, count=10)


def test_alpha_is_what_svs_takes_by_itself():
    assert vamana.Build.read("f32", "euclidean", 8) == vamana.Build.read("f32,alpha=1.2", "euclidean", 8)
    assert vamana.Build.read("f32", "angular", 8) == vamana.Build.read("f32,alpha=0.95", "angular", 8)


def test_a_graph_that_can_change_takes_whole_blocks():
    still, changing = (Index("f32", dim=32, metric="euclidean", count=1000) for _ in range(2))
    changing.expect_changes()
    assert still.estimate().memory < 1e6 < 1e9 < changing.estimate().memory < 4e9


@pytest.mark.parametrize("build", ("f32,degree=8", "f16,degree=32"))
def test_estimate(build, tmp_path):
    index = filled(build)
    index.save(tmp_path / "index")
    size = sum(file.stat().st_size for file in (tmp_path / "index").rglob("*") if file.is_file())
    assert index.estimate().disk == pytest.approx(size, rel=0.05)


def test_half_precision_finds_nearly_the_same():
    index = filled("f16,degree=32,window=100")
    index.tune(window=200)
    truth = exact.search(QUERIES, GALLERY, 10)[0]
    assert np.mean([len(set(a) & set(b)) for a, b in zip(index.search(QUERIES, 10)[0], truth, strict=True)]) > 9.5


def test_numbers_that_half_precision_cannot_hold():
    with pytest.raises(InputError, match="f16: it holds numbers up to 65,504"):
        filled("f16", 1000 * GALLERY[:50] * 65)
