"""The clock counts what it should, and answers that no honest index gives are found out."""

import hashlib
import importlib.util
import itertools
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from ann_bench.measuring import clock, cores, honest, measure
from datasets.vectors import exact
from datasets.vectors.base import VectorSet, with_neighbors

PLUGIN = importlib.util.spec_from_file_location("rogue", Path(__file__).parents[2] / "shared" / "plugins" / "rogue.py")
ROGUE = importlib.util.module_from_spec(PLUGIN)
PLUGIN.loader.exec_module(ROGUE)

FOUND_OUT = {
    "twice": "twice among the neighbors",
    "too_many": r"asked for 3 neighbors of each of (1|20), it answered with arrays of \((1|20), 6\)",
    "too_few": r"it answered with arrays of \((1|20), 2\)",
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
    timed = mode(rogue("honest", given.gallery), given, given.queries, 3, runs=4, threads=2)
    np.testing.assert_array_equal(timed.neighbors, given.neighbors[:, :3])
    np.testing.assert_allclose(timed.distances, given.distances[:, :3], rtol=1e-4)
    assert timed.seconds.shape == (4,) and timed.times.shape == (20,)
    assert timed.times.sum() == pytest.approx(timed.seconds.min())


@pytest.mark.parametrize("mode", [measure.single, measure.batch])
@pytest.mark.parametrize("build", FOUND_OUT)
def test_a_cheat_is_found_out(mode, build):
    given = vector_set()
    with pytest.raises(honest.Cheating, match=FOUND_OUT[build]):
        mode(rogue(build, given.gallery), given, given.queries, 3, runs=1, threads=2)


def test_an_index_with_distances_of_its_own_may_round_them():
    given = vector_set()
    index = rogue("liar", given.gallery)
    index.exact_distances = False
    timed = measure.batch(index, given, given.queries, 3, runs=1, threads=2)
    np.testing.assert_array_equal(timed.neighbors[0], [0, 1, 2])
    plain = np.linalg.norm(given.queries[:, None] - given.gallery[None, :3], axis=2)
    np.testing.assert_allclose(timed.distances, plain, rtol=1e-5)  # but recall is counted with the true ones


def test_a_query_does_not_find_itself():
    rows = vector_set().gallery
    given = with_neighbors(VectorSet("alone", "euclidean", rows, rows, attrs={"leave_one_out": True}), k=4)
    timed = measure.single(rogue("honest", rows, 0), given, given.queries, 4, runs=1, threads=2)
    assert not (timed.neighbors == np.arange(60)[:, None]).any()
    np.testing.assert_array_equal(timed.neighbors, given.neighbors)


@pytest.mark.parametrize("mode", [measure.single, measure.batch])
def test_only_the_search_itself_is_timed(mode, monkeypatch):
    given = vector_set()
    index, between = rogue("honest", given.gallery), exact.between

    def slow(*arrays, **how):
        time.sleep(0.5)
        return between(*arrays, **how)

    monkeypatch.setattr(exact, "between", slow)
    assert mode(index, given, given.queries, 3, runs=1, threads=2).seconds.sum() < 0.4
    find = index.find
    index.find = lambda *asked: (time.sleep(0.01), find(*asked))[1]
    calls = 20 if mode is measure.single else 1
    assert mode(index, given, given.queries, 3, runs=1, threads=2).seconds.sum() >= 0.01 * calls


def answers(index, change):
    """Let ``find`` give something else from the third query on."""
    find, count = index.find, iter(range(1000))
    index.find = lambda *asked: change(next(count), *find(*asked))
    return index


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda n, ids, far: (ids[:, : 2 + n % 2], None), r"arrays of \(1, 2\) and \(1, 3\)"),
        (lambda n, ids, far: (BUFFER, None), "memory of its own"),
        (lambda n, ids, far: (ids.tolist(), None), "must be arrays"),
        (lambda n, ids, far: (Later(ids), None), "must be arrays"),
    ],
)
def test_answers_that_only_look_right_are_found_out(change, words):
    given = vector_set()
    index = answers(rogue("honest", given.gallery), change)
    with pytest.raises(honest.Cheating, match=words):
        measure.single(index, given, given.queries, 3, runs=1)


BUFFER = np.arange(3)[None]


class Later:
    """An answer that searches only when it is looked at, after the clock has stopped."""

    def __init__(self, ids):
        self.ids, self.shape, self.nbytes, self.dtype = ids, ids.shape, ids.nbytes, ids.dtype

    def __array__(self):
        return self.ids


def test_rounding_between_copies_is_no_lie():
    """|x|^2 - 2xy + |y|^2 of a row and its copy is off by some 1e-6; its root is a thousandth."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 128)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    given = with_neighbors(VectorSet("copies", "euclidean", rows, rows.copy()), k=3)

    def search(queries, k):
        squares = (queries**2).sum(1)[:, None] - 2 * queries @ rows.T + (rows**2).sum(1)
        ids = np.argsort(squares, axis=1)[:, :k]
        return ids, np.sqrt(np.take_along_axis(squares, ids, axis=1).clip(0) + 2e-6)

    index = rogue("honest", given.gallery[:, :8])
    index.find = search
    assert measure.batch(index, given, given.queries, 3, runs=1, threads=2).distances[:, 0].max() == 0
    index.find = lambda *asked: (search(*asked)[0], search(*asked)[1] + 0.1)
    with pytest.raises(honest.Cheating, match="says that row"):
        measure.batch(index, given, given.queries, 3, runs=1, threads=2)


def test_more_threads_than_allowed_are_found_out(monkeypatch):
    given = vector_set()
    index, clock = rogue("honest", given.gallery), iter([0.0, 100.0])
    monkeypatch.setattr(time, "process_time", lambda: next(clock))
    with pytest.raises(honest.Cheating, match="cores busy, though it was told to search on 1"):
        measure.single(index, given, given.queries, 3, runs=1)


def test_threads_in_a_batch_are_found_out(monkeypatch):
    """Which is not watched before, nor held on one core: of the runs themselves it is seen."""
    given = vector_set()
    index = rogue("honest", given.gallery)
    find = index.find
    index.find = lambda *asked: (time.sleep(0.1), find(*asked))[1]
    monkeypatch.setattr(time, "process_time", lambda: time.perf_counter() * 3)
    with pytest.raises(honest.Cheating, match=r"(2.9|3.0) cores busy, though it was told to search on 1"):
        measure.batch(index, given, given.queries, 3, runs=1, threads=1)
    measure.batch(index, given, given.queries, 3, runs=1, threads=3)


def test_the_cores_of_a_run_are_told():
    given = vector_set()
    index = rogue("honest", given.gallery)

    def work(queries, k):  # on this thread alone, however many others there are
        end = time.thread_time() + 0.002
        while time.thread_time() < end:
            pass
        return np.arange(k)[None].copy(), None

    index.find = work
    timed = measure.single(index, given, given.queries, 3, runs=1, threads=2)
    assert 0 < timed.cores < 3 and timed.peak > 10**7


def test_cores_are_the_processor_s_seconds_of_the_clock_s(monkeypatch):
    given = vector_set()
    clock, processor = itertools.count(), iter([0.0, 30.0])
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(clock)))  # every query takes a second
    monkeypatch.setattr(time, "process_time", lambda: next(processor))
    timed = measure.single(rogue("honest", given.gallery), given, given.queries, 3, runs=1, threads=2)
    assert timed.cores == 30 / 20


def test_a_single_thread_is_held_on_one_core_while_it_is_timed_and_then_let_go():
    given = vector_set()
    before, seen = cores.allowed(), []
    index = answers(rogue("honest", given.gallery), lambda _, *found: (seen.append(cores.allowed()), found)[1])
    timed = measure.single(index, given, given.queries, 3, runs=2)
    assert cores.allowed() == before
    assert seen[-40:] == [[timed.core]] * 40 and seen[:-40] == [before] * (len(seen) - 40)
    for mode, threads in ((measure.single, 2), (measure.batch, 1)):
        assert mode(index, given, given.queries, 3, runs=1, threads=threads).core is None
    assert seen[-1] == before == cores.allowed()


def test_where_the_system_pins_nobody_nothing_is_pinned(monkeypatch):
    def forbidden(*_):
        raise PermissionError

    monkeypatch.setattr(os, "sched_setaffinity", forbidden)
    with cores.pinned() as core:
        assert core is None
    monkeypatch.delattr(os, "sched_getaffinity")
    with cores.pinned() as core:
        assert core is None


@pytest.mark.skipif(len(cores.allowed()) < 2, reason="takes two cores")
def test_threads_of_an_index_are_found_out_although_it_is_held_on_one_core(watched, monkeypatch):
    """Two threads keep two cores busy, but one core only as much as one thread does: they are seen before."""
    given = vector_set()
    index = rogue("honest", given.gallery)
    monkeypatch.setattr(time, "process_time", lambda: time.perf_counter() * (2 if len(cores.allowed()) > 1 else 1))
    find = index.find
    index.find = lambda *asked: (time.sleep(0.01), find(*asked))[1]
    with pytest.raises(honest.Cheating, match="2.0 cores busy, though it was told to search on 1"):
        measure.single(index, given, given.queries, 3, runs=1)
    monkeypatch.setattr(measure, "WATCHED", 0)
    measure.single(index, given, given.queries, 3, runs=1)  # is blind there


def test_the_share_of_a_run_in_which_others_had_the_core_is_told(monkeypatch):
    counted = itertools.chain([1.0, 1.0], itertools.repeat(3.0))
    monkeypatch.setattr(clock, "_waited", lambda: next(counted))
    run = clock.run(lambda query: time.sleep(0.01), [(None,)] * 2)
    assert run.waited == 0 and clock.run(lambda query: None, []).waited == 0
    assert (
        measure.Runs(clock.Run([], np.array([0.5, 0.5]), 0.4, waited=0.25), *[np.zeros(1)] * 2, 0, None).waited == 0.25
    )


def spinning(seconds):
    """A thread that keeps a core busy, as BLAS's do after a product."""
    end, begun = time.perf_counter() + seconds, threading.Event()

    def spin():
        while time.perf_counter() < end:
            hashlib.sha256(bytes(1 << 20))  # without Python's lock
            begun.set()

    thread = threading.Thread(target=spin)
    thread.start()
    begun.wait()
    return thread


def test_threads_that_earlier_work_left_spinning_are_waited_for():
    thread = spinning(0.2)
    clock.settle()
    assert not thread.is_alive()


def test_threads_that_never_rest_are_not_waited_for_long(monkeypatch):
    monkeypatch.setattr(clock, "_SETTLED_BY", 0.1)
    thread = spinning(1.0)
    clock.settle()
    assert thread.is_alive()
    thread.join()
