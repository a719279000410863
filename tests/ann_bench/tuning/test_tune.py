"""Tune, over few rows: it finds the best, goes on where it was, stays within its limits, and survives what it tries."""

import contextlib
import io
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ann_bench import indexes, limits, tracks
from ann_bench.indexes.base import Estimate, Grid
from ann_bench.measuring import measure, metrics
from ann_bench.results import results
from ann_bench.results.saved_index import Saved
from ann_bench.sweep import sweep
from ann_bench.sweep import worker as sweep_worker
from ann_bench.sweep.job import Job
from ann_bench.tracks.base import Case, Track
from ann_bench.tuning import promise, report, search, trials, tune, worker
from ann_bench.tuning.journal import Journal, Outcome
from ann_bench.tuning.options import TuneOptions
from ann_bench.tuning.search import Search
from datasets.errors import InputError, RunFailed
from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet, with_neighbors

PLUGINS = str(Path(__file__).parents[2] / "shared" / "plugins")
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def vectors(tmp_path) -> Path:
    """A small file of vectors in 24 dimensions."""
    return a_file(tmp_path)


def a_file(folder: Path) -> Path:
    draw = np.random.default_rng(0)
    gallery, queries = (draw.normal(size=(count, 24)).astype(np.float32) for count in (700, 40))
    vectors_file.save(folder / "vectors.h5", VectorSet("made_up", "euclidean", gallery, queries))
    return folder / "vectors.h5"


@pytest.fixture
def workers(monkeypatch):
    """Workers in this process, and a list of what each was told to do."""
    return in_this_process(monkeypatch)


def in_this_process(monkeypatch) -> list:
    told = []

    def run(command, work, **limits_of_it):
        events = []
        told.append((command[:3], json.loads(work), limits_of_it))
        report = lambda event, **facts: events.append({"event": event, **facts})  # noqa: E731
        if tuple(command[:3]) == sweep.WORKER:
            sweep_worker.build(Job.from_json(work), report)
        else:
            worker.seek(worker.Task.from_json(work), report)
        yield from events

    monkeypatch.setattr(limits, "run", run)
    return told


def options(vectors: Path, **more) -> TuneOptions:
    given = {"data": str(vectors), "out": vectors.parent / "results", "k": 5, "runs": 1, "threads": 1}
    return TuneOptions(**given | {"index": "hnswlib,flat", "budget": "60s", "recall": 0.9} | more)


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A whole search: its options, and what it said."""
    asked = options(a_file(tmp_path_factory.mktemp("searched")))
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as said:
        patch.setattr(measure, "WATCHED", 0)
        in_this_process(patch)
        tune.main(asked)
    return asked, said.getvalue()


def when_measured(folder: Path) -> dict[Path, str]:
    """Of every point."""
    return {one.point.path(folder): one.facts["measured"] for one in results.read_all(folder)}


def test_the_best_is_found_kept_and_told(searched):
    asked, said = searched
    measured = results.read_all(asked.out)
    assert measured and all(one.point.data == "made_up" for one in measured)
    good = [one for one in measured if one.scores["k-recall@5"] >= 0.9]
    assert good and "build it" in said and "serve it" in said and "the rest" in said
    kept = [line.partition(": ")[2] for line in said.splitlines() if line.startswith("index kept: ")]
    assert len(kept) == 1 and Saved(Path(kept[0])).kept
    assert [path for path in Path(kept[0]).parent.iterdir() if path.suffix != ".json"] == [Path(kept[0])]
    page = Path(said.rpartition("lost: ")[2].strip()).read_text()
    assert "Why the rest lost" in page and "ef_construction" in page and "flat" in page


def test_what_it_says_of_serving_is_right(searched):
    asked, said = searched
    lines = said.partition("serve it\n")[2].partition("\n\n")[0]
    whole = vectors_file.load(Path(asked.data))
    names = {"queries": whole.queries}
    exec("\n".join(line.strip() for line in lines.splitlines()), names)
    true = np.argsort(((whole.queries[:, None] - whole.gallery) ** 2).sum(axis=2), axis=1)[:, :5]
    assert np.mean([len(set(a) & set(b)) / 5 for a, b in zip(names["rows"], true, strict=True)]) >= 0.85


def test_the_same_search_goes_on_and_does_nothing_twice(searched, workers, capsys):
    asked, _ = searched
    journal = next((asked.out / "tuning" / "made_up").glob("tried-*.jsonl"))
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:-1]) + lines[-1][:20])  # killed in the middle of its last line
    done, before = len(workers), when_measured(asked.out)
    tune.main(asked)
    again = capsys.readouterr().out
    assert f"going on: {len(lines) - 1} builds" in again
    assert len(workers) - done <= 2
    assert when_measured(asked.out).items() >= before.items()
    assert journal.read_text().startswith("".join(lines[:-1]))


def test_where_nothing_reaches_the_recall_the_nearest_are_told(vectors, workers, capsys, monkeypatch):
    grids = lambda count, dim, metric: [Grid("IVF16,SQ4", {"nprobe": (1, 4)})]  # noqa: E731
    monkeypatch.setattr(indexes.get("faiss_float"), "grids", grids)
    with pytest.raises(RunFailed, match="nothing reaches"):
        tune.main(options(vectors, index="faiss_float", recall=0.99))
    said = capsys.readouterr().out
    assert "the nearest" in said and "IVF16,SQ4 nprobe=" in said and "does not reach 0.99" in said


def test_what_does_not_fit_is_not_built(vectors, workers, capsys, monkeypatch):
    def estimate(self):
        return Estimate(memory=10**13, disk=10, work=1)

    monkeypatch.setattr(indexes.get("hnswlib").Index, "estimate", estimate)
    tune.main(options(vectors, memory="4GB"))
    said = capsys.readouterr().out
    assert "hnswlib: needs about 10 TB of memory" in said
    assert not [work for _, work, _ in workers if "hnswlib" in (work.get("index"), work.get("job", {}).get("index"))]


def test_what_there_is_no_time_for_is_not_built(vectors, workers, capsys, monkeypatch):
    """The first of a sample that reaches the recall is measured in full, whatever time is left: something is told."""
    told: list[Outcome] = []
    monkeypatch.setattr(Search, "_tell_sample", lambda self, one: told.append(one))
    monkeypatch.setattr(Search, "left", property(lambda self: 0.1 if told else 1.0))
    tune.main(options(vectors, budget="1s", index="hnswlib,flat,annoy"))
    said = capsys.readouterr().out
    assert "flat, annoy: did not fit into the time" in said and "1 in full" in said and "build it" in said
    assert "builds did not fit into the time; the same with --budget=1min goes on with them" in said


def test_a_budget_for_nothing_says_what_would_do(vectors, workers, capsys):
    with pytest.raises(RunFailed, match="--budget=0.001s: too short to .*; give it more, like 1min"):
        tune.main(options(vectors, budget="0.001s"))
    assert "in full" in capsys.readouterr().out


def test_what_needs_more_memory_says_how_much_would_do(vectors, workers, capsys):
    with pytest.raises(RunFailed, match="--memory: no build fits into 90 MB; the smallest needs --memory=151MB"):
        tune.main(options(vectors, memory="90MB", index="flat"))


def test_equals_and_what_was_faster_are_told_as_the_best_is_chosen(monkeypatch):
    """By QPS without the waiting for a core; beside the best stands what beat it when it was asked once."""
    best = Outcome(700, "annoy", "trees=15", "trees=15", {}, 0.95, 23_000.0, True, timed=9_800.0)
    near, slow = (replace(best, build=name, meant=name) for name in ("trees=10", "trees=5"))
    near, slow = replace(near, qps=22_500.0, timed=21_000.0), replace(slow, qps=10_000.0, timed=9_900.0)
    once = replace(best, index="flat", build="Flat", meant="Flat", qps=30_000.0, timed=0.0)
    rows = {
        one.build: {"qps": one.timed, "qps_low": one.timed * 0.9, "qps_high": one.timed} for one in (best, near, slow)
    }
    monkeypatch.setattr(report, "measured", lambda search, one: SimpleNamespace(row=rows[one.build]))
    full = {(one.index, one.build): one for one in (best, near, slow)}
    found = SimpleNamespace(best=best, bound=best.qps, full=full, count=700, sampled={("flat", "Flat"): once})
    found.no_time = {("flat", "Flat"), ("hnswlib", "M=8")}
    assert report.equals(found) == [near] and report.faster(found) == [once]
    found.count = 70_000
    assert not report.faster(found)


def test_samples_leave_time_for_builds_over_all(vectors, workers, capsys, monkeypatch):
    """Where time for samples runs out after the first, that one is built over all; then what was left, flat first."""
    monkeypatch.setattr(Search, "left", property(lambda self: 20.0 if self.sampled or told else 60.0))
    told: list[str] = []
    monkeypatch.setattr(Search, "_tell_sample", lambda self, one: told.append(one.title))
    tune.main(options(vectors))
    said = capsys.readouterr().out
    defaults = [title for title in told if "flat" in title or "=16,ef_construction=200" in title]
    assert told[0].startswith("hnswlib M=8,ef_construction=200") and not defaults and "build it" in said
    assert "flat Flat: recall 1.0000" in said


def test_where_samples_begin_quickly_little_time_is_enough(vectors, workers, capsys, monkeypatch):
    """Workers of this process begin at once: two seconds are enough for a build over all, where five would not be."""
    monkeypatch.setattr(Search, "left", property(lambda self: 2.0 if self.sampled else 60.0))
    tune.main(options(vectors, index="flat"))
    assert "serve it" in capsys.readouterr().out


def test_without_optuna_the_default_builds_are_searched(vectors, workers, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    tune.main(options(vectors))
    assert "are not varied: optuna is not installed; pip install" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"recall": 1.5}, "--recall=1.5"),
        ({"build": "30"}, "--build=30"),
        ({"budget": "soon"}, "--budget=soon"),
        ({"mode": "both"}, "both"),
        ({"memory": "much"}, "--memory=much"),
        ({"k": 0}, "--k=0"),
        ({"index": "hnswlob"}, "hnswlob"),
    ],
)
def test_mistakes_are_told_in_a_line(vectors, wrong, said):
    with pytest.raises(InputError, match=said) as error:
        tune.main(options(vectors, **wrong))
    assert "\n" not in str(error.value)


class Asked(Track):
    """The k nearest, asked as a track; one case, or two where the set is called "two"."""

    modes = ("single",)

    @property
    def cases(self):
        return [Case("nearest"), Case("again")][: 2 if self.flags.track == "two" else 1]

    def refusal(self, index):
        return "it cannot" if index.name == "flat" else ""

    def measure(self, index, point, facts, *, runs):
        whole = with_neighbors(self.vector_set, self.k)
        timed = measure.single(index, whole, whole.queries, self.k, runs=runs)
        scores = metrics.scores(whole, timed.neighbors, timed.distances)
        return results.Result(point, timed.seconds, timed.times, timed.neighbors, timed.distances, scores, facts)


@pytest.fixture
def asked_track(monkeypatch):
    """Whatever --track names is ``Asked``."""
    made = lambda flags, *rest, **more: Asked(flags, *rest, **more) if flags.track else None  # noqa: E731
    monkeypatch.setattr(tracks, "of", made)
    monkeypatch.setattr(tracks, "get", lambda name: SimpleNamespace(Track=Asked))
    grids = lambda count, dim, metric: [Grid("M=8,ef_construction=100", {"ef": (10, 20)})]  # noqa: E731
    monkeypatch.setattr(indexes.get("hnswlib"), "grids", grids)
    monkeypatch.setattr(search, "_ROUNDS", 1)


def test_a_track_is_searched_in_full_and_who_cannot_says_so(vectors, workers, asked_track, capsys):
    asked = options(vectors, track="asked")
    tune.main(asked)
    said = capsys.readouterr().out
    measured = list(asked.out.glob("*/made_up/5/hnswlib/*.hdf5"))
    assert measured and results.read(measured[0]).point.case == "nearest"
    assert "a sample of" not in said and "flat: it cannot" in said and "build it" in said


def test_another_case_is_another_search(vectors, workers, asked_track, capsys, monkeypatch):
    for case in (Case("nearest", mark="x<5"), Case("nearest", mark="x<90"), Case("8 clients", mark="x<90")):
        monkeypatch.setattr(Asked, "cases", [case])
        tune.main(options(vectors, track="asked", index="hnswlib"))
    assert "going on" not in capsys.readouterr().out
    assert len([*(vectors.parent / "results" / "tuning" / "asked").rglob("tried-*.jsonl")]) == 3


def test_of_the_ways_of_asking_the_best_is_found(vectors, workers, asked_track, capsys, monkeypatch):
    def slower(self, index, point, facts, *, runs):
        found = plain(self, index, point, facts, runs=runs)
        return replace(found, seconds=found.seconds * (100 if point.way == "native" else 1))

    plain = Asked.measure
    monkeypatch.setattr(Asked, "measure", slower)
    monkeypatch.setattr(Asked, "ways", lambda self, index: ("native", "post-filter"))
    tune.main(options(vectors, track="asked", index="hnswlib"))
    said = capsys.readouterr().out
    assert "serve it\n  its file: " in said and "ask it as --track=test_tune does" in said
    best, *_ = said.partition("in full, in ")[2].splitlines()[2:]
    assert best.startswith("hnswlib") and best.endswith("(post-filter)")


def test_an_index_of_a_track_is_kept_where_a_sweep_has_it(vectors, workers, asked_track, capsys, monkeypatch):
    monkeypatch.setattr(Asked, "of_own", lambda self, index: True)
    monkeypatch.setattr(Asked, "mark", "of these attributes")
    tune.main(options(vectors, track="asked", index="hnswlib"))
    kept = [line.partition(": ")[2] for line in capsys.readouterr().out.splitlines() if line.startswith("index kept: ")]
    assert len(kept) == 1 and Saved(Path(kept[0])).kept
    assert [path for path in Path(kept[0]).parent.iterdir() if path.suffix != ".json"] == [Path(kept[0])]


def test_only_what_others_took_is_no_time_of_the_index():
    point = results.Point("set", "f", "euclidean", 1, "flat", "Flat", {}, "single", 1)
    nothing = np.zeros((1, 1))
    facts = {"cores_busy": 0.3, "waited_share": 0.5}
    for mode, known, qps in (("single", facts, 4), ("single", {"cores_busy": 0.3}, 2), ("batch", facts, 2)):
        timed = results.Result(replace(point, mode=mode), np.array([0.5]), nothing[0], nothing, nothing, {}, known)
        assert worker.undisturbed(timed) == pytest.approx(qps)


def test_what_is_told_is_what_is_kept():
    one = Outcome(10, "flat", "Flat", "Flat", {}, 0.95, 23_600.0, True, timed=9780.0)
    assert one.figures == "recall 0.9500, 9,780 QPS, 23,600 without waiting for a core"
    assert replace(one, timed=0.0).figures == "recall 0.9500, 23,600 QPS"


def test_what_tune_cannot_search_is_told_in_a_line(vectors, asked_track, monkeypatch):
    with pytest.raises(InputError, match="for one case, this asks nearest, again"):
        tune.main(options(vectors, track="two"))
    with pytest.raises(InputError, match="--mode=batch: .* asked in single"):
        tune.main(options(vectors, track="asked", mode="batch"))
    monkeypatch.setattr(Asked, "builds_itself", True)
    with pytest.raises(InputError, match="ann_bench run --track=asked measures the default builds"):
        tune.main(options(vectors, track="asked"))


def test_within_a_radius_pairs_are_recalled(vectors, workers, capsys):
    tune.main(options(vectors, track="range", index="flat,hnswlib"))
    said = capsys.readouterr().out
    assert "to reach: recall of pairs of 0.9" in said and "serve it\n  its file: " in said


def test_for_foreign_queries_their_own_recall_is_sought(vectors, workers, capsys):
    asked = options(vectors, track="foreign")
    tune.main(asked)
    assert "--track foreign" in capsys.readouterr().out
    assert {results.read(path).point.case for path in asked.out.glob("foreign/made_up/5/*/*.hdf5")} == {"foreign"}


def test_clients_count_by_the_clock_and_a_rate_is_no_aim(vectors, workers):
    asked = options(vectors, track="clients", clients="2", seconds=0.1, index="flat")
    tune.main(asked)
    (measured,) = results.read_all(asked.out / "clients") or results.read_all(asked.out)
    (journal,) = (asked.out / "tuning" / "clients" / "made_up").glob("tried-*.jsonl")
    (tried,) = (one for one in map(json.loads, journal.read_text().splitlines()) if "qps" in one)
    assert tried["qps"] == measured.qps
    with pytest.raises(InputError, match="with --rate=100 whatever keeps up is equally fast"):
        tune.main(replace(asked, rate="100"))


@pytest.mark.slow
def test_a_search_that_is_killed_goes_on(vectors):
    """SIGKILL after two builds over all: these are not built again, and the same command ends as the search does."""
    out = vectors.parent / "results"
    command = [sys.executable, "-m", "ann_bench", "tune", f"--data={vectors}", "--index=hnswlib,flat", f"--out={out}"]
    command += ["--track=foreign", "--k=5", "--runs=1", "--threads=1", "--recall=0.9", "--budget=20min"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def tried():
        return [line for path in out.rglob("tried-*.jsonl") for line in path.read_text().splitlines() if "qps" in line]

    while process.poll() is None and len(tried()) < 2:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before, measured = tried(), when_measured(out / "foreign")
    assert process.returncode == -signal.SIGKILL and len(before) >= 2 and measured
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"going on: {len(before)} builds" in done.stdout and "serve it" in done.stdout
    assert tried()[: len(before)] == before and len(tried()) > len(before)
    assert when_measured(out / "foreign").items() >= measured.items()


def test_a_crash_costs_one_try(vectors, monkeypatch):
    """Five builds of an index that misbehaves, in workers of their own: those that are honest are found."""
    start = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from ann_bench import indexes
from ann_bench.tuning import worker
indexes.__path__.append({PLUGINS!r})
worker.main(*sys.argv[1:])
"""
    monkeypatch.setattr(indexes, "__path__", [*indexes.__path__, PLUGINS])
    monkeypatch.setattr(trials, "WORKER", (sys.executable, "-c", start))
    asked = options(vectors, index="rogue")
    whole = vectors_file.load(vectors)
    builds = ("honest", "crash_in_build", "twice", "raises", "bad_end")
    candidates = [trials.Candidate("rogue", build, {"step": (1,)}) for build in builds]
    journal = Journal(asked.out / "tuning", {})
    made = trials.Trials(asked, whole, None, journal, asked.out / "tuning")
    found = {one.build: one for one in made.on_sample(700, candidates, seconds=20, note=lambda _: None)}
    assert found["honest"].reached and found["bad_end"].reached
    assert "SIGSEGV" in found["crash_in_build"].reason and "twice" in found["twice"].reason
    assert "out of luck" in found["raises"].reason
    assert len(journal.outcomes) == 5


def test_what_had_too_little_time_is_tried_again_when_there_is_more(tmp_path):
    journal, ended = Journal(tmp_path, {}), limits.Ended("took longer than the limit of 10 s; --timeout=SECONDS sets")
    assert trials._ended(ended, 10) == {"reason": "took longer than the limit of 10 s", "limit": 10}
    assert trials._ended(limits.Ended("crashed with SIGSEGV"), 10) == {"reason": "crashed with SIGSEGV"}
    journal.add(Outcome(100, "hnswlib", "M=8", "M=8", reason="took longer", limit=10))
    assert journal.get(100, "hnswlib", "M=8", seconds=12) and not journal.get(100, "hnswlib", "M=8", seconds=60)


def test_graphs_that_are_soon_built_come_first(vectors):
    asked, whole = options(vectors, index=""), vectors_file.load(vectors)
    given = [("flat", "Flat"), ("faiss_binary", "ITQ24,BHNSW32,RFlat"), ("hnswlib", "M=32,ef_construction=400")]
    given += [("hnswlib", "M=8,ef_construction=100"), ("faiss_float", "IVF16,Flat")]
    order = promise.likely([trials.Candidate(*one, {}) for one in given], whole, asked.run_options())
    assert [given.index((one.index, one.build)) for one in order] == [3, 2, 1, 4, 0]


def test_a_journal_forgets_nothing_and_half_a_line_is_none(tmp_path):
    journal = Journal(tmp_path, {"recall": 0.9})
    one = Outcome(100, "hnswlib", "M=8", "M=8", {"ef": 20}, 0.91, 1000.0, True, seconds=2.5)
    journal.add(one)
    journal.add(replace(one, build="M=16", meant="M=16", seconds=1.5))
    with journal.path.open("a") as file:
        file.write('{"rows": 3')
    again = Journal(tmp_path, {"recall": 0.9})
    assert again.get(100, "hnswlib", "M=8") == one and again.seconds == 4 and again.before == 2
    assert Journal(tmp_path, {"recall": 0.95}).before == 0
    assert Journal(tmp_path, {"recall": 0.9}, anew=True).before == 0
