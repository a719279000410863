"""The clock counts what it should, and answers that no honest index gives are found out."""

import importlib.util
import time
from pathlib import Path

import numpy as np
import pytest

from ann_bench import measure
from datasets.vectors.base import VectorSet, with_neighbors

PLUGIN = importlib.util.spec_from_file_location("rogue", Path(__file__).parent / "plugins" / "rogue.py")
ROGUE = importlib.util.module_from_spec(PLUGIN)
PLUGIN.loader.exec_module(ROGUE)

FOUND_OUT = {
    "twice": "twice among the neighbors",
    "too_many": "asked for 3 neighbors of each of 20 queries, it answered with 6 on average",
    "too_few": "it answered with 2 on average",
    "out_of_range": "id 60 is out of range, the gallery has rows 0 to 59",
    "no_integers": "ids must be whole numbers, not float64",
    "liar": "says that row 0 is at",
}


def vector_set(**more) -> VectorSet:
    rng = np.random.default_rng(0)
    gallery, queries = (rng.normal(size=(count, 8)).astype(np.float32) for count in (60, 20))
    return with_neighbors(VectorSet("made up", "euclidean", gallery, queries, **more), k=5)


def rogue(build: str, gallery: np.ndarray, step: int = 1) -> ROGUE.Rogue:
    index = ROGUE.Rogue(build, dim=8, metric="euclidean", count=60)
    index.add(gallery)
    index.tune(step=step)
    return index


@pytest.mark.parametrize("mode", [measure.single, measure.batch])
def test_an_honest_index_is_exact_and_every_run_is_kept(mode):
    given = vector_set()
    timed = mode(rogue("honest", given.gallery), given, given.queries, 3, runs=4)
    np.testing.assert_array_equal(timed.neighbors, given.neighbors[:, :3])
    np.testing.assert_allclose(timed.distances, given.distances[:, :3], rtol=1e-4)
    assert timed.seconds.shape == (4,) and timed.times.shape == (20,)
    assert timed.times.sum() == pytest.approx(timed.seconds.min())


@pytest.mark.parametrize("mode", [measure.single, measure.batch])
@pytest.mark.parametrize("build", FOUND_OUT)
def test_a_cheat_is_found_out(mode, build):
    given = vector_set()
    with pytest.raises(measure.Cheating, match=FOUND_OUT[build]):
        mode(rogue(build, given.gallery), given, given.queries, 3, runs=1)


def test_an_index_with_distances_of_its_own_may_round_them():
    given = vector_set()
    index = rogue("liar", given.gallery)
    index.exact_distances = False
    timed = measure.batch(index, given, given.queries, 3, runs=1)
    np.testing.assert_array_equal(timed.neighbors[0], [0, 1, 2])
    plain = np.linalg.norm(given.queries[:, None] - given.gallery[None, :3], axis=2)
    np.testing.assert_allclose(timed.distances, plain, rtol=1e-5)  # but recall is counted with the true ones


def test_a_query_does_not_find_itself():
    rows = vector_set().gallery
    given = with_neighbors(VectorSet("alone", "euclidean", rows, rows, attrs={"leave_one_out": True}), k=4)
    timed = measure.single(rogue("honest", rows, 0), given, given.queries, 4, runs=1)
    assert not (timed.neighbors == np.arange(60)[:, None]).any()
    np.testing.assert_array_equal(timed.neighbors, given.neighbors)


def test_only_the_search_itself_is_timed():
    given = vector_set()
    index, search = rogue("honest", given.gallery), ROGUE.Rogue.find

    def slow(queries, k):
        time.sleep(0.005)
        return search(index, queries, k)

    index.find = slow
    timed = measure.single(index, given, given.queries, 3, runs=1)
    assert timed.times.min() >= 0.005
    start = time.perf_counter()
    timed = measure.batch(index, given, given.queries, 3, runs=2)
    assert timed.seconds.sum() < time.perf_counter() - start
    assert len(set(timed.times)) == 1
