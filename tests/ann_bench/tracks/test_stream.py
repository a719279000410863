"""The stream track: what it measures, in which ways an index takes part, and what it does not believe."""

import importlib.util
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from ann_bench import indexes
from ann_bench.measuring.honest import Cheating
from ann_bench.options import RunOptions
from ann_bench.results import points, results
from ann_bench.results.results import Point
from ann_bench.streams import play as played
from ann_bench.sweep import run, sweep
from ann_bench.tracks.base import TrackFlags
from ann_bench.tracks.stream import StreamTrack
from ann_bench.views import runbook, table
from datasets.errors import InputError
from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet

ROOT = Path(__file__).resolve().parents[3]
PLUGINS = ROOT / "tests" / "shared" / "plugins"
WORKER = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from ann_bench import indexes
from ann_bench.sweep import worker
indexes.__path__.append({str(PLUGINS)!r})
worker.main(*sys.argv[1:])
"""
BOOK = """
made up:
  1: {operation: insert, start: 0, end: 300}
  2: {operation: search}
  3: {operation: delete, start: 20, end: 200}
  4: {operation: insert, start: 300, end: 400}
  5: {operation: replace, tags_start: 0, tags_end: 10, ids_start: 400, ids_end: 410}
  6: {operation: search}
  7: {operation: delete, start: 200, end: 210}
"""


@pytest.fixture
def vector_set() -> VectorSet:
    rng = np.random.default_rng(0)
    return VectorSet("made up", "euclidean", *(rng.normal(size=(n, 8)).astype(np.float32) for n in (420, 30)))


@pytest.fixture
def track(tmp_path, vector_set):
    """Makes the track with these flags, its truth found."""

    def make(**flags):
        (tmp_path / "book.yaml").write_text(BOOK)
        flags = TrackFlags(**{"track": "stream", "runbook": str(tmp_path / "book.yaml")} | flags)
        made = StreamTrack(flags, vector_set, 5, cache=tmp_path / "truth")
        made.prepare()
        return made

    return make


def rogue():
    spec = importlib.util.spec_from_file_location("ann_bench.indexes.rogue", PLUGINS / "rogue.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Index


def measured(track, kind, build, way, *, case="book", build_threads=1, **search):
    """The result of one index in a stream, without a sweep."""
    index = kind(build, dim=8, metric="euclidean", count=track.count)
    assert track.refusal(index) == "" and way in track.ways(index)
    about = {"data": "made up", "fingerprint": "aa", "metric": "euclidean", "k": 5, "track": "stream"}
    point = Point(**about, index="x", build=build, search=search, mode="single", threads=1, case=case, way=way)
    return track.measure(index, point, {"build_threads": build_threads}, runs=1)


@pytest.mark.parametrize(
    ("name", "build", "way", "search"),
    [
        ("rogue", "remover", "removes", {}),
        ("rogue", "grower", "filters deleted", {}),
        ("rogue", "honest", "built anew", {}),
        ("hnswlib", "M=8,ef_construction=60", "removes", {"ef": 200}),
        ("faiss_float", "IVF4,Flat", "removes", {"nprobe": 4}),
        ("faiss_float", "HNSW16", "filters deleted", {"efSearch": 300}),
        ("annoy", "trees=10", "built anew", {"search_k": 4000}),
    ],
)
def test_an_exact_index_finds_all_in_every_way(track, name, build, way, search):
    kind = rogue() if name == "rogue" else indexes.get(name).Index
    found = measured(track(), kind, build, way, **search)
    series = found.series
    assert series["recall"][[1, 5]].min() >= 0.99 and np.isnan(series["recall"][[0, 2, 3, 4, 6]]).all()
    assert series["alive"].tolist() == [300, 300, 120, 220, 220, 220, 210]
    assert series["operation"].tolist() == [0, 3, 1, 0, 2, 3, 1] and series["rows"].tolist()[:4] == [300, 0, 180, 100]
    assert (series["qps"][[1, 5]] > 0).all() and np.isfinite(series["memory"]).all()
    assert found.scores["last recall"] == series["recall"][5]
    assert found.facts["build_seconds"] == pytest.approx(np.nansum(series["write_seconds"][:2])), "no later write"
    assert found.neighbors.shape == (30, 5) and len(found.times) == 60
    assert not np.isin(found.neighbors, np.r_[0:10, 20:200]).any()
    assert found.facts["writes_per_second"] > 0
    if way == "built anew":
        assert series["write_seconds"][5] > 0 == series["write_seconds"][3] and "anew recall" not in found.scores
    else:
        assert found.scores["anew recall"] >= 0.99 and found.facts["inserts_per_second"] > 0
        assert found.facts["between_p99"] > 0 and np.isfinite(series["between_p50"][[2, 3, 4]]).all()


@pytest.mark.parametrize(("build", "way"), [("remover", "removes"), ("honest", "built anew")])
def test_writes_have_the_threads_of_a_build_and_searches_those_of_the_point(track, build, way):
    seen = set()

    class Noting(rogue()):
        def set_threads(self, threads):
            self.threads = threads

        def add(self, rows):
            seen.add(("add", self.threads))
            super().add(rows)

        def find(self, queries, k):
            seen.add(("find", self.threads))
            return super().find(queries, k)

    measured(track(), Noting, build, way, build_threads=3)
    assert seen == {("add", 3), ("find", 1)}


@pytest.mark.slow
def test_answers_that_are_kept_are_no_memory_of_the_index(tmp_path):
    rng = np.random.default_rng(0)
    vector_set = VectorSet("made up", "euclidean", *(rng.normal(size=(n, 8)).astype(np.float32) for n in (400, 1500)))
    flags = TrackFlags(track="stream", runbook="window:0.5,steps=12")
    made = StreamTrack(flags, vector_set, 100, cache=tmp_path / "truth")
    made.prepare()
    found = measured(made, rogue(), "remover", "removes", case=made.cases[0].name)
    memory = found.series["memory"][np.isfinite(found.series["recall"])]
    assert len(memory) > 8 and np.ptp(memory[1:]) < 9e6  # all answers take twice that; the process has other things


@pytest.mark.parametrize(
    ("build", "way", "search", "words"),
    [
        ("zombie", "removes", {}, "step 3: found deleted rows: .* answers are gone; one is row .*, deleted in step 3"),
        ("out_of_range", "built anew", {"step": 1}, "found row .*, which was never inserted"),
        ("twice", "built anew", {"step": 1}, "twice among the neighbors"),
        ("liar", "built anew", {"step": 1}, "says that row"),
    ],
)
def test_what_cannot_be_is_not_believed(track, build, way, search, words):
    with pytest.raises(Cheating, match=words):
        measured(track(), rogue(), build, way, **search)


def test_steps_may_be_empty_and_delete_before_the_first_search(track, tmp_path):
    steps = "[insert, 0, 100], [delete, 0, 0], [delete, 10, 90], [insert, 5, 5], [insert, 200, 203]"
    named = [f"{{operation: {word}, start: {start}, end: {end}}}" for word, start, end in yaml.safe_load(f"[{steps}]")]
    path = tmp_path / "empty.yaml"
    path.write_text(
        "made up:\n" + "".join(f"  {n}: {step}\n" for n, step in enumerate([*named, "{operation: search}"], 1))
    )
    made = track(runbook=str(path))
    for build, way in (("remover", "removes"), ("grower", "filters deleted"), ("honest", "built anew")):
        found = measured(made, rogue(), build, way, case="empty")
        assert found.scores["k-recall@5"] == 1 and found.series["alive"].tolist() == [100, 100, 20, 20, 23, 23]
        assert "writes_per_second" not in found.facts, "nothing is written after the first search"


def test_deleted_rows_are_found_at_a_search_step_too(track, monkeypatch):
    monkeypatch.setattr(played, "BETWEEN", 0)
    monkeypatch.setattr(played.Play, "_between", lambda self, place: np.empty(0))
    with pytest.raises(Cheating, match="step 6: found deleted rows"):
        measured(track(), rogue(), "zombie", "removes")


def test_the_best_way_unless_another_is_asked_for(track):
    about = {"dim": 8, "metric": "euclidean", "count": 420}
    able, fixed = rogue()("remover", **about), rogue()("honest", **about)
    assert track().ways(able) == ["removes"] and track().ways(fixed) == ["built anew"]
    assert track(way="removes,filters,anew").ways(able) == ["removes", "filters deleted", "built anew"]
    assert track(way="filters").refusal(fixed) == "cannot add rows once it is built"
    assert track(way="removes").refusal(fixed) == "cannot remove rows"
    assert not track(way="removes,anew").refusal(fixed)
    with pytest.raises(InputError, match="--way=remove: unknown way 'remove': did you mean removes"):
        track(way="remove")
    with pytest.raises(InputError, match="name a YAML file, or a made one"):
        track(runbook="")


def test_a_filtered_search_asks_for_more_until_k_are_left(track, vector_set):
    asked = []
    kind = rogue()

    class Watched(kind):
        def find(self, queries, k):
            asked.append(k)
            return super().find(queries, k)

    Watched.__module__ = "ann_bench.indexes.rogue"
    measured(track(), Watched, "grower", "filters deleted")
    assert min(asked) == 5 and max(asked) > 10


def test_recall_where_fewer_than_k_are_there():
    truth = np.array([[1, 2, np.inf], [1, 2, 3], [np.inf] * 3])
    assert played.recall(np.array([[2.0, np.inf, np.inf], [3, 1, 2], [np.inf] * 3]), truth, "euclidean") == 4 / 5
    assert played.recall(np.array([[-1.0, -3, -np.inf]]), np.array([[-1.0, -2, -np.inf]]), "inner_product") == 0.5


@pytest.mark.slow
def test_a_sweep_of_streams_goes_on_past_rogues(tmp_path, vector_set, monkeypatch, capsys):
    monkeypatch.setattr(indexes, "__path__", [*indexes.__path__, str(PLUGINS)])
    monkeypatch.setattr(sweep, "WORKER", (sys.executable, "-c", WORKER))
    vectors_file.save(tmp_path / "vectors.h5", vector_set)
    (tmp_path / "book.yaml").write_text(BOOK)
    asked = {"data": str(tmp_path / "vectors.h5"), "out": tmp_path / "results", "k": 5, "threads": 1, "track": "stream"}
    asked |= {"runbook": str(tmp_path / "book.yaml"), "index": "rogue"}
    run.main(RunOptions(**asked, build="remover;zombie;crash", search="step=1"))
    out = capsys.readouterr().out
    assert "1 points measured, 2 failed" in out
    reasons = {one.reason.partition(":")[0] for one in results.read_failures(tmp_path / "results" / "stream")}
    assert "step 3" in reasons and any("SIGSEGV" in reason for reason in reasons)
    shown = points.load(tmp_path / "results" / "stream")
    assert [(row["case"], row["way"]) for row in shown.rows] == [("book", "removes")]
    text = table.render(shown.rows, track="stream")
    assert "recall least" in text and "removes" in text and "inserts/s" in text
    files = StreamTrack.draw(shown.rows, tmp_path / "plots")
    assert len(files) == 8 and all(path.stat().st_size > 1000 for path in files)
    run.main(RunOptions(**asked, build="remover", search="step=1"))
    assert "0 points measured, 0 failed, 1 were finished before" in capsys.readouterr().out
    json.dumps([results.read_all(tmp_path / "results" / "stream")[0].row])
    with pytest.raises(InputError, match="--mode=batch: --track=stream asks in mode single only"):
        run.main(RunOptions(**asked, build="remover", mode="batch"))


def test_of_a_default_grid_one_search_parameter():
    grid = indexes.get("hnswlib").grids(1000, 8, "euclidean")[0]
    assert [len(values) for values in StreamTrack.of_default(grid, "hnswlib").search.values()] == [1]
    assert StreamTrack.of_default(grid, "hnswlib").build == grid.build
    for grid in indexes.get("svs").grids(1000, 8, "euclidean"):  # of half precision, into which no rows can be added
        index = indexes.get("svs").Index(StreamTrack.of_default(grid, "svs").build, dim=8, metric="euclidean", count=9)
        assert index.changes


def test_a_runbook_is_shown_and_written(tmp_path, vector_set, capsys):
    vectors_file.save(tmp_path / "vectors.h5", vector_set)
    asked = {"data": str(tmp_path / "vectors.h5"), "runbook": "drift:0.5,classes=4"}
    runbook.main(runbook.RunbookOptions(**asked))
    shown = capsys.readouterr().out
    assert "insert 0 to" in shown and "3 search" in shown and "420 rows come" in shown
    runbook.main(runbook.RunbookOptions(**asked, to=tmp_path / "drift.yaml"))
    capsys.readouterr()
    runbook.main(runbook.RunbookOptions(**asked | {"runbook": str(tmp_path / "drift.yaml")}))
    assert capsys.readouterr().out.splitlines()[:-1] == shown.splitlines()[:-1]


@pytest.mark.slow
def test_a_stream_that_is_killed_goes_on(tmp_path, vector_set):
    """SIGKILL in the middle of the second stream: the first is not measured again, the second is."""
    vectors_file.save(tmp_path / "vectors.h5", vector_set)
    (tmp_path / "grid.yaml").write_text("flat: [{build: Flat}]\nannoy: [{build: trees=60}, {build: trees=90}]\n")
    command = [sys.executable, "-m", "ann_bench", "run", "--track=stream", "--runbook=expiry:0.3,steps=40,begin=0.1"]
    command += [f"--data={tmp_path / 'vectors.h5'}", f"--grid={tmp_path / 'grid.yaml'}", "--k=5", "--threads=1"]
    command += [f"--out={tmp_path / 'results'}"]

    def there():
        return {path: path.stat().st_mtime_ns for path in (tmp_path / "results").rglob("*.hdf5")}

    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not there():
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = there()
    assert 1 <= len(before) < 3, "killed too late to see anything"
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0
    assert len(there()) == 3 and before.items() <= there().items()
