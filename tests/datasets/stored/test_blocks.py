"""Exact neighbors by a cluster: the same bit for bit as in this process, of whatever a worker is killed in."""

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datasets.cluster.connect import connect
from datasets.cluster.pool import Here, Killed
from datasets.errors import InputError, RunFailed
from datasets.sources.vector_source import Source
from datasets.stored import blocks, truth
from datasets.stored.blocks import Piece


@pytest.fixture
def source(tmp_path) -> Source:
    """300 queries in 4,000 rows of whole numbers, in which many are equally near."""
    rng = np.random.default_rng(0)
    for name, count in (("gallery", 4000), ("queries", 300)):
        np.save(tmp_path / f"{name}.npy", rng.integers(0, 4, (count, 8)).astype(np.float32))
    return Source(data=str(tmp_path / "gallery.npy"), queries=tmp_path / "queries.npy")


def job_of(source: Source, folder: Path, monkeypatch, *, remote: bool) -> blocks.Job:
    """12 blocks of 25 queries, in four parts of 1,000 rows."""
    monkeypatch.setattr(blocks, "BLOCK", 25)
    monkeypatch.setattr(blocks, "PART", 1000)
    job = blocks.job(source.load(), 10, folder, source.load if remote else None)
    assert (len(job.blocks), len(job.parts)) == (12, 4)
    return job


def same(one, other) -> bool:
    return all(ours.tobytes() == theirs.tobytes() for ours, theirs in zip(one, other, strict=True))


def test_a_worker_killed_in_the_middle_changes_nothing(source, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    alone = blocks.search(job_of(source, tmp_path / "alone", monkeypatch, remote=False), Here())
    with connect("local:2") as pool:

        def kill() -> None:
            while len(list((tmp_path / "shared").glob("*.npz"))) < 5:
                time.sleep(0.001)
            os.kill(pool.workers.processes[0], signal.SIGKILL)

        killer = threading.Thread(target=kill, daemon=True)
        killer.start()
        job = job_of(source, tmp_path / "shared", monkeypatch, remote=True)
        assert same(blocks.search(job, pool), alone)
        killer.join(10)
        assert same(blocks.search(job, pool), alone)  # from what is on disk
        (tmp_path / "shared" / "0-25.npz").write_bytes(b"cut short")
        assert same(blocks.search(job, pool), alone)
        wrong = replace(job, fingerprint="that of others", folder=tmp_path / "other")
        with pytest.raises(InputError, match="a worker on .* finds others than this process; name a path that all see"):
            blocks.search(wrong, pool)


def test_what_kills_every_worker_is_told(source, tmp_path, monkeypatch):
    class Deadly:
        remote = True

        def run(self, function, tasks):
            yield from ((task, Killed("ended each of the 4 workers that took it")) for task in tasks)

    job = job_of(source, tmp_path, monkeypatch, remote=True)
    with pytest.raises(RunFailed, match="search for queries 0 to 24 ended each of the 4 workers .* more memory, then"):
        blocks.search(job, Deadly())


def test_tasks_do_not_depend_on_who_searches(source, tmp_path, monkeypatch):
    """Of a set of 10,000 queries and a million rows: how it is cut, and in which order."""
    many = type("Many", (), {"gallery": range(1_000_000), "queries": range(10_000), "fingerprint": lambda self: ""})()
    job = blocks.job(many, 10, tmp_path)
    assert (len(job.blocks), job.queries(9)) == (10, slice(9000, 10_000))
    assert (len(job.parts), job.part) == (4, 250_000)
    huge = type("Huge", (), {"gallery": range(10**9), "queries": range(10), "fingerprint": lambda self: ""})()
    assert len(blocks.job(huge, 10, tmp_path).parts) == 64
    tasks = []
    run = Here.run

    def watched(self, function, given):
        tasks.append(list(given))
        return run(self, function, tasks[-1])

    monkeypatch.setattr(Here, "run", watched)
    blocks.search(job_of(source, tmp_path, monkeypatch, remote=False), Here())
    assert tasks[0] == sorted(tasks[0]) and tasks[0][:2] == [Piece(0, 0), Piece(0, 1)]  # a part is read once
    assert tasks[1] == list(range(12))


def test_the_flag_leads_to_the_cluster(source, tmp_path, monkeypatch):
    asked = []

    def connected(flag):
        asked.append(flag)
        return connect("")

    monkeypatch.setattr(truth, "connect", connected)
    found = truth.with_truth(source.load(), 5, cache=tmp_path, cluster="local:2", load=source.load)
    again = truth.with_truth(source.load(), 5, cache=tmp_path, cluster="local:2", load=source.load)
    assert same((found.neighbors,), (again.neighbors,)) and asked == ["local:2"]  # not for what is there
