"""The track of foreign queries: truth of both kinds against plain loops, how far they lie, and what is told of it."""

import dataclasses
import math
from types import SimpleNamespace

import numpy as np
import pytest

from ann_bench import indexes, tracks
from ann_bench.measuring import metrics
from ann_bench.options import RunOptions
from ann_bench.ranges import kinds
from ann_bench.results import results
from ann_bench.results.points import load
from ann_bench.results.results import Point
from ann_bench.sweep import builds, job, worker
from ann_bench.tracks.base import TrackFlags
from ann_bench.tracks.foreign import FOREIGN, NEAR
from ann_bench.tuning import report
from ann_bench.views import recommend, table
from datasets.errors import InputError
from datasets.vectors.base import VectorSet


def made(metric="euclidean", shift=3.0):
    rng = np.random.default_rng(2)
    if metric == "hamming":
        return VectorSet("made", metric, *(rng.integers(0, 256, (count, 4)).astype(np.uint8) for count in (70, 20)))
    gallery, queries = (rng.normal(size=(count, 6)).astype(np.float32) for count in (300, 20))
    queries[:, 0] += shift
    return VectorSet("made", metric, gallery, queries)


def track_of(vector_set, tmp_path, k=3, **flags):
    return tracks.of(TrackFlags(track="foreign", **flags), vector_set, k, cache=tmp_path / "cache", seed=0)


def measured(track, case, build="IVF4,Flat", search=None):
    vector_set = track.vector_set
    index = builds.make("faiss_float", build, vector_set, track)
    index.set_threads(1)
    index.train(track.indexed.gallery)
    index.add(track.indexed.gallery)
    index.finish()
    index.tune(**(search or {}))
    about = {"data": vector_set.name, "fingerprint": vector_set.fingerprint(), "metric": vector_set.metric}
    about |= {"track": "foreign", "case": case, "k": track.k, "search": search or {}, "build": build}
    point = Point(**about, index="faiss_float", mode="single", threads=1)
    return track.measure(index, point, {"gallery": 300, "dimension": 6}, runs=1)


def test_no_row_that_asks_lies_in_the_index(tmp_path):
    track = track_of(made(), tmp_path)
    whole, left, asking = (part.tolist() for part in (made().gallery, track.indexed.gallery, track.sets[NEAR].queries))
    assert len(asking) == 20 and sorted(left + asking) == sorted(whole) and track.count == 280
    assert [row for row in whole if row in left] == left and track.sets[FOREIGN].gallery is track.sets[NEAR].gallery
    assert track.of_own(None) and track.mark == "without 20"


def test_a_graph_is_asked_by_both_kinds_alike(tmp_path):
    """Queries of the gallery's distribution are not foreign: an index that held those that ask would say they are."""
    rng = np.random.default_rng(3)
    vectors = VectorSet("alike", "euclidean", *(rng.normal(size=(n, 16)).astype(np.float32) for n in (3000, 300)))
    track = track_of(vectors, tmp_path, k=10)
    index = builds.make("hnswlib", "M=8,ef_construction=50", vectors, track)
    index.set_threads(1)
    index.add(track.indexed.gallery)
    index.finish()
    index.tune(ef=10)
    mine, theirs = (
        metrics.scores(asked, *index.find(asked.queries, 10))["k-recall@10"]
        for asked in (track.true[name] for name in (FOREIGN, NEAR))
    )
    assert mine == pytest.approx(theirs, abs=0.05) and theirs < 0.85


def test_a_run_builds_without_the_rows_that_ask(tmp_path):
    np.save(tmp_path / "base.npy", made().gallery)
    np.save(tmp_path / "query.npy", made().queries)
    options = RunOptions(
        data=str(tmp_path / "base.npy"), queries=tmp_path / "query.npy", track="foreign", k=3, out=tmp_path / "out",
        index="flat", mode="single", runs=1)  # fmt: skip
    vector_set = options.source().load()
    track = tracks.of(options, vector_set, 3, cache=tmp_path / "cache", seed=0)
    plan = [("flat", indexes.get("flat").grids(300, 6, "euclidean")[0])]
    build = builds.of_plan(plan, options, vector_set, track)[0]
    without = builds.saved("flat", "", options, vector_set)
    assert build.saved != without, "an index that lacks rows is not mistaken for one that has all"
    todo = job.of(options, build, cache=tmp_path / "cache")
    worker.build(todo, lambda *_, **__: None)
    told = []
    worker.search(dataclasses.replace(todo, points=build.points), lambda what, **more: told.append((what, more)))
    assert not [more for what, more in told if what == "failed"]
    rows = load(tmp_path / "out" / "foreign").rows
    assert {(row["case"], row["gallery"], row["held_out"], row["k-recall@3"]) for row in rows} == {
        (FOREIGN, 280, 20, 1.0), (NEAR, 280, 20, 1.0)}  # fmt: skip


@pytest.mark.parametrize("metric", ["euclidean", "inner_product", "angular", "hamming"])
def test_truth_of_both_kinds_is_that_of_plain_loops(tmp_path, metric):
    track = track_of(made(metric), tmp_path)
    for name, asked in track.true.items():
        assert len(asked.queries) == (7 if metric == "hamming" and name == NEAR else 20)
        assert (asked.own_rows == -1).all()
        for place, query in enumerate(asked.queries.tolist()):
            away = []
            for row, other in enumerate(asked.gallery.tolist()):
                if metric == "hamming":
                    far = sum(bin(a ^ b).count("1") for a, b in zip(query, other, strict=True))
                else:
                    product = sum(a * b for a, b in zip(query, other, strict=True))
                    far = {"euclidean": math.dist(query, other), "inner_product": -product}.get(metric)
                    far = 1 - product / math.hypot(*query) / math.hypot(*other) if far is None else far
                away.append((far, row))
            sign = -1 if metric == "inner_product" else 1
            expected = [sign * far for far, _ in sorted(away)[:3]]
            assert asked.distances[place].tolist() == pytest.approx(expected, abs=1e-5)


def test_how_far_the_queries_lie_from_the_gallery(tmp_path):
    track = track_of(made(shift=6.0), tmp_path)
    far, near = track.true[FOREIGN], track.true[NEAR]
    mine, theirs = far.distances[:, 0].astype(float), near.distances[:, 0].astype(float)
    found = kinds.facts(far, near)
    assert found[kinds.NEAREST] == pytest.approx(sum(mine) / 20)
    assert found[kinds.TIMES] == pytest.approx(sum(mine) / sum(theirs)) and found[kinds.TIMES] > 2
    border = np.quantile(theirs, 0.99)
    assert found[kinds.OUTSIDE] == sum(one > border for one in mine) / 20 > 0.9
    centre = [sum(row[place] for row in far.gallery.tolist()) / 280 for place in range(6)]
    spread = math.sqrt(sum(math.dist(row, centre) ** 2 for row in far.gallery.tolist()) / 280)
    theirs = [sum(row[place] for row in far.queries.tolist()) / 20 for place in range(6)]
    assert found[kinds.OFFSET] == pytest.approx(math.dist(theirs, centre) / spread, rel=1e-5)
    of_own = kinds.facts(near, near)
    assert of_own[kinds.TIMES] == 1 and of_own[kinds.OUTSIDE] <= 0.1 and of_own[kinds.OFFSET] < 0.5


def test_products_have_no_ratio_and_bits_no_centre(tmp_path):
    for metric, lacking in (("inner_product", kinds.TIMES), ("hamming", kinds.OFFSET)):
        track = track_of(made(metric), tmp_path)
        assert lacking not in kinds.facts(track.true[FOREIGN], track.true[NEAR])


def test_rows_that_ask_are_the_same_for_the_same_seed(tmp_path):
    first, again = (track_of(made(), tmp_path / name) for name in "ab")
    assert [case.mark for case in first.cases] == [case.mark for case in again.cases]
    assert [case.name for case in first.cases] == [FOREIGN, NEAR]
    few = VectorSet("few", "euclidean", made().gallery[:50], made().queries)
    assert len(track_of(few, tmp_path).sets[NEAR].queries) == 5, "a tenth of the gallery"
    with pytest.raises(InputError, match="--near-queries: fewer has 9 vectors, too few to hold some of them out"):
        track_of(dataclasses.replace(few, name="fewer", gallery=few.gallery[:9]), tmp_path)


def test_queries_of_the_gallerys_kind_from_a_file(tmp_path):
    np.save(tmp_path / "near.npy", np.random.default_rng(9).normal(size=(8, 6)).astype(np.float32))
    track = track_of(made(), tmp_path, near_queries=str(tmp_path / "near.npy"))
    assert track.true[NEAR].neighbors.shape == (8, 3) and (track.true[NEAR].own_rows == -1).all()
    assert track.count == 300 and not track.of_own(None) and not track.mark, "nothing is held out"
    np.save(tmp_path / "wide.npy", np.ones((8, 7), np.float32))
    with pytest.raises(InputError, match=r"--near-queries=.*wide\.npy: has 7 dimensions, made 6"):
        track_of(made(), tmp_path, near_queries=str(tmp_path / "wide.npy"))


def test_queries_that_are_gallery_rows_are_not_foreign(tmp_path):
    own = VectorSet("own", "euclidean", made().gallery, made().gallery[:4].copy(), query_rows=np.arange(4))
    with pytest.raises(InputError, match="--track=foreign: the queries of own are rows of its gallery; name a file"):
        track_of(own, tmp_path)


def test_both_are_measured_shown_and_drawn(tmp_path):
    track = track_of(made(shift=4.0), tmp_path)
    for search in ({"nprobe": 1}, {"nprobe": 4}):
        for case in (FOREIGN, NEAR):
            found = measured(track, case, search=search)
            results.write(tmp_path, found)
            assert search["nprobe"] == 1 or found.scores["k-recall@3"] == 1
    rows = tracks.get("foreign").Track.related(load(tmp_path / "foreign").rows)
    for probes in (1, 4):
        mine, theirs = (
            {row["case"]: row for row in rows if row["search"] == f"nprobe={probes}"}[c] for c in (FOREIGN, NEAR)
        )
        assert mine["share of recall"] == pytest.approx(mine["k-recall@3"] / theirs["k-recall@3"])
        assert "share of recall" not in theirs and mine[kinds.OUTSIDE] > theirs[kinds.OUTSIDE]
    shown = table.render(rows, every=True, track="foreign")
    assert "of its own" in shown and "times as far" in shown and NEAR in shown
    pictures = tracks.get("foreign").Track.draw(rows, tmp_path / "plots")
    text = pictures[0].read_text()
    assert len(pictures) == 2 and f"<!-- {NEAR} -->" in text and "stroke-dasharray" in text


def test_without_a_case_all_are_shown(tmp_path, capsys):
    track = track_of(made(), tmp_path)
    for case in (FOREIGN, NEAR):
        one = measured(track, case, search={"nprobe": 1})
        results.write(tmp_path, dataclasses.replace(one, facts={**one.facts, "build_seconds": 0.1}))
    shown = recommend.RecommendOptions(out=tmp_path, track="foreign", recall=0.0)
    recommend.main(shown)
    said = capsys.readouterr().out
    assert all(f", {case}: 3-recall@3 of 0 or more" in said for case in (FOREIGN, NEAR))
    assert {row["case"] for row in dataclasses.replace(shown, case=NEAR).load().rows} == {NEAR}
    with pytest.raises(InputError, match="unknown case 'near'"):
        dataclasses.replace(shown, case="near").load()


def test_who_searched_for_an_index_is_told_that_rows_were_held_out(tmp_path):
    track = track_of(made(), tmp_path)
    saved = SimpleNamespace(path=tmp_path / "index", exists=True)
    trials = SimpleNamespace(track=track, vector_set=track.vector_set, saved=lambda best: saved)
    told = report.serving(SimpleNamespace(trials=trials), SimpleNamespace(index="flat", build="", search={}))
    assert "without the 20 rows that were held out; build it of all that you serve" in told
