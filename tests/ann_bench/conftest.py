"""Measured points, made up: what the table, the plots, the page and the recommendation are given."""

from dataclasses import replace
from pathlib import Path

import faiss
import numpy as np
import pytest

from ann_bench.measuring import measure
from ann_bench.results.points import load
from ann_bench.results.results import Failure, Point, Result, write, write_failure
from ann_bench.views import plot

WATCHED = measure.WATCHED


THREADS = faiss.omp_get_max_threads()


@pytest.fixture(autouse=True)
def unwatched(monkeypatch):
    """What has no threads of its own need not be watched for them, a quarter of a second a point."""
    monkeypatch.setattr(measure, "WATCHED", 0)


@pytest.fixture
def watched(unwatched, monkeypatch):
    """It is watched as users have it."""
    monkeypatch.setattr(measure, "WATCHED", WATCHED)


def made_up(
    build: str = "IVF1024,Flat", *, index: str = "faiss_float", recall: float = 0.9, qps: float = 1000, **about
) -> Result:
    """A result of 20 queries; ``about`` are fields of the point, else facts and scores."""
    point = Point("photo_sift", "aa11", "euclidean", 10, index, build, {"nprobe": 8}, "single", 1)
    scores = {"k-recall@10": recall, "k-recall@10 by id": recall, "1-recall@1": recall, "1-recall@10": 1.0}
    facts = {"gallery": 100_000, "queries": 20, "dimension": 128, "build_seconds": 2.0, "index_bytes": 52_000_000}
    facts |= {"bytes_per_vector": 520.0, "search_peak_bytes": 150_000_000, "build_threads": 2, "cpu": "CPU <1>"}
    facts |= {"versions": {"faiss": "1.15.1"}, "measured": "2026-01-02T03:04:05", "cores": 2}
    facts |= {"true_neighbors": "gt.ivecs 1a2b3c4d"}
    for name, value in about.items():
        if name in ("data", "fingerprint", "metric", "k", "search", "mode", "threads", "truth"):
            point = replace(point, **{name: value})
        else:
            (scores if "recall" in name else facts)[name] = value
    times = np.full(20, 1 / qps)
    neighbors = np.tile(np.arange(10), (20, 1))
    return Result(
        point, np.array([times.sum(), 2 * times.sum()]), times, neighbors, neighbors.astype(float), scores, facts
    )


BUILDS = {
    ("flat", "Flat"): 1.0,
    ("faiss_float", "IVF1024,Flat"): 0.9,
    ("faiss_float", "IVF1024,PQ64x4fs,RFlat"): 0.95,
    ("faiss_float", "OPQ16_64,IMI2x8,PQ16"): 0.5,
    ("faiss_float", "HNSW32"): 0.97,
    ("faiss_binary", "ITQ128,BIVF1024,RFlat"): 0.8,
    ("hnswlib", "M=16,ef_construction=200"): 0.98,
    ("annoy", "trees=50"): 0.85,
}


def fill(folder: Path) -> Path:
    """Points of 8 families in both modes, and a failed build."""
    for place, ((index, build), recall) in enumerate(BUILDS.items()):
        for mode, threads in (("single", 1), ("batch", 2)):
            for probe in (1, 8):
                known = {"search": {"nprobe": probe}, "mode": mode, "threads": threads, "build_seconds": 1.0 + place}
                qps = 1000.0 * (1 + place) * threads / probe
                loss = 0.0 if index == "flat" else 0.1 / probe
                found = made_up(build, index=index, recall=recall - loss, qps=qps, **known)
                write(folder, found)
    for probe in (1, 8):
        point = replace(found.point, index="faiss_float", build="IVF65536,Flat", search={"nprobe": probe})
        write_failure(folder, Failure(point, "build", "killed: more than <4 GB>"))
    return folder


@pytest.fixture
def measured_folder(tmp_path):
    """A results folder of the test's own."""
    return fill(tmp_path / "results")


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    """(what is in such a folder, the pictures of it)."""
    folder = tmp_path_factory.mktemp("drawn")
    found = load(fill(folder / "results"))
    return found, plot.draw(found.rows, folder / "plots")


@pytest.fixture
def made():
    """The function that makes up a result."""
    return made_up


@pytest.fixture(autouse=True)
def same_threads():
    """Indexes are told how many threads to take, and Faiss remembers that for the whole process."""
    yield
    faiss.omp_set_num_threads(THREADS)  # not what they were before: fixtures of a module may have changed them by then
