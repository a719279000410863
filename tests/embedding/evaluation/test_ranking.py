"""Rankings: places and the first of them are those of a stable sort of all, whatever the blocks."""

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.evaluation import ranking
from embedding.evaluation.ranking import Ranking


def sorted_places(scores: np.ndarray) -> np.ndarray:
    """(Q, G) at which place each position stands, by sorting all."""
    return np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1, kind="stable")


def some_of(rng: np.random.Generator, queries: int, size: int, most: int) -> list[np.ndarray]:
    return [rng.permutation(size)[:count] for count in rng.integers(0, most, queries)]


def check(found: Ranking, scores: np.ndarray, wanted: list[np.ndarray]) -> None:
    places = sorted_places(scores)
    for query, (ranks, rows) in enumerate(zip(found.ranks(wanted), wanted, strict=True)):
        assert ranks.dtype == np.int64
        np.testing.assert_array_equal(ranks, places[query, rows])


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def near_and_equal(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Queries (9, 64) and a gallery (3000, 64) of one direction with noise near the last digit, and of copies."""
    rng = np.random.default_rng(seed)
    gallery = unit(np.abs(rng.normal(size=64)) + 1e-6 * rng.normal(size=(3000, 64)))
    gallery[1500:] = gallery[:1500]
    return unit(np.abs(rng.normal(size=(9, 64)))), gallery


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_places_of_scores_with_ties_are_those_of_a_stable_sort(dtype):
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 20, (40, 300)).round().astype(dtype)
    check(Ranking.of_scores(scores), scores, some_of(rng, 40, 300, 120))


def test_scores_may_be_infinite_and_all_equal():
    rng = np.random.default_rng(1)
    scores = rng.choice([-np.inf, -1.0, 0.0, 3.5, np.inf], (20, 90))
    scores[3], scores[4] = 7.0, -np.inf
    check(Ranking.of_scores(scores), scores, some_of(rng, 20, 90, 90))


def test_places_of_vectors_are_those_of_a_stable_sort_in_double_precision():
    rng = np.random.default_rng(2)
    queries, gallery = rng.normal(size=(30, 48)).astype(np.float32), rng.normal(size=(2000, 48)).astype(np.float32)
    check(
        Ranking.of_vectors(queries, gallery),
        queries.astype(float) @ gallery.T.astype(float),
        some_of(rng, 30, 2000, 300),
    )


def test_places_hold_where_scores_differ_by_less_than_single_precision_tells():
    queries, gallery = near_and_equal()
    plain, wanted = queries.astype(float) @ gallery.T.astype(float), [np.arange(3000)] * len(queries)
    assert (sorted_places(queries @ gallery.T) != sorted_places(plain)).mean() > 0.3
    found = Ranking.of_vectors(queries, gallery).ranks(wanted)
    # A sum of 64 terms in double precision is right to 1e-15 or so, in whatever order; some scores differ by less.
    assert (np.array(found) != sorted_places(plain)).mean() < 1e-3
    assert all((places[:1500] < places[1500:]).all() for places in found)  # of copies the lower position


def test_products_that_single_precision_makes_zero():
    queries, gallery = np.full((1, 3), 1e-30, np.float32), np.diag(np.float32([1e-30, 3e-30, 2e-30]))
    assert Ranking.of_vectors(queries, gallery).ranks([np.arange(3)])[0].tolist() == [2, 0, 1]
    assert Ranking.of_vectors(queries, gallery).first(2)[0].tolist() == [[1, 2]]


def test_places_do_not_depend_on_blocks_or_on_who_else_asks(monkeypatch):
    queries, gallery = near_and_equal(1)
    wanted = some_of(np.random.default_rng(3), len(queries), 3000, 900)
    whole, nearest = Ranking.of_vectors(queries, gallery).ranks(wanted), Ranking.of_vectors(queries, gallery).first(40)
    for held, asked in ((900, 1), (64 * 700, 4), (1 << 22, 5)):
        monkeypatch.setattr(ranking, "_SCORES", held)
        monkeypatch.setattr(ranking, "_QUERIES", asked)
        again = Ranking.of_vectors(queries, gallery)
        for before, after in zip((*whole, *nearest), (*again.ranks(wanted), *again.first(40)), strict=True):
            np.testing.assert_array_equal(before, after)
    alone = Ranking.of_vectors(queries[4:5], gallery)
    np.testing.assert_array_equal(alone.ranks(wanted[4:5])[0], whole[4])
    np.testing.assert_array_equal(alone.first(40)[0][0], nearest[0][4])


@pytest.mark.parametrize("k", [1, 7, 3000, 5000])
def test_the_first_are_those_of_a_stable_sort(k):
    rng = np.random.default_rng(4)
    scores = rng.normal(0, 30, (12, 3000)).round()
    neighbors, values = Ranking.of_scores(scores).first(k)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(neighbors, order)
    np.testing.assert_array_equal(values, np.take_along_axis(scores, order, axis=1).astype(np.float32))
    assert values.dtype == np.float32


def test_the_first_stand_at_the_first_places():
    found = Ranking.of_vectors(*near_and_equal(2))
    neighbors, scores = found.first(60)
    assert np.array_equal(found.ranks(list(neighbors)), np.tile(np.arange(60), (9, 1)))
    assert (np.diff(scores, axis=1) <= 0).all()


def test_a_gallery_mapped_from_a_file_and_one_of_half_precision(tmp_path):
    rng = np.random.default_rng(5)
    queries, gallery = rng.normal(size=(6, 16)).astype(np.float32), rng.normal(size=(500, 16)).astype(np.float16)
    np.save(tmp_path / "gallery.npy", gallery)
    wanted, scores = some_of(rng, 6, 500, 60), queries.astype(float) @ gallery.T.astype(float)
    for given in (gallery, np.load(tmp_path / "gallery.npy", mmap_mode="r"), gallery.astype(np.float32)[:, ::1]):
        check(Ranking.of_vectors(queries, given), scores, wanted)


def test_reordered():
    scores = np.array([[5.0, 4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0, 5.0]])
    found = Ranking.of_scores(scores).reordered(np.array([[2, 0, 1], [3, 4, 2]]))
    neighbors, values = found.first(4)
    np.testing.assert_array_equal(neighbors, [[2, 0, 1, 3], [3, 4, 2, 1]])
    np.testing.assert_array_equal(values, [[3, 5, 4, 2], [4, 5, 3, 2]])
    np.testing.assert_array_equal(found.ranks([np.arange(5)] * 2), [[1, 2, 0, 3, 4], [4, 3, 2, 0, 1]])
    np.testing.assert_array_equal(found.first(2)[0], [[2, 0], [3, 4]])


def test_reordered_again_and_with_scores_of_its_own():
    scores = np.array([[5.0, 4.0, 3.0, 2.0, 1.0]])
    once = Ranking.of_scores(scores).reordered(np.array([[2, 0, 1]]), np.array([[0.9, 0.8, 0.7]]))
    np.testing.assert_allclose(once.first(4)[1], [[0.9, 0.8, 0.7, 2]], rtol=1e-6)
    for order, places in (([[0, 2]], [1 - 1, 2, 1, 3, 4]), ([[3, 1, 0, 2]], [2, 1, 3, 0, 4])):
        again = once.reordered(np.array(order))
        np.testing.assert_array_equal(again.ranks([np.arange(5)])[0], places)


def test_a_new_order_is_of_the_first_alone():
    found = Ranking.of_scores(np.array([[5.0, 4.0, 3.0]]))
    for wrong in ([[0, 2]], [[0, 0]], [[0, 1, 2, 2]]):
        with pytest.raises(ValueError, match="each of them once"):
            found.reordered(np.array(wrong))


def test_nothing_wanted_and_nobody_asking():
    found = Ranking.of_vectors(np.ones((3, 4), np.float32), np.ones((5, 4), np.float32))
    assert [len(ranks) for ranks in found.ranks([np.empty(0, np.int64)] * 3)] == [0, 0, 0]
    assert Ranking.of_vectors(np.empty((0, 4), np.float32), np.ones((5, 4), np.float32)).ranks([]) == []
    assert found.first(2)[0].tolist() == [[0, 1]] * 3  # zeros and copies: the lower position


@pytest.mark.parametrize("wrong", [[5], [-1]])
def test_positions_outside_of_the_gallery(wrong):
    with pytest.raises(ValueError, match="gallery of 5"):
        Ranking.of_scores(np.zeros((1, 5))).ranks([np.array(wrong)])


def test_what_is_no_number_is_refused():
    good, bad = np.ones((3, 4), np.float32), np.ones((3, 4), np.float32)
    bad[1, 2] = np.nan
    with pytest.raises(InputError, match="query 1"):
        Ranking.of_vectors(bad, good)
    with pytest.raises(InputError, match="gallery"):
        Ranking.of_vectors(good, bad).ranks([np.array([0])] * 3)
    with pytest.raises(InputError, match="query 1"):
        Ranking.of_scores(bad)
    with pytest.raises(InputError, match="dimension"):
        Ranking.of_vectors(good, good[:, :3])
