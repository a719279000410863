"""The track of ranges: each way of asking against plain loops, what only looks right, and what is told of it."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from ann_bench import indexes, tracks
from ann_bench.drawing import fronts
from ann_bench.indexes.base import Index
from ann_bench.measuring.honest import Cheating
from ann_bench.ranges import asking, scoring
from ann_bench.results import extrapolate, results
from ann_bench.results.points import load
from ann_bench.results.results import Point
from ann_bench.sweep import builds, worker
from ann_bench.sweep.job import Job
from ann_bench.tracks.base import TrackFlags
from ann_bench.views import recommend, table
from datasets.errors import InputError
from datasets.stored import vectors_file
from datasets.truths.range_file import PairsWithin, ends_of
from datasets.vectors import exact
from datasets.vectors.base import VectorSet

PLUGINS = Path(__file__).parents[2] / "shared" / "plugins"


METRICS = ("euclidean", "inner_product", "angular", "hamming")


def made(metric, own=False):
    rng = np.random.default_rng(5)
    if metric == "hamming":
        gallery, queries = (rng.integers(0, 256, (count, 4)).astype(np.uint8) for count in (80, 9))
    else:
        gallery, queries = (rng.normal(size=(count, 6)).astype(np.float32) for count in (80, 9))
    if own:
        return VectorSet("made", metric, gallery, gallery[:9].copy(), query_rows=np.arange(9))
    return VectorSet("made", metric, gallery, queries)


class Plain(Index):
    """Exact search; ``wrong`` says how its ranges are not what they should be."""

    metrics = METRICS
    ranges = True

    def __init__(self, vector_set, *, wrong="", reports=True, exact_distances=True):
        super().__init__("plain", dim=vector_set.dim, metric=vector_set.metric, count=len(vector_set.gallery))
        self.rows, self.wrong, self.reports, self.exact_distances = vector_set.gallery, wrong, reports, exact_distances
        self.asked = []

    def set_threads(self, threads):
        pass

    def find(self, queries, k):
        self.asked.append((len(queries), k))
        neighbors, distances = exact.search(queries, self.rows, k, metric=self.metric)
        return neighbors, (distances if self.exact_distances else distances * 0) if self.reports else None

    def find_within(self, queries, radius):
        near = [distances for _, distances in exact.all_distances(queries, self.rows, metric=self.metric)][0]
        inside = near >= radius if self.metric == "inner_product" else near <= radius
        if self.wrong == "all":
            inside[:] = True
        if self.wrong == "half":
            inside[::2] = False
        query, ids = np.nonzero(inside)
        ends = ends_of(np.bincount(query, minlength=len(queries)))
        if self.wrong == "twice" and len(ids) > 1:
            ids[1] = ids[0]
        if self.wrong == "beyond" and len(ids):
            ids[0] = len(self.rows)
        if self.wrong == "floats":
            ids = ids.astype(float)
        return (ends[:-1] if self.wrong == "ends" else ends), ids


def track_of(vector_set, tmp_path, radius="mean:7", **flags):
    return tracks.of(TrackFlags(track="range", radius=radius, **flags), vector_set, 10, cache=tmp_path / "c", seed=0)


def measured(track, index, way, mode="single"):
    vector_set = track.vector_set
    about = {"data": vector_set.name, "fingerprint": vector_set.fingerprint(), "metric": vector_set.metric}
    case = track.cases[0]
    about |= {"track": "range", "case": case.name, "asked": track.mark + case.mark, "way": way}
    point = Point(**about, k=track.k, index="plain", build="plain", search={}, mode=mode, threads=1)
    return track.measure(index, point, {"gallery": 80, "dimension": vector_set.dim, "build_seconds": 1.0}, runs=2)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("mode", ["single", "batch"])
@pytest.mark.parametrize("metric", METRICS)
def test_both_ways_find_all_of_an_exact_index(tmp_path, metric, mode, own):
    track = track_of(made(metric, own), tmp_path)
    for way in (asking.NATIVE, asking.BY_NEIGHBORS):
        for known in ({}, {"reports": False}, {"exact_distances": False}):
            found = measured(track, Plain(track.vector_set, **known), way, mode)
            assert (
                found.scores["recall of pairs"] == found.scores["precision"] == found.scores["average precision"] == 1
            )
            assert found.facts["true pairs"] == found.facts["pairs given"] == found.series["true"].sum() >= 60
            assert found.times.shape == (9,) and found.seconds.shape == (2,) and found.qps > 0


def test_more_neighbors_are_asked_for_only_where_all_are_within():
    vector_set = made("euclidean")
    index = Plain(vector_set)
    distances = np.sort(
        np.concatenate([near for _, near in exact.all_distances(vector_set.queries, vector_set.gallery)])
    )
    radius = float(np.median(distances[:, 8]))  # some have 8 within, some more
    ends, ids = asking.by_neighbors(index, vector_set, radius, first=8, most=64)(vector_set.queries)
    more = int((distances[:, 7] <= radius).sum())
    assert index.asked[:2] == [(9, 8), (more, 16)] and 0 < more < 9
    assert np.diff(ends).tolist() == (distances <= radius).sum(axis=1).tolist()
    ends, _ = asking.by_neighbors(index, vector_set, 1e9, first=3, most=7)(vector_set.queries)
    assert np.diff(ends).tolist() == [7] * 9  # no more than that are asked for


def test_queries_that_were_given_up_are_told(tmp_path, monkeypatch):
    track = track_of(made("euclidean"), tmp_path)
    true = track.true(track.radii[0]).counts
    for most in (4, 8):
        monkeypatch.setattr(asking, "MOST", most)
        found = measured(track, Plain(track.vector_set), asking.BY_NEIGHBORS)
        assert found.facts["given up"] == pytest.approx((true >= most).mean()) and 0 < (true >= most).sum() < 9
        assert f"{(true >= most).mean():.1%} of the queries were given up at {most} neighbors" in track.told(found)
        found = measured(track, Plain(track.vector_set, exact_distances=False), asking.BY_NEIGHBORS)
        assert found.facts["given up"] == pytest.approx((np.minimum(true, most) >= most / 2 + 1).mean())
    results.write(tmp_path, found)
    assert "given up" in table.render(load(tmp_path / "range").rows, every=True, track="range")
    monkeypatch.setattr(asking, "MOST", 80)
    assert measured(track, Plain(track.vector_set), asking.BY_NEIGHBORS).facts["given up"] == 0
    assert "given up" not in measured(track, Plain(track.vector_set), asking.NATIVE).facts


def test_where_codes_guess_the_order_half_must_lie_beyond():
    vector_set = made("euclidean")
    index = Plain(vector_set, exact_distances=False)
    distances = np.sort(
        np.concatenate([near for _, near in exact.all_distances(vector_set.queries, vector_set.gallery)])
    )
    radius = float(np.median(distances[:, 4]))
    ends, _ = asking.by_neighbors(index, vector_set, radius, first=8, most=64)(vector_set.queries)
    assert index.asked[:2] == [(9, 8), (int((distances[:, 4] <= radius).sum()), 16)]
    assert np.diff(ends).tolist() == (distances <= radius).sum(axis=1).tolist()


def test_pairs_outside_of_the_radius_do_not_count(tmp_path):
    track = track_of(made("euclidean"), tmp_path)
    found = measured(track, Plain(track.vector_set, wrong="all"), asking.NATIVE)
    precision = found.facts["true pairs"] / (9 * 80)
    assert found.scores["recall of pairs"] == 1 and found.scores["precision"] == pytest.approx(precision)
    assert found.scores["average precision"] == pytest.approx((1 + precision) / 2)
    assert found.series["right"].sum() == found.facts["true pairs"] < found.series["found"].sum()


def test_scores_are_those_of_plain_loops(tmp_path):
    track = track_of(made("euclidean"), tmp_path)
    found = measured(track, Plain(track.vector_set, wrong="half"), asking.NATIVE, "batch")
    true = track.true(track.radii[0])
    recalls, hits = [], 0
    for query in range(9):
        wanted = true.counts[query]
        right = 0 if query % 2 == 0 else wanted
        hits += right
        recalls += [right / wanted] if wanted else []
    assert found.scores["recall of pairs"] == pytest.approx(hits / len(true.ids))
    assert found.scores["recall a query"] == pytest.approx(np.mean(recalls))
    assert found.scores["recall of pairs low"] < hits / len(true.ids) < found.scores["recall of pairs high"]


def test_pairs_are_right_where_they_are_true():
    true = PairsWithin(np.array([0, 2, 2, 3]), np.array([1, 4, 0]), np.zeros(3, np.float32))
    query, row = np.array([0, 0, 1, 2, 2]), np.array([4, 2, 1, 0, 4])
    assert scoring.right(query, row, true, 5).tolist() == [True, False, False, True, False]
    nothing = PairsWithin(np.zeros(4, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))
    assert not scoring.right(query, row, nothing, 5).any()


@pytest.mark.parametrize(
    "wrong, message",
    [
        ("twice", "id .* is twice among the answers to query"),
        ("beyond", "id 80 is out of range, the gallery has rows 0 to 79"),
        ("floats", "must be whole numbers"),
        ("ends", "do not fit"),
    ],
)
def test_answers_that_cannot_be_are_found_out(tmp_path, wrong, message):
    track = track_of(made("euclidean"), tmp_path)
    with pytest.raises(Cheating, match=message):
        measured(track, Plain(track.vector_set, wrong=wrong), asking.NATIVE, "batch")


def test_an_index_that_gives_far_too_many_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(tracks.get("range"), "_ROOM", 0)
    monkeypatch.setattr(tracks.get("range"), "_TIMES", 2)
    track = track_of(made("euclidean"), tmp_path)
    assert measured(track, Plain(track.vector_set), asking.NATIVE).scores["recall of pairs"] == 1
    with pytest.raises(Cheating, match="gives more than .* pairs: far more than there are within the radius"):
        measured(track, Plain(track.vector_set, wrong="all"), asking.NATIVE)


@pytest.mark.parametrize(
    "build, reason",
    [
        ("twice", "is twice among the answers to query"),
        ("out_of_range", "id 80 is out of range"),
        ("flood", "far more than there are within the radius"),
        ("no_integers", "must be whole numbers"),
        ("raises", "RuntimeError: out of luck"),
    ],
)
def test_a_rogue_spoils_only_its_own_point(tmp_path, monkeypatch, build, reason):
    monkeypatch.setattr(indexes, "__path__", [*indexes.__path__, str(PLUGINS)])
    vectors_file.save(tmp_path / "made.h5", made("euclidean"))
    flags = TrackFlags(track="range", radius="mean:2")
    case = tracks.of(flags, made("euclidean"), 10, cache=tmp_path, seed=0).cases[0]
    about = {"data": "made", "fingerprint": "f", "metric": "euclidean", "k": 0, "track": "range", "case": case.name}
    about |= {"way": asking.NATIVE, "index": "rogue", "build": build, "threads": 1}
    asked = [(step, mode) for step in range(3) for mode in ("single", "batch")]
    points = tuple(Point(**about, search={"step": step}, mode=mode) for step, mode in asked)
    places = {"cache": str(tmp_path), "saved": "", "out": str(tmp_path), "source": {"data": tmp_path / "made.h5"}}
    job = Job(**places, index="rogue", build=build, k=10, threads=1, points=points, runs=1, track=asdict(flags))
    said = []
    worker.search(job, lambda kind, **words: said.append((kind, words)))
    measured = [asked[words["place"]] for kind, words in said if kind == "measured"]
    failed = {asked[words["place"]]: words["reason"] for kind, words in said if kind == "failed"}
    assert measured == [one for one in asked if one[0] != 1] and sorted(failed) == [(1, "batch"), (1, "single")]
    assert all(reason in words for words in failed.values())


def test_radii_are_numbers_or_means(tmp_path):
    track = track_of(made("euclidean"), tmp_path, "1.5, mean:3")
    assert track.radii[0] == 1.5 and len(track.true(track.radii[1]).ids) == pytest.approx(27, abs=1)
    assert [case.name for case in track.cases][0] == "within 1.5" and track.k == 0
    for radius in ("near", "-1", "mean:x", "inf", "median:3"):
        with pytest.raises(InputError, match=rf"--radius={radius}: must be"):
            track_of(made("euclidean"), tmp_path, radius)
    assert track_of(made("inner_product"), tmp_path, "-1").radii == [-1.0]
    with pytest.raises(
        InputError, match=r"--radius=0.01: no query has a row within it; within .* one has one on average"
    ):
        track_of(made("euclidean"), tmp_path, "0.01").prepare()


def test_truth_of_others_is_read(tmp_path):
    own = track_of(made("euclidean"), tmp_path, "1.5")
    own.prepare()
    (file,) = (tmp_path / "c").glob("*.bin")
    track = track_of(made("euclidean"), tmp_path, "1.5", range_truth=str(file))
    np.testing.assert_array_equal(track.true(1.5).ids, own.true(1.5).ids)
    assert track.mark != own.mark
    with pytest.raises(InputError, match=r"--range-truth=gone\.bin: there is no such file"):
        track_of(made("euclidean"), tmp_path, "1.5", range_truth="gone.bin")
    with pytest.raises(InputError, match="is of one radius"):
        track_of(made("euclidean"), tmp_path, "1,2", range_truth=str(file))


def test_points_are_kept_shown_and_drawn(tmp_path):
    track = track_of(made("euclidean"), tmp_path)
    for way in (asking.NATIVE, asking.BY_NEIGHBORS):
        results.write(tmp_path, measured(track, Plain(track.vector_set, wrong="half"), way))
    found = load(tmp_path / "range")
    assert found.k == 0 and len(found.rows) == 2
    shown = table.render(found.rows, every=True, track="range")
    assert "precision" in shown and asking.BY_NEIGHBORS in shown and track.cases[0].name in shown
    assert f"--track range --radius {track.radii[0]!r} --mode single" in recommend.command(
        found.rows[0], extrapolate.grow(found.rows[0], 80), ""
    )
    pictures = tracks.get("range").Track.draw(found.rows, tmp_path / "plots")
    assert [path.name for path in pictures] == ["recall-qps-single.svg", "recall-qps-single.png"]
    assert asking.BY_NEIGHBORS in pictures[0].read_text() and fronts.draw


def test_the_ways_of_a_faiss_index(tmp_path):
    vector_set = made("euclidean")
    track = track_of(vector_set, tmp_path)
    for build, ways in (("Flat", 2), ("PQ3x4fs", 1)):
        index = builds.make("faiss_float", build, vector_set, track)
        assert len(track.ways(index)) == ways
