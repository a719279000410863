"""A sweep goes on past whatever an index does, and past being killed itself.

The must of the project is five kills: python -m pytest tests/ann_bench/sweep/test_sweep.py --kills=5
"""

import os
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import faiss
import numpy as np
import pytest

from ann_bench import indexes
from ann_bench.indexes.base import Estimate
from ann_bench.options import RunOptions
from ann_bench.results import results, unfinished
from ann_bench.results.saved_index import Saved
from ann_bench.scale import disk_build
from ann_bench.sweep import builds, run, sweep
from ann_bench.sweep.sweep import Sweep
from datasets.errors import InputError, RunFailed
from datasets.files import lock
from datasets.stored import formats, vectors_file
from datasets.vectors import exact
from datasets.vectors.base import VectorSet

ROOT = Path(__file__).resolve().parents[3]
PLUGINS = str(Path(__file__).parents[2] / "shared" / "plugins")
WORKER = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from ann_bench import indexes
from ann_bench.sweep import worker
indexes.__path__.append({PLUGINS!r})
worker.main(*sys.argv[1:])
"""


@pytest.fixture
def vectors(tmp_path) -> Path:
    """A small file of labelled vectors, many of them at equal distances."""
    rng = np.random.default_rng(0)
    gallery, queries = (rng.integers(0, 4, (count, 16)).astype(np.float32) for count in (600, 40))
    labels = rng.integers(0, 9, 600), rng.integers(0, 9, 40)
    made = VectorSet("made up", "euclidean", gallery, queries, gallery_labels=labels[0], query_labels=labels[1])
    vectors_file.save(tmp_path / "vectors.h5", made)
    return tmp_path / "vectors.h5"


@pytest.fixture
def rogues(monkeypatch):
    """The index "rogue", for the sweep and for its workers."""
    monkeypatch.setattr(indexes, "__path__", [*indexes.__path__, PLUGINS])
    monkeypatch.setattr(sweep, "WORKER", (sys.executable, "-c", WORKER))


def options(vectors: Path, **more) -> RunOptions:
    given = {"data": str(vectors), "out": vectors.parent / "results", "k": 5, "runs": 1, "mode": "batch", "threads": 1}
    return RunOptions(**given | more)


def test_a_sweep_goes_on_past_rogues(vectors, rogues, capsys):
    builds = "bad_end;honest;twice;raises;crash;hang;hungry;crash_in_build;cannot_load;too_large"
    asked = options(vectors, index="rogue", build=builds, search="step=0,1,2", timeout=6, memory="700MB")
    run.main(asked)
    measured = {(one.point.build, one.point.search["step"]): one for one in results.read_all(asked.out)}
    failures = {(one.point.build, one.point.search["step"]): one for one in results.read_failures(asked.out)}
    in_search = ("twice", "raises", "crash", "hang", "hungry")
    right = {(build, step) for build in in_search for step in (0, 2)} | {
        (build, step) for build in ("honest", "bad_end") for step in range(3)
    }
    assert set(measured) == right
    assert all(one.scores["k-recall@5"] == 1 for one in measured.values())
    reasons = {
        "twice": "twice among the neighbors",
        "raises": "RuntimeError: out of luck",
        "crash": "crashed with SIGSEGV",
        "hang": "took longer than the limit of 6 s",
        "hungry": "of memory, the limit is 700 MB",
    }
    for build, reason in reasons.items():
        assert reason in failures.pop((build, 1)).reason
    stages = {"crash_in_build": "build", "cannot_load": "load", "too_large": "estimate"}
    for (build, _), failure in failures.items():
        assert failure.stage == stages[build]
    assert len(failures) == 9
    assert "these would fit: annoy" in failures["too_large", 0].reason
    assert "16 points measured, 14 failed" in capsys.readouterr().out


def test_a_build_that_never_ends_has_a_limit_of_its_own_and_is_watched(vectors, rogues, monkeypatch, capsys):
    shown = []

    class Bar(sweep.tqdm):
        def set_description(self, desc=None, refresh=True):
            shown.append(desc)

    monkeypatch.setattr(sweep, "tqdm", Bar)
    monkeypatch.setattr(builds, "_LEAST_SECONDS", 3)
    asked = options(vectors, index="rogue", build="hang_in_build")
    with pytest.raises(RunFailed):
        run.main(asked)
    (failure,) = results.read_failures(asked.out)
    assert (failure.stage, failure.point.build) == ("build", "hang_in_build")
    assert failure.reason == "took longer than the limit of 3 s; --timeout=SECONDS sets another"
    assert failure.reason in capsys.readouterr().out
    assert any(re.fullmatch("rogue hang_in_build, building for [123] s, expected under 1 s", words) for words in shown)


@pytest.mark.parametrize(("given", "build", "point"), [(None, 60, 7200), (5, 5, 5), (1e6, 1e6, 1e6)])
def test_builds_are_limited_by_their_estimate_and_points_as_ever(vectors, monkeypatch, given, build, point):
    asked, began = [], sweep.limits.run
    monkeypatch.setattr(sweep.limits, "run", lambda *a, **how: (asked.append(how["seconds"]), began(*a, **how))[1])
    run.main(options(vectors, index="hnswlib", build="M=8", search="ef=20", timeout=given))
    assert asked == [build, point]


@pytest.mark.parametrize(("work", "limit"), [(1e6, 60), (1e12, 20 * 100)])
def test_the_limit_of_a_build_is_twenty_times_its_estimate(work, limit):
    rows = np.zeros((1000, 16), np.float32)
    build = builds.Build("flat", "", (), Estimate(memory=0, disk=0, work=work), Saved(Path()))
    found = builds.time_limit(build, VectorSet("zeros", "euclidean", rows, rows), 1e10)
    assert found == pytest.approx(limit, rel=1e-3)


def test_reading_a_set_larger_than_memory_has_its_time():
    rows = np.broadcast_to(np.zeros(100, np.float32), (10**9, 100))
    build = builds.Build("flat", "", (), Estimate(memory=0, disk=4 * 10**11, work=1e11), Saved(Path()))
    assert builds.time_limit(build, VectorSet("wide", "euclidean", rows, rows[:1]), 1e11) > 8e11 / 1e8


def test_a_finished_point_is_skipped_and_a_failed_one_tried_again(vectors, rogues, capsys):
    asked = options(vectors, index="rogue", build="raises", search="step=0,1")
    run.main(asked)
    before = {path: path.stat().st_mtime_ns for path in asked.out.rglob("*.hdf5")}
    assert len(before) == 1
    with pytest.raises(RunFailed, match="nothing could be measured"):
        run.main(asked)
    assert {path: path.stat().st_mtime_ns for path in asked.out.rglob("*.hdf5")} == before
    assert "0 points measured, 1 failed, 1 were finished before" in capsys.readouterr().out
    run.main(options(vectors, index="rogue", build="raises", search="step=0", force=True))
    assert {path: path.stat().st_mtime_ns for path in asked.out.rglob("*.hdf5")} != before


def test_another_seed_or_other_vectors_are_measured_again(vectors, capsys):
    asked = {"index": "annoy", "build": "trees=2", "search": "search_k=50"}
    for more, measured in (({}, 1), ({}, 0), ({"seed": 7}, 1), ({"seed": 7}, 0)):
        run.main(options(vectors, **asked, **more))
        assert f"{measured} points measured, 0 failed" in capsys.readouterr().out
    made = vectors_file.load(vectors)
    vectors_file.save(vectors, VectorSet("made up", "euclidean", made.gallery[::-1].copy(), made.queries.copy()))
    run.main(options(vectors, **asked, seed=7))
    assert "1 points measured, 0 failed" in capsys.readouterr().out


def test_another_truth_is_measured_again(tmp_path, capsys):
    rng = np.random.default_rng(0)
    gallery, queries = (rng.normal(size=(count, 8)).astype(np.float32) for count in (300, 20))
    for name, rows in (("base.fvecs", gallery), ("query.fvecs", queries)):
        formats.write(tmp_path / name, rows)
    ids, _ = exact.search(queries, gallery, 10)
    for name, count in (("ten.ivecs", 10), ("moved.ivecs", 10), ("six.ivecs", 6), ("three.ivecs", 3)):
        formats.write(tmp_path / name, ids[:, :count].astype(np.int32))
    asked = {"index": "flat", "queries": tmp_path / "query.fvecs"}
    measured = {"": 1, "ten.ivecs": 1, "moved.ivecs": 0, "six.ivecs": 1, "three.ivecs": 0}  # too few for k: computed
    for name, count in measured.items():
        for again in (count, 0):
            run.main(options(tmp_path / "base.fvecs", **asked, truth=tmp_path / name if name else None))
            assert f"{again} points measured, 0 failed" in capsys.readouterr().out, name
    found = results.read_all(tmp_path / "results")
    told = {one.facts["true_neighbors"]: one.point.truth for one in found}
    marks = {words.partition(" ")[0]: mark for words, mark in told.items()}
    assert marks.keys() == {"computed", "ten.ivecs", "six.ivecs"} and marks["computed"] == ""
    assert told.keys() == {"computed", *(f"{name}.ivecs {marks[f'{name}.ivecs']}" for name in ("ten", "six"))}


def test_what_a_point_tells(vectors):
    asked = options(vectors, index="faiss_float", build="IVF8,Flat", search="nprobe=1,8", mode="single,batch", runs=2)
    run.main(asked)
    found = results.read_all(asked.out)
    assert sorted((one.point.mode, one.point.search["nprobe"]) for one in found) == [
        *(("batch", n) for n in (1, 8)),
        *(("single", n) for n in (1, 8)),
    ]
    for one in found:
        assert one.neighbors.shape == (40, 5) and one.seconds.shape == (2,) and one.times.shape == (40,)
        assert one.facts["index_bytes"] > 600 * 16 * 4
        assert one.facts["build_peak_bytes"] > 10**7 and one.facts["search_peak_bytes"] > 10**7
        assert one.facts["cpu"] and one.facts["versions"]["numpy"] == np.__version__
        assert one.facts["gallery"] == 600 and one.facts["build_seconds"] > 0
        assert datetime.fromisoformat(one.facts["measured"]) and one.facts["load"] >= 0
    exact = [one for one in found if one.point.search["nprobe"] == 8]
    for one in exact:
        assert one.scores["k-recall@5"] == 1
        made = vectors_file.load(vectors)
        found_label = (made.gallery_labels[one.neighbors] == made.query_labels[:, None]).any(axis=1).mean()
        assert one.scores["label recall@5"] == pytest.approx(found_label)
        loss = one.scores["exact label recall@5"] - found_label
        assert one.scores["label recall loss"] == pytest.approx(loss)
    assert not list(asked.out.rglob("indexes/*")), "indexes go when their points are measured"


def test_kept_indexes_need_no_second_build(vectors, monkeypatch):
    more = {"index": "faiss_float", "build": "IVF8,Flat", "keep_indexes": True}
    run.main(options(vectors, search="nprobe=1", **more))
    saved = {path: path.stat().st_mtime_ns for path in (vectors.parent / "results").rglob("indexes/*")}
    assert saved
    run.main(options(vectors, search="nprobe=2", **more))
    assert {path: path.stat().st_mtime_ns for path in (vectors.parent / "results").rglob("indexes/*")} == saved
    assert len(results.read_all(vectors.parent / "results")) == 2


def test_what_is_to_be_kept_is_built_though_its_points_are_finished(vectors, capsys):
    asked = options(vectors, index="faiss_float", build="IVF8,Flat", search="nprobe=1")
    run.main(asked)
    assert "index kept" not in capsys.readouterr().out
    for words in ("0 points to measure, 1 were finished before", "0 points measured, 0 failed, 1 were finished before"):
        run.main(replace(asked, keep_indexes=True))
        told = capsys.readouterr().out
        assert words in told
        (line,) = (line for line in told.splitlines() if line.startswith("index kept: "))
        index = faiss.read_index(line.removeprefix("index kept: "))
        assert index.ntotal == 600
    run.main(asked)
    assert Path(line.removeprefix("index kept: ")).exists(), "kept by a later run, too"


def test_an_index_that_a_killed_sweep_left_is_not_taken_for_a_kept_one(vectors):
    asked = options(vectors, index="faiss_float", build="IVF8,Flat", search="nprobe=1", keep_indexes=True)
    run.main(asked)
    (note,) = asked.out.rglob("indexes/*.json")
    note.write_text(note.read_text().replace('"keep": true', '"keep": false'))
    run.main(asked)
    assert Saved(note.with_suffix("")).kept


def test_what_is_to_be_kept_and_cannot_be_built_is_told(vectors, capsys):
    asked = options(vectors, index="annoy", build="trees=2", search="search_k=50")
    run.main(asked)
    with pytest.raises(RunFailed):
        run.main(replace(asked, keep_indexes=True, memory="1MB"))
    assert "annoy trees=2: FAILED in estimate: needs about" in capsys.readouterr().out
    assert len(results.read_all(asked.out)) == 1 and not results.read_failures(asked.out)


@pytest.mark.slow
def test_a_sweep_that_is_killed_leaves_a_note_which_it_removes_when_it_ends(vectors, monkeypatch, capsys):
    asked = options(vectors, index="annoy,flat")
    run_build, begun = Sweep._run_build, []

    def killed(self, *what):
        if begun:
            raise KeyboardInterrupt
        begun.append(run_build(self, *what))

    monkeypatch.setattr(Sweep, "_run_build", killed)
    with pytest.raises(KeyboardInterrupt):
        run.main(asked)
    monkeypatch.undo()
    assert "16 points to measure, 0 were finished before" in capsys.readouterr().out
    place = asked.out / "made_up" / "5"
    assert "not finished: 5 of 16 points measured" in unfinished.words(place)
    run.main(replace(asked, index="flat"))
    assert "not finished: 6 of 16 points measured" in unfinished.words(place)
    run.main(asked)
    assert "10 points to measure, 6 were finished before" in capsys.readouterr().out
    assert not unfinished.words(place) and not (place / "unfinished.json").exists()


@pytest.mark.slow
def test_many_clients_of_rogues_spoil_only_their_own_points(vectors, rogues, capsys):
    more = {"track": "clients", "clients": "2", "seconds": 0.1, "mode": "single"}
    run.main(options(vectors, index="rogue", build="crash;hungry", search="step=1,2", memory="700MB", **more))
    folder = vectors.parent / "results" / "clients"
    found = {(one.point.build, one.point.search["step"]) for one in results.read_all(folder)}
    assert found == {("crash", 2), ("hungry", 2)}
    reasons = {one.point.build: one.reason for one in results.read_failures(folder)}
    assert "SIGSEGV" in reasons["crash"] and "of memory" in reasons["hungry"]
    assert "2 points measured, 2 failed" in capsys.readouterr().out
    with pytest.raises(InputError, match="--interleave: --track=clients has no runs"):
        run.main(options(vectors, index="flat", interleave=True, **more))


@pytest.fixture
def workers(monkeypatch):
    """What workers are given to do, in order: the build, and how many points."""
    done, begin = [], Sweep._work

    def work(self, build, points, **limits_of_it):
        done.append((build.build, len(points)))
        return begin(self, build, points, **limits_of_it)

    monkeypatch.setattr(Sweep, "_work", work)
    return done


def test_interleaved_runs_of_rivals_come_in_turns(vectors, rogues, workers, capsys):
    asked = options(vectors, index="rogue", build="honest;raises", search="step=0,1", runs=2, interleave=True)
    run.main(asked)
    assert workers == [("honest", 0), ("honest", 2), ("raises", 0), ("raises", 2), ("honest", 2), ("raises", 1)]
    found = results.read_all(asked.out)
    assert len(found) == 3 and all(one.seconds.shape == (2,) and one.facts["interleaved"] for one in found)
    (failure,) = results.read_failures(asked.out)
    assert "out of luck" in failure.reason
    assert "3 points measured, 1 failed, 0 were finished before" in capsys.readouterr().out
    assert not list(asked.out.rglob("indexes/*")) and not list(asked.out.rglob("*.partial"))


@pytest.mark.slow
def test_an_interleaved_sweep_that_is_killed_goes_on_in_the_round_where_it_was(vectors, monkeypatch, workers):
    asked = options(vectors, index="faiss_float", build="IVF8,Flat;Flat", search="", runs=2, interleave=True)
    run_build = Sweep._run_build

    def killed(self, build, turn):
        if turn and build.build == "Flat":
            raise KeyboardInterrupt
        run_build(self, build, turn)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Sweep, "_run_build", killed)
        run.main(asked)
    (whole,), (partial,) = results.read_all(asked.out), asked.out.rglob("*.partial")
    assert whole.point.build == "IVF8,Flat" and len(results.read(partial).seconds) == 1
    assert "1 of 2 points measured" in unfinished.words(asked.out / "made_up" / "5")
    workers.clear()
    run.main(asked)
    assert [build for build, points in workers if points] == ["Flat"]
    kept = next(one for one in results.read_all(asked.out) if one.point.build == "Flat")
    assert kept.seconds.shape == (2,) and not partial.exists()


def test_a_damaged_index_is_built_again(vectors):
    more = {"index": "faiss_float", "build": "IVF8,Flat"}
    run.main(options(vectors, search="nprobe=1", keep_indexes=True, **more))
    (saved,) = (path for path in (vectors.parent / "results").rglob("indexes/*") if path.suffix != ".json")
    saved.write_bytes(saved.read_bytes()[:-100])
    with pytest.raises(RunFailed):
        run.main(options(vectors, search="nprobe=2", keep_indexes=True, **more))
    run.main(options(vectors, search="nprobe=2", keep_indexes=True, **more))
    assert len(results.read_all(vectors.parent / "results")) == 2


def test_a_merged_index_is_neither_refused_nor_removed(vectors):
    out = vectors.parent / "results"
    disk_build.main(disk_build.BuildOptions(data=str(vectors), build="IVF8,Flat", shards=2, out=out))
    kept = {path: path.stat().st_mtime_ns for path in out.rglob("indexes/*") if path.is_file()}
    for more in ({"memory": "120MB"}, {"force": True}):
        run.main(options(vectors, index="faiss_float", build="IVF8,Flat", search="nprobe=8", **more))
        assert {path: path.stat().st_mtime_ns for path in out.rglob("indexes/*") if path.is_file()} == kept
    (one,) = results.read_all(out)
    assert one.scores["k-recall@5"] == 1 and one.facts["shards"] == 2


def test_a_forced_failure_takes_the_result_s_place(vectors, rogues, monkeypatch):
    asked = {"index": "rogue", "build": "honest", "search": "step=1"}
    run.main(options(vectors, **asked))
    assert len(results.read_all(vectors.parent / "results")) == 1
    monkeypatch.setattr(sweep, "WORKER", (sys.executable, "-c", "import os; os.abort()"))
    with pytest.raises(RunFailed):
        run.main(options(vectors, force=True, **asked))
    assert not results.read_all(vectors.parent / "results")
    assert len(results.read_failures(vectors.parent / "results")) == 1


def test_flat_is_exact_where_distances_tie(vectors):
    asked = options(vectors, index="flat", k=50)
    run.main(asked)
    (one,) = results.read_all(asked.out)
    assert one.scores["k-recall@50"] == 1 and one.scores["1-recall@1"] == 1
    assert one.scores["k-recall@50 by id"] <= 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"k": 601}, "k"),
        ({"index": "hnswlb"}, "did you mean hnswlib"),
        ({"index": "faiss_float", "build": "IVF8,Flot"}, "IVF8,Flot"),
        ({"index": "faiss_float", "build": "IVF8,Flat", "search": "nprob=1"}, "did you mean nprobe"),
        ({"index": "faiss_float", "build": "IMI2x4,PQ4", "metric": "inner_product"}, "IMI"),
        ({"build": "HNSW32"}, "belongs to one --index"),
        ({"index": "flat", "search": "a=1"}, "belongs to a --build"),
        ({"mode": "both"}, "single, batch or both"),
        ({"memory": "lots"}, "no amount of memory"),
        ({"gpus": "x"}, "numbers such as"),
        ({"runs": 0}, "at least 1"),
        ({"seed": -3}, "--seed=-3: must be at least 0"),
        ({"threads": 1000}, "this machine has"),
        ({"metric": "euclidian"}, "did you mean euclidean"),
        ({"index": "flat", "metric": "hamming"}, "hamming"),
        ({"timeout": 0}, "above 0"),
        ({"index": "hnswlib", "gpus": "0"}, "does not run on GPUs"),
    ],
)
def test_mistakes_are_one_line_before_anything_is_built(vectors, more, words):
    with pytest.raises(InputError, match=words) as error:
        run.main(options(vectors, **more))
    assert "\n" not in str(error.value)
    assert not list((vectors.parent / "results").rglob("*.hdf5"))


def test_one_sweep_at_a_time(vectors):
    held = lock.hold(vectors.parent / "results", flag="--out")
    with pytest.raises(InputError, match="in use by another process"):
        run.main(options(vectors, index="flat"))
    os.close(held)


def test_a_folder_that_cannot_be_written_is_named(vectors):
    with pytest.raises(InputError, match="cannot be made"):
        run.main(options(vectors, index="flat", out=Path("/proc/results")))


def test_a_killed_sweep_goes_on_where_it_was(vectors, tmp_path, request):
    plan = tmp_path / "grid.yaml"
    plan.write_text(
        "hnswlib: [{build: M=8, search: {ef: [10, 20, 40]}}]\n"
        "faiss_float: [{build: 'IVF8,Flat', search: {nprobe: [1, 2, 4, 8]}}]\n"
        "annoy: [{build: trees=4, search: {search_k: [100, 400]}}]\n"
    )
    command = [sys.executable, "-m", "ann_bench", "run", f"--data={vectors}", f"--grid={plan}", "--threads=1"]
    command += ["--k=5", "--runs=1", "--force=False"]

    def start(out: str) -> subprocess.Popen:
        return subprocess.Popen(
            [*command, f"--out={tmp_path / out}"], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    begun = time.monotonic()
    assert start("whole").wait() == 0
    length = time.monotonic() - begun
    rng, seen = random.Random(0), {}
    for _ in range(request.config.getoption("--kills")):
        process = start("killed")
        time.sleep(rng.uniform(0.3, 0.95) * length)
        process.send_signal(signal.SIGKILL)
        process.wait()
        now = {path: path.stat().st_mtime_ns for path in (tmp_path / "killed").rglob("*.hdf5")}
        assert seen.items() <= now.items(), "a finished point is neither lost nor measured again"
        seen = now
    assert start("killed").wait() == 0
    whole, killed = (
        {one.point.path(Path()): one for one in results.read_all(tmp_path / out)} for out in ("whole", "killed")
    )
    assert len(whole) == 18 and killed.keys() == whole.keys()
    for path, one in killed.items():
        np.testing.assert_array_equal(one.neighbors, whole[path].neighbors)
        assert one.scores == whole[path].scores
