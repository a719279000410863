"""Result files: there and back, what ann-benchmarks' tools read of them, and broken ones."""

import json
from dataclasses import replace

import h5py
import numpy as np
import pytest

from ann_bench.results import results
from ann_bench.results.results import Failure, Point, Result
from datasets.errors import InputError

SEARCH = {"nprobe": 8, "max_codes": 0}


def point(**more) -> Point:
    given = {"data": "sift", "fingerprint": "ab12", "metric": "euclidean", "k": 2, "index": "faiss_float"}
    given |= {"build": "OPQ8_32,IMI2x4,PQ8", "search": SEARCH, "mode": "single", "threads": 1}
    return Point(**given | more)


def result(**more) -> Result:
    return Result(
        point(**more),
        seconds=np.array([0.5, 0.3]),
        times=np.array([0.1, 0.15, 0.05]),
        neighbors=np.array([[1, 2], [3, -1], [0, 1]]),
        distances=np.array([[0.5, 1], [2, np.inf], [0, 4]], np.float32),
        scores={"k-recall@2": 0.75},
        facts={"build_seconds": 3.5, "index_bytes": 2048, "versions": {"faiss-cpu": "1"}},
    )


def test_a_result_comes_back(tmp_path):
    path = results.write(tmp_path, result())
    found = results.read(path)
    assert found.point == point() and found.facts == result().facts and found.scores == result().scores
    for name in ("seconds", "times", "neighbors", "distances"):
        np.testing.assert_array_equal(getattr(found, name), getattr(result(), name))
    assert len(results.read_all(tmp_path)) == len(results.read_all(tmp_path, data="sift", k=2)) == 1
    assert results.read_all(tmp_path, data="other") == results.read_all(tmp_path, k=10) == []


def test_qps_is_of_the_best_run_and_latency_of_single_queries():
    row = result().row
    assert row["qps"] == pytest.approx(3 / 0.3)
    assert row["p50"] == pytest.approx(100) and row["p50"] < row["p95"] < row["p99"] < 150
    assert row["search"] == "nprobe=8 max_codes=0" and row["build_seconds"] == 3.5
    assert "p50" not in result(mode="batch").row


@pytest.mark.parametrize(("mode", "group"), [("single", "faiss_float"), ("batch", "faiss_float-batch")])
def test_ann_benchmarks_finds_what_it_reads(tmp_path, mode, group):
    """Paths, datasets and attributes as its results.py and plotting/metrics.py ask for them."""
    path = results.write(tmp_path, result(mode=mode))
    assert path.relative_to(tmp_path).parts[:3] == ("sift", "2", group) and path.suffix == ".hdf5"
    with h5py.File(path, "r") as file:
        attrs = dict(file.attrs)
        assert attrs["batch_mode"] == (mode == "batch") and attrs["algo"] == "faiss_float" and attrs["count"] == 2
        assert 1 / attrs["best_search_time"] == pytest.approx(10)
        assert attrs["build_time"] == 3.5 and attrs["index_size"] == 2 and attrs["distance"] == "euclidean"
        assert attrs["run_count"] == 2 and attrs["candidates"] == pytest.approx(5 / 3) and not attrs["expect_extra"]
        assert attrs["name"] == "faiss_float OPQ8_32,IMI2x4,PQ8 nprobe=8 max_codes=0"
        assert file["times"].shape == (3,) and file["neighbors"].shape == file["distances"].shape == (3, 2)
        assert "metrics" not in file  # theirs to add


def test_differing_bits_are_written_as_their_share(tmp_path):
    made = replace(result(metric="hamming"), facts={"dimension": 16})
    path = results.write(tmp_path, made)
    with h5py.File(path, "r") as file:
        np.testing.assert_allclose(file["distances"], made.distances / 16)
    np.testing.assert_array_equal(results.read(path).distances, made.distances)


def test_every_point_has_its_own_path(tmp_path):
    points = [
        point(),
        point(search={"nprobe": 8}),
        point(build="OPQ8_32,IMI2x4,PQ8np"),
        point(k=3),
        point(data="gist"),
        point(index="other"),
        point(mode="batch"),
        point(mode="batch", threads=2),
        point(truth="1a2b3c4d"),
        point(truth="1a2b3c4e"),
    ]
    assert len({one.path(tmp_path) for one in points}) == len(points)
    assert point(search=dict(reversed(SEARCH.items()))).path(tmp_path) == point().path(tmp_path)


def test_results_from_before_there_was_a_truth_are_read_where_they_are(tmp_path):
    path = results.write(tmp_path, result())
    assert path.name == "OPQ8_32_IMI2x4_PQ8_max_codes_0_nprobe_8_b5021c36.hdf5", "where it always was"
    with h5py.File(path, "r+") as file:
        told = json.loads(file.attrs["point"])
        assert told.pop("truth") == ""
        file.attrs["point"] = json.dumps(told)
    assert results.read(path).point == point()


def test_a_failure_stands_until_the_point_is_measured(tmp_path):
    failure = Failure(point(), "search", "crashed with SIGSEGV")
    path = results.write_failure(tmp_path, failure)
    assert path.suffix == ".json" and results.read_all(tmp_path) == []
    assert results.read_failures(tmp_path, data="sift", k=2) == [failure]
    results.write(tmp_path, result())
    assert results.read_failures(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"no hdf5", None])
def test_a_broken_file_is_named(tmp_path, content):
    path = results.write(tmp_path, result())
    if content is None:  # HDF5, but another program's
        with h5py.File(path, "a") as file:
            del file.attrs["point"]
    else:
        path.write_bytes(content)
    with pytest.raises(InputError, match=f"{path.name}: not a result of ann_bench"):
        results.read(path)


def test_a_broken_failure_is_named(tmp_path):
    path = results.write_failure(tmp_path, Failure(point(), "search", "hang"))
    path.write_text("{")
    with pytest.raises(InputError, match=f"{path.name}: not a failure"):
        results.read_failures(tmp_path)


def test_nothing_is_left_of_a_write_that_failed(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "_attributes", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError):
        results.write(tmp_path, result())
    assert not list(tmp_path.rglob("*.hdf5"))
