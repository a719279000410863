"""Average linkage: scipy's tree, without its matrix; duplicates, zeros, stops and cuts."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist, squareform

from embedding.categories import linkage as ours
from embedding.categories.linkage import average_linkage
from embedding.categories.neighborhood import unit_rows
from embedding.evaluation import metrics


def sphere(count: int, classes: int, *, spread: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    return unit_rows(rng.normal(size=(classes, 16))[labels] + spread * rng.normal(size=(count, 16))), labels


def scipy_tree(vectors: np.ndarray) -> np.ndarray:
    return linkage(pdist(vectors.astype(np.float64), "sqeuclidean") / 2, "average")  # 1 - cosine


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return metrics.pairwise_f1(a, b) == 1


@pytest.mark.parametrize("spread", [0.2, 1.0, 5.0])
@pytest.mark.parametrize("count", [2, 3, 60, 500])
def test_the_tree_is_that_of_scipy(count, spread):
    vectors, _ = sphere(count, 12, spread=spread)
    tree, theirs = average_linkage(vectors, stop=2.0), scipy_tree(vectors)
    assert tree.pairs.shape == (count - 1, 2) and (np.diff(tree.heights) >= 0).all()
    np.testing.assert_allclose(tree.heights, theirs[:, 2], atol=2e-6)
    for height in np.quantile(theirs[:, 2], [0.1, 0.5, 0.9]) + 1e-5:
        assert same(tree.cut(height), fcluster(theirs, height, "distance"))


def test_a_height_is_the_mean_over_all_pairs():
    vectors, _ = sphere(40, 4, spread=1.0)
    tree = average_linkage(vectors, stop=2.0)
    members = [[row] for row in range(40)]
    distances = squareform(pdist(vectors.astype(np.float64), "cosine"))
    for (a, b), height in zip(tree.pairs, tree.heights, strict=True):
        assert height == pytest.approx(np.mean([distances[i, j] for i in members[a] for j in members[b]]), abs=1e-6)
        members.append(members[a] + members[b])
    assert sorted(members[-1]) == list(range(40))


def test_a_stop_leaves_the_lower_part_of_the_tree():
    vectors, _ = sphere(400, 20, spread=0.8)
    whole, part = average_linkage(vectors, stop=2.0), average_linkage(vectors, stop=0.4)
    below = whole.heights <= 0.4
    assert 0 < below.sum() < 399
    np.testing.assert_allclose(part.heights, whole.heights[below], atol=1e-6)
    assert same(part.cut(9.0), whole.cut(0.4))


def test_without_a_stop_it_ends_at_the_mean_of_all_pairs():
    vectors, _ = sphere(200, 8, spread=0.5)
    mean = pdist(vectors.astype(np.float64), "cosine").mean()
    heights = average_linkage(vectors, stop=2.0).heights
    assert len(average_linkage(vectors).heights) == (heights <= mean).sum() < 199


def test_far_fewer_searches_than_merges(monkeypatch):
    vectors, _ = sphere(600, 30, spread=0.8)
    searches = []
    search = ours.exact.search
    monkeypatch.setattr(ours.exact, "search", lambda *args, **how: searches.append(1) or search(*args, **how))
    assert len(average_linkage(vectors, stop=2.0).heights) == 599
    assert len(searches) < 60


def test_many_copies_of_an_image_are_one_cluster_in_few_rounds(monkeypatch):
    vectors, _ = sphere(30, 30, spread=1.0)
    many = np.concatenate([np.repeat(vectors[:1], 300, axis=0), np.repeat(vectors[1:2], 100, axis=0), vectors])
    searches = []
    search = ours.exact.search
    monkeypatch.setattr(ours.exact, "search", lambda *args, **how: searches.append(1) or search(*args, **how))
    tree = average_linkage(many, stop=2.0)
    assert len(tree.heights) == len(many) - 1 and len(searches) < 60
    theirs = scipy_tree(many)
    assert same(tree.cut(1e-4), fcluster(theirs, 1e-4, "distance"))
    np.testing.assert_allclose(tree.heights, theirs[:, 2], atol=5e-6)


@pytest.mark.parametrize("nearest", [[1, 2, 0], [1, 0, 1], [1, 2, 3, 2, 0], [1, 0, 3, 2]])
@pytest.mark.parametrize("same_ones", [(), (0,), (1, 2), (0, 1, 2)])
def test_every_round_merges_something_into_what_stays(nearest, same_ones):
    distances = np.linspace(0.1, 0.2, len(nearest))
    distances[list(same_ones)] = 0
    into = ours._targets(np.array(nearest), distances)
    assert (into >= 0).any()
    assert (into[into[into >= 0]] == -1).all()  # what is merged into stays
    for a in same_ones:  # duplicates end in the same place
        assert (into[a] if into[a] >= 0 else a) == (into[nearest[a]] if into[nearest[a]] >= 0 else nearest[a])


def test_zeros_nothing_and_one():
    assert average_linkage(np.zeros((5, 4), np.float32), stop=0.9).cut(0.9).tolist() == [0, 1, 2, 3, 4]
    assert average_linkage(np.zeros((0, 4), np.float32)).cut(1.0).shape == (0,)
    assert average_linkage(np.ones((1, 4), np.float32) / 2).cut(1.0).tolist() == [0]


def test_a_cut_to_k_counts_large_clusters_only():
    vectors, labels = sphere(200, 10, spread=0.1)
    rng = np.random.default_rng(1)
    stray = unit_rows(rng.normal(size=(20, 16)))
    tree = average_linkage(np.concatenate([vectors, stray]), stop=2.0)
    found = tree.cut_to(10, min_size=5)
    assert (np.bincount(found) >= 5).sum() == 10
    assert metrics.nmi(labels, found[:200]) == pytest.approx(1)
    assert (np.bincount(tree.cut_to(10, min_size=1)) >= 1).sum() == 10  # strays among them
    assert (np.bincount(tree.cut_to(50, min_size=5)) >= 5).sum() >= 10  # as many as there ever are
