"""The bridge to another Python, with a library made up for the purpose: what is asked, timed, and told of failures."""

import os
import time
import venv
from pathlib import Path

import numpy as np
import pytest

from ann_bench import indexes, limits
from ann_bench.environments import bridge
from ann_bench.environments.environment import Environment
from ann_bench.filters import asking
from ann_bench.measuring import clock, measure
from datasets.vectors.base import VectorSet, with_neighbors

COUNT, DIM, K = 60, 8, 5

# A library as scann's is called, which compares with all rows, and does what the queries' first number says.
LIBRARY = """
import os, time, types
import numpy as np

class Searcher:
    def __init__(self, rows):
        self.rows = rows
    def set_num_threads(self, threads):
        print("this must not come between the answers")
    def search(self, query, k, *_):
        if query[0] == 1e6:
            raise ValueError("no such\\nluck")
        if query[0] == 2e6:
            os._exit(7)
        if query[0] == 3e6:
            time.sleep(0.02)
        apart = ((self.rows - query) ** 2).sum(axis=1)
        found = np.argsort(apart, kind="stable")[:k]
        return found.astype(np.uint32), apart[found].astype(np.float32)
    def search_batched(self, queries, k, *_):
        found = [self.search(query, k) for query in queries]
        return tuple(np.stack(part) for part in zip(*found))
    def serialize(self, path, relative_path):
        np.save(path + "/rows.npy", self.rows)

class Builder:
    def __init__(self, rows, k, distance):
        self.rows = rows.copy()
    def score_brute_force(self):
        return self
    set_n_training_threads = lambda self, threads: self
    def build(self):
        return Searcher(self.rows)

scann_ops_pybind = types.SimpleNamespace(
    builder=Builder, load_searcher=lambda path: Searcher(np.load(path + "/rows.npy"))
)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An environment of its own, with NumPy from ours and that library only."""
    folder = tmp_path_factory.mktemp("scann-venv")
    venv.create(folder, with_pip=False, symlinks=True)
    (packages,) = folder.glob("lib/python3*/site-packages")
    for name in ("numpy", "numpy.libs"):
        if (there := Path(np.__file__).parents[1] / name).exists():
            (packages / name).symlink_to(there)
    (packages / "scann.py").write_text(LIBRARY)
    about = packages / "scann-9.8.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: scann\nVersion: 9.8\n")
    return folder


@pytest.fixture
def there(place, monkeypatch):
    monkeypatch.setenv("ANN_BENCH_SCANN", str(place))


@pytest.fixture
def vector_set():
    rng = np.random.default_rng(0)
    gallery, queries = (rng.normal(size=(count, DIM)).astype(np.float32) for count in (COUNT, 20))
    return with_neighbors(VectorSet("made up", "euclidean", gallery, queries), k=K)


@pytest.fixture
def index(there, vector_set):
    found = indexes.get("scann").Index("BF", dim=DIM, metric="euclidean", count=COUNT)
    found.set_threads(1)
    for block in np.array_split(vector_set.gallery, 3):
        found.add(block)
    found.finish()
    yield found
    found._bridge.end()


def test_it_is_found_by_its_variable_and_its_version_stands_with_the_points(there):
    assert indexes.installed("scann") and indexes.versions()["scann"] == "9.8"


def test_what_is_not_there_is_one_line_that_says_how_to_make_it(tmp_path, monkeypatch):
    monkeypatch.setenv("ANN_BENCH_SCANN", str(tmp_path / "none"))
    assert indexes.missing("scann").startswith(f"ANN_BENCH_SCANN={tmp_path}/none: there is no scann in it; make it")
    monkeypatch.delenv("ANN_BENCH_SCANN")
    monkeypatch.chdir(tmp_path)
    assert Environment("scann").folder.name == ".scann-venv"


def test_saved_there_and_loaded_by_another_it_finds_the_nearest(index, vector_set, tmp_path):
    index.save(tmp_path / "index")
    other = indexes.get("scann").Index("BF", dim=DIM, metric="euclidean", count=COUNT)
    other.load(tmp_path / "index")
    for one in (index, other):
        neighbors, distances = one.search(vector_set.queries, K)
        np.testing.assert_array_equal(neighbors, vector_set.neighbors)
        np.testing.assert_allclose(distances, vector_set.distances, rtol=1e-5)


@pytest.mark.parametrize("mode", [measure.single, measure.batch])
def test_it_is_measured_as_any_other(index, vector_set, mode):
    timed = mode(index, vector_set, vector_set.queries, K, runs=2, threads=1)
    np.testing.assert_array_equal(timed.neighbors, vector_set.neighbors)
    assert timed.seconds.shape == (2,) and timed.times.shape == (20,) and (timed.times > 0).all()
    assert timed.cores > 0.1, "the other process's time counts"


def test_the_clock_runs_where_the_library_is(index, vector_set):
    """The way there and back is no search, and a slow search is slow."""
    calls = [(vector_set.queries[row : row + 1], K) for row in range(20)]
    slow = np.full((1, DIM), 3e6, np.float32)
    start = time.perf_counter()
    found = clock.run(index.find, [*calls, (slow, K)])
    assert found.total < time.perf_counter() - start
    assert found.seconds[-1] >= 0.02 and np.median(found.seconds) < 0.01


def test_its_time_counts_where_it_is_asked_in_another_way(index):
    """By more and more neighbors, in a stream: what is timed goes over the pipe, and who is busy is there."""
    before = clock._elsewhere
    found = clock.run(lambda *call: index.find(*call), [(np.full((200, DIM), 4e6, np.float32), K)] * 20)
    assert len(found.answers) == 20 and found.busy >= clock._elsewhere - before > 0.005


def test_under_a_filter_the_clock_runs_there_unless_a_call_fails(index, vector_set):
    ask = asking._caught(index.find)
    calls = [(vector_set.queries[row : row + 1], K) for row in range(20)]
    seen = []
    there = index._bridge.run
    index._bridge.run = lambda *given: (seen.append(given), there(*given))[1]
    found = clock.run(ask, calls)
    np.testing.assert_array_equal(np.concatenate([ids for ids, _ in found.answers]), vector_set.neighbors)
    assert len(seen) == 1
    bad = np.full((1, DIM), 1e6, np.float32)
    found = clock.run(ask, [*calls, (bad, K)])
    assert "no such luck" in found.answers[-1].reason and len(found.answers) == len(found.seconds) == 21
    np.testing.assert_array_equal(found.answers[0][0][0], vector_set.neighbors[0])
    found = clock.run(ask, [(vector_set.queries[:7], K), (vector_set.queries[7:], K)])  # of two sizes
    assert [len(ids) for ids, _ in found.answers] == [7, 13]


def test_calls_that_differ_are_each_asked_as_they_are(index, vector_set):
    found = clock.run(index.find, [(vector_set.queries[:1], K)] * 3)
    np.testing.assert_array_equal(np.concatenate([ids for ids, _ in found.answers]), vector_set.neighbors[[0, 0, 0]])
    with pytest.raises(RuntimeError, match="ValueError"):  # answers of several sizes cannot be put below each other
        clock.run(index.find, [(vector_set.queries[:1], K), (vector_set.queries[:1], K + 1)])


def test_what_the_library_says_is_one_line_and_it_goes_on(index, vector_set):
    with pytest.raises(RuntimeError, match="ValueError: no such luck"):
        index.find(np.full((1, DIM), 1e6, np.float32), K)
    np.testing.assert_array_equal(index.find(vector_set.queries, K)[0], vector_set.neighbors)


def test_a_process_that_ends_is_told(index):
    with pytest.raises(RuntimeError, match="scann's own process ended with exit code 7"):
        index.find(np.full((1, DIM), 2e6, np.float32), K)


def test_its_memory_counts_and_it_goes_when_nobody_asks_any_more(index):
    pid = index._bridge._child.pid
    assert limits.resident(os.getpid()) > limits.resident(pid) > 1e6
    index._bridge.end()
    assert not Path(f"/proc/{pid}").exists()


def test_it_has_nothing_of_our_environment(place):
    """Of ours it imports what needs no more than NumPy; not Faiss, which stands beside it."""
    python = place / "bin" / "python"
    code = (
        f"import sys; sys.path.insert(0, {str(bridge._CHILD.parent)!r}); import child; "
        f"child.only_from({str(bridge._CHILD.parents[1])!r}); import ann_bench.measuring.clock; "
        "import ann_bench.environments.wire; assert 'faiss' not in sys.modules and 'datasets' not in sys.modules"
    )
    assert os.spawnv(os.P_WAIT, str(python), [str(python), "-c", code]) == 0
