"""Many clients: the clock tells what an index does that sleeps on purpose; a machine's noise can only add to it."""

import importlib.util
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from ann_bench import tracks
from ann_bench.clients import judged, pictures
from ann_bench.clients.client import Log
from ann_bench.indexes import flat
from ann_bench.measuring import cores, honest, measure
from ann_bench.results.points import recall
from ann_bench.results.results import Point
from ann_bench.tracks.base import TrackFlags
from ann_bench.views import table
from datasets.errors import InputError
from datasets.vectors.base import VectorSet, with_neighbors

PLUGIN = importlib.util.spec_from_file_location("rogue", Path(__file__).parents[2] / "shared" / "plugins" / "rogue.py")
ROGUE = importlib.util.module_from_spec(PLUGIN)
PLUGIN.loader.exec_module(ROGUE)


@pytest.fixture(autouse=True)
def not_watched(monkeypatch):
    monkeypatch.setattr(measure, "WATCHED", 0.02)


@pytest.fixture
def vectors() -> VectorSet:
    rng = np.random.default_rng(0)
    return VectorSet("made up", "euclidean", *(rng.normal(size=(n, 8)).astype(np.float32) for n in (60, 20)))


@pytest.fixture
def track(vectors, tmp_path):
    """Of given flags."""
    return lambda **flags: tracks.of(TrackFlags(track="clients", **flags), vectors, 3, cache=tmp_path, seed=0)


def rogue(build: str, vectors: VectorSet, step: int = 1):
    index = ROGUE.Rogue(build, dim=8, metric="euclidean", count=60)
    index.add(vectors.gallery)
    index.tune(step=step)
    return index


def point(case: str) -> Point:
    about = {"data": "made up", "fingerprint": "a", "metric": "euclidean", "k": 3, "index": "rogue", "build": "x"}
    return Point(**about, search={}, mode="single", threads=1, track="clients", case=case)


def measured(track, index, case: str):
    track.prepare()
    return track.measure(index, point(case), {"dimension": 8}, runs=3)


def test_a_sleep_of_a_millisecond_is_what_a_closed_loop_shows(track, vectors):
    made = track(clients="4", seconds=0.5)
    row = measured(made, rogue("sleeps", vectors), "4 clients").row
    assert 1 <= row["p50"] <= row["p95"] <= row["p99"] <= row["p99.9"] and row["p50"] < 50
    assert 50 < row["qps"] <= 4 / 0.001 and row["qps_low"] <= row["qps"] <= row["qps_high"]
    assert recall(row) == 1 and (row["clients"], row["loop"], row["rate"]) == (4, "closed", None)


def test_as_many_clients_as_answers_a_second_times_how_long_they_take(track, vectors, monkeypatch):
    """Little's law, of sixty that have their turn, and where one of them has nearly all turns."""
    monkeypatch.setattr(measure, "WATCHED", 0)
    index = rogue("sleeps", vectors)
    row = measured(track(clients="60", seconds=0.4), index, "60 clients").row
    assert row["qps"] * row["mean"] / 1e3 == pytest.approx(60, rel=0.2) and row["starved"] == 0
    find = index.find

    def unfair(*asked):
        if (name := threading.current_thread().name) != "client 0" and name.startswith("client"):
            calls[name] = calls.get(name, 0) + 1
            time.sleep(0.5 if calls[name] > 20 else 0)  # the warm-up
        return find(*asked)

    calls: dict[str, int] = {}
    index.find = unfair
    made = track(clients="6", seconds=0.4)
    result = measured(made, index, "6 clients")
    assert result.row["qps"] * result.row["mean"] / 1e3 == pytest.approx(6, rel=0.35)
    assert "5 of 6 clients were never answered" in made.told(result)


def test_a_tail_is_where_it_was_put(track, vectors):
    row = measured(track(clients="2", seconds=0.5), rogue("stumbles", vectors), "2 clients").row
    assert 1 <= row["p50"] < 30 <= row["p95"] <= row["p99"]


def test_the_rate_is_told_as_it_was_asked(track, vectors):
    made = track(clients="2", rate="1234", seconds=0.2)
    assert measured(made, rogue("honest", vectors), "2 clients at 1,234 a second").row["rate"] == 1234


def test_at_a_rate_as_much_is_answered_as_was_asked(track, vectors):
    made = track(clients="4", rate="100", seconds=0.8)
    result = measured(made, rogue("sleeps", vectors), "4 clients at 100 a second")
    row = result.row
    assert row["rate"] == pytest.approx(100, rel=0.02) and 70 < row["qps"] < 130
    assert row["p50"] >= 1 and row["queue"] == row["never_asked"] == 0
    assert "asked 100 a second" in made.told(result) and "keep up" not in made.told(result)
    assert result.series["answered"].sum() == pytest.approx(row["qps"] * 0.8)


def test_a_pause_is_not_left_out_because_nobody_asked_in_it(track, vectors, monkeypatch):
    monkeypatch.setattr(measure, "WATCHED", 0)
    index, calls = rogue("sleeps", vectors), []
    find = index.find

    def pausing(*asked):
        calls.append(asked)
        time.sleep(0.5 if len(calls) == 40 else 0)  # 20 are the warm-up
        return find(*asked)

    index.find = pausing
    row = measured(track(clients="1", rate="100", seconds=1), index, "1 client at 100 a second").row
    assert row["p95"] > 250, "of a hundred queries fifty were due in the pause"


def test_a_queue_that_grows_is_told(track, vectors):
    made = track(clients="2", rate="20000", seconds=0.2)
    result = measured(made, rogue("sleeps", vectors), "2 clients at 20,000 a second")
    row = result.row
    assert row["qps"] <= 2000 and row["queue"] > 1000 and row["never_asked"] > 0
    assert "cannot keep up: the queue grew to " in made.told(result)
    assert row["p99"] > 100 * row["own_p99"] or row["p99"] > 50


def test_a_share_is_of_what_the_closed_loop_reached(track, vectors):
    made = track(clients="2", rate="closed,50%,25%", seconds=0.3)
    index = rogue("sleeps", vectors)
    told = [measured(made, index, f"2 clients at {share}") for share in ("50%", "25%")]
    half, quarter = (found.row for found in told)
    assert half["rate_of"] == quarter["rate_of"] > half["qps"]
    assert ", 25% of " in made.told(told[1]) and "in a closed loop just before" in made.told(told[1])
    assert half["rate"] / quarter["rate"] == pytest.approx(2, rel=0.05) and 0 < half["rate"] <= 1000 * 1.05


def test_more_clients_than_cores_are_told(track, vectors, monkeypatch):
    monkeypatch.setattr(cores, "allowed", lambda: [0, 1])
    made = track(clients="2,8", seconds=0.1)
    index = rogue("sleeps", vectors)
    two, eight = (measured(made, index, f"{n} clients") for n in (2, 8))
    assert "8 clients on 2 cores" in made.told(eight) and " on 2 cores" not in made.told(two)
    assert eight.facts["own_us"] > 0 and eight.facts["cores_busy"] > 0


@pytest.mark.parametrize(
    ("build", "words"), [("twice", "is twice among"), ("out_of_range", "out of range"), ("liar", "says that row")]
)
def test_cheats_are_found_out(track, vectors, build, words):
    with pytest.raises(honest.Cheating, match=words):
        measured(track(clients="2", seconds=0.1), rogue(build, vectors), "2 clients")


def test_one_client_s_answers_are_enough_to_be_found_out(track, vectors):
    index = rogue("honest", vectors)
    find = index.find

    def wrong(queries, k):
        neighbors, distances = find(queries, k)
        return neighbors * (threading.current_thread().name != "client 2"), distances

    index.find = wrong
    with pytest.raises(honest.Cheating, match="is twice among"):
        measured(track(clients="3", seconds=0.1), index, "3 clients")


def test_what_an_index_throws_comes_out(track, vectors, monkeypatch):
    monkeypatch.setattr(measure, "WATCHED", 0)
    with pytest.raises(RuntimeError, match="out of luck"):
        measured(track(clients="3", seconds=0.1), rogue("raises", vectors), "3 clients")


def test_who_cannot_be_asked(track, vectors):
    index = rogue("honest", vectors)
    assert not track().refusal(index) and not track(processes=True).refusal(index)
    index.shared = False
    assert "several threads cannot ask it at once; --processes" in track().refusal(index)
    assert not track(clients="1").refusal(index) and not track(processes=True).refusal(index)
    index.saves = False
    assert "it is not saved" in track(processes=True).refusal(index)


def test_clients_as_processes_have_an_index_each(track, vectors, tmp_path):
    index = flat.Flat("", dim=8, metric="euclidean", count=60)
    index.add(vectors.gallery)
    index.save(tmp_path / "index")
    made = track(clients="2", seconds=0.2, processes=True)
    made.saved = tmp_path / "index"
    row = measured(made, index, "2 processes").row
    assert recall(row) == 1 and row["processes"] and row["qps"] > 10
    made.saved = tmp_path / "gone"
    with pytest.raises(RuntimeError, match="gone"):
        measured(made, index, "2 processes")


def test_queries_that_were_not_asked_do_not_count(vectors):
    known = with_neighbors(vectors, k=3)
    truth, far = known.neighbors[:, :3], known.distances[:, :3]
    log = Log(answers={4: (truth[4:5], far[4:5]), 2: (truth[2:3], far[2:3])})
    index = rogue("honest", vectors)
    neighbors, distances, scores = judged.judge(index, known, [log, Log()], 3, 3)
    assert scores["k-recall@3"] == 1 and (neighbors[[2, 4]] == truth[[2, 4]]).all()
    assert (neighbors >= 0).any(axis=1).sum() == 2 and np.isinf(distances[0]).all()


@pytest.mark.parametrize("flags", [{"seconds": 0}, {"clients": "none"}, {"rate": "x"}])
def test_mistakes_name_their_flag(track, flags):
    with pytest.raises(InputError, match=f"--{next(iter(flags))}="):
        track(**flags)


def test_the_pictures_and_the_table(track, vectors, tmp_path):
    made = track(clients="2", rate="closed,50", seconds=0.1)
    index = rogue("sleeps", vectors)
    closed, at_rate = (measured(made, index, case.name).row for case in made.cases)
    faster = {**closed, "build": "other", "qps": 2 * closed["qps"], "k-recall@3": 0.5}
    rows = [closed, {**closed, "case": "4 clients", "clients": 4}, faster, at_rate, {**at_rate, "rate": 100.0}]
    assert pictures.chosen(rows[:3]) == {"rogue x": rows[:2], "rogue other": rows[2:3]}, "recall comes first"
    files = pictures.draw(rows, tmp_path / "plots")
    assert [path.name for path in files if path.suffix == ".svg"] == [
        "clients-qps.svg", "clients-latency.svg", "rate-latency.svg"]  # fmt: skip
    assert all(path.stat().st_size > 1000 for path in files)
    text = table.render([rows[1], rows[3], rows[0]], track="clients")
    asked = [line.partition("  ")[0] for line in text.splitlines()]
    assert asked[2:] == ["2 clients", "2 clients at 50 a second", "4 clients"], "one block, by clients, then by rate"
    assert "2 clients at 50 a second" in text and "p99.9 ms" in text.splitlines()[0] and "asked QPS" in text
