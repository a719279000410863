"""The track of filters: both ways against the truth, what an index does wrong, and what is told of it."""

from types import SimpleNamespace

import numpy as np
import pytest

from ann_bench import tracks
from ann_bench.filters import asking, made, scoring
from ann_bench.indexes.base import Index
from ann_bench.measuring.honest import Cheating
from ann_bench.results import results
from ann_bench.results.points import load
from ann_bench.results.results import Point
from ann_bench.tracks.base import TrackFlags
from ann_bench.views import table
from datasets.attributes.condition import Between
from datasets.attributes.filter import Filter
from datasets.attributes.passing import Passing
from datasets.errors import InputError
from datasets.sources import vector_source
from datasets.vectors import exact
from datasets.vectors.base import VectorSet

GALLERY, QUERIES, K = 200, 12, 5


def a_set(metric="euclidean", own=False, **given):
    rng = np.random.default_rng(3)
    if metric == "hamming":
        gallery, queries = (rng.integers(0, 256, (count, 8)).astype(np.uint8) for count in (GALLERY, QUERIES))
    else:
        gallery, queries = (rng.normal(size=(count, 8)).astype(np.float32) for count in (GALLERY, QUERIES))
    if own:
        return VectorSet("some", metric, gallery, gallery[:QUERIES].copy(), query_rows=np.arange(QUERIES), **given)
    return VectorSet("some", metric, gallery, queries, **given)


class Plain(Index):
    """Exact search; ``wrong`` says what it does under a filter."""

    metrics = ("euclidean", "inner_product", "angular", "hamming")

    def __init__(self, vector_set, *, filters="rows", wrong=""):
        super().__init__("plain", dim=vector_set.dim, metric=vector_set.metric, count=len(vector_set.gallery))
        self.rows, self.filters, self.wrong, self.asked = vector_set.gallery, filters, wrong, []

    def set_threads(self, threads):
        pass

    def find(self, queries, k):
        self.asked.append((len(queries), k))
        return exact.search(queries, self.rows, k, metric=self.metric)

    def know(self, attributes):
        self.attributes = attributes

    def passing(self, condition, rows):
        return rows if self.filters == "rows" else Passing(self.attributes).rows(condition)

    def find_passing(self, queries, k, passing):
        ids = np.flatnonzero(passing)
        if self.wrong == "raises where few pass" and len(ids) < 20 or self.wrong == "raises":
            raise RuntimeError("cannot return\nthe results")
        found, distances = exact.search(queries, self.rows[ids], k, metric=self.metric)
        found = np.where(found >= 0, ids[found.clip(0)] if len(ids) else -1, -1)
        if self.wrong == "fails the filter":
            found[:, 0] = np.flatnonzero(~passing)[0]
            distances = None
        if self.wrong == "twice":
            found[:, 1], distances = found[:, 0], None
        if self.wrong == "beyond":
            found[:, 0], distances = GALLERY, None
        if self.wrong == "empty":
            found[:], distances = -1, None
        return found, distances


def track_of(vector_set, tmp_path, text="same: a=query.a; few: n<3", **flags):
    """Attributes a (3 values), n (the number of the row)."""
    rows = "".join(f"{'xyz'[row % 3]},{row}\n" for row in range(GALLERY))
    (tmp_path / "g.csv").write_text("a,n\n" + rows)
    (tmp_path / "q.csv").write_text("a,m\n" + "".join(f"{'xyz'[row % 3]},{row}\n" for row in range(QUERIES)))
    files = {"attributes": str(tmp_path / "g.csv"), "query_attributes": str(tmp_path / "q.csv")}
    given = TrackFlags(**{"track": "filter", "filter": text, **files, **flags})
    return tracks.of(given, vector_set, K, cache=tmp_path / "c", seed=0)


def measured(track, index, way, mode="single", case=0, runs=2):
    vector_set, case = track.vector_set, track.cases[case]
    about = {"data": vector_set.name, "fingerprint": vector_set.fingerprint(), "metric": vector_set.metric}
    about |= {"track": "filter", "case": case.name, "asked": track.mark + case.mark, "way": way}
    point = Point(**about, k=K, index="plain", build="plain", search={}, mode=mode, threads=1)
    track.ready(index)
    return track.measure(index, point, {"gallery": GALLERY, "dimension": vector_set.dim}, runs=runs)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("mode", ["single", "batch"])
@pytest.mark.parametrize("metric", Plain.metrics)
def test_both_ways_find_all_of_an_exact_index(tmp_path, metric, mode, own):
    track = track_of(a_set(metric, own), tmp_path)
    track.prepare()
    for way in (asking.NATIVE, asking.POST):
        for kind in ("rows", "attributes"):
            for case in (0, 1):
                found = measured(track, Plain(track.vector_set, filters=kind), way, mode, case)
                assert found.scores["k-recall@5"] == found.scores["1-recall@1"] == 1 and found.scores["empty"] == 0
                assert found.times.shape == (QUERIES,) and found.seconds.shape == (2,) and found.facts["errors"] == 0
                if metric != "hamming":
                    assert found.scores["k-recall@5 by id"] == 1
                assert ((found.neighbors >= 0).sum() < QUERIES * K) == (case == 1)  # 3 rows pass


def test_conditions_in_several_parts_are_as_good(tmp_path, monkeypatch):
    monkeypatch.setattr(asking, "_MASKS", GALLERY)
    found = measured(track_of(a_set(), tmp_path), Plain(a_set()), asking.NATIVE, "batch")
    assert found.scores["k-recall@5"] == 1 and found.facts["conditions"] == 3


def test_what_is_known_of_a_filter(tmp_path):
    same, few = track_of(a_set(), tmp_path).cases
    assert few.facts == {
        "filter": "n<3",
        "selectivity": 3 / GALLERY,
        "selectivity_min": 3 / GALLERY,
        "selectivity_max": 3 / GALLERY,
        "fewer_than_k": 1.0,
        "conditions": 1,
    }
    assert same.facts["conditions"] == 3 and same.facts["selectivity"] == pytest.approx(1 / 3, abs=0.01)
    assert same.facts["fewer_than_k"] == 0 and same.mark != few.mark


@pytest.mark.parametrize(
    "wrong, message",
    [
        ("fails the filter", "id 1 fails the filter of query 0"),
        ("twice", "is twice among the neighbors of query"),
        ("beyond", "id 200 is out of range"),
        ("raises", "no query was answered: RuntimeError: cannot return the results"),
    ],
)
@pytest.mark.parametrize("mode", ["single", "batch"])
def test_what_no_honest_index_answers(tmp_path, wrong, message, mode):
    with pytest.raises((Cheating, RuntimeError), match=message):
        measured(track_of(a_set(), tmp_path), Plain(a_set(), wrong=wrong), asking.NATIVE, mode)


@pytest.mark.parametrize("mode", ["single", "batch"])
def test_an_error_costs_its_queries_alone(tmp_path, mode):
    track = track_of(a_set(), tmp_path, "some: a=query.a and n>=query.m or n<2 and a=x")
    index = Plain(a_set(), wrong="raises where few pass")
    assert measured(track, index, asking.NATIVE, mode).facts["errors"] == 0
    small = track_of(a_set(), tmp_path, "few: a=query.a and (n<30 or a=x)")
    found = measured(small, index, asking.NATIVE, mode)
    assert found.facts["errors"] == 8 and found.scores["k-recall@5"] == pytest.approx(4 / 12)
    assert found.facts["error"] == "RuntimeError: cannot return the results"
    assert found.scores["empty"] == pytest.approx(8 / 12)
    assert small.told(found).endswith(
        "66.7% of the places empty, 8 queries failed: RuntimeError: cannot return the results"
    )


def test_places_that_could_be_filled_are_told_empty(tmp_path):
    found = measured(track_of(a_set(), tmp_path), Plain(a_set(), wrong="empty"), asking.NATIVE, case=1)
    assert found.scores["empty"] == 1 and found.scores["k-recall@5"] == 0


def test_recall_counts_what_is_there():
    inf = np.inf
    truth = a_set()
    known = {
        "neighbors": np.array([[1, 2, 3], [4, -1, -1], [-1] * 3]),
        "distances": np.array([[1, 2, 3.0], [5, inf, inf], [inf] * 3]),
    }
    truth = VectorSet(
        "s",
        "euclidean",
        truth.gallery,
        truth.queries[:3],
        **{n: v if v.dtype == int else v.astype(np.float32) for n, v in known.items()},
    )
    found = scoring.scores(
        truth, np.array([[3, 9, -1], [-1, -1, -1], [-1] * 3]), np.array([[3, 3.5, inf], [inf] * 3, [inf] * 3])
    )
    assert found["k-recall@3"] == found["k-recall@3 by id"] == pytest.approx((1 / 3 + 0) / 2)
    assert found["empty"] == pytest.approx(1 - 2 / 4) and found["k-recall@3 low"] <= found["k-recall@3"]


def test_neighbors_are_asked_for_until_enough_pass():
    index, mask = Plain(a_set()), np.zeros(GALLERY, bool)
    mask[:40] = True
    nearest, _ = exact.search(a_set().queries, index.rows, GALLERY)
    found, _ = asking.by_neighbors(index)(a_set().queries, K, (mask, 0.2))
    assert found.tolist() == [[row for row in near if mask[row]][:K] for near in nearest.tolist()]
    assert index.asked[0] == (QUERIES, 25) and index.asked[1][1] == 50 and index.asked[1][0] < QUERIES
    index.asked.clear()
    found, _ = asking.by_neighbors(index, most=30)(a_set().queries, K, (mask, 0.2))
    assert max(k for _, k in index.asked) == 30 and (found < 0).any()
    index.asked.clear()
    found, _ = asking.by_neighbors(index)(a_set().queries, K, (mask & False, 0.0))
    assert (found == -1).all() and not index.asked


@pytest.mark.parametrize("metric", Plain.metrics)
def test_made_filters(metric, tmp_path):
    flags = {"attributes": "", "query_attributes": ""}
    track = track_of(a_set(metric), tmp_path, "made:1,0.1; made_near:0.25; made_far:0.25", **flags)
    names = [case.name for case in track.cases]
    assert names == ["made 1", "made 0.1", "made near 0.25", "made far 0.25"]
    assert [case.facts["selectivity"] for case in track.cases] == [1, 0.1, 0.25, 0.25]
    near, far = (track._with_truth(one).distances.mean() for one in track.filters[2:])
    assert near > far if metric == "inner_product" else near < far
    assert set(track.attributes.columns) == {"made_random", "made_side"}
    assert made.shares("made", "0.1,1e-2") == [0.1, 0.01]


def test_the_last_part_of_a_made_filter_is_as_large_as_the_others(tmp_path):
    track = track_of(a_set(), tmp_path, "made_near:0.3; made_far:0.3", attributes="", query_attributes="")
    for one in track.filters:
        assert {int(track.passing.rows(condition).sum()) for condition in one.conditions} == {60}
    assert len(track.filters[0].conditions) > 1


def test_as_many_conditions_as_memory_should_hold(monkeypatch):
    """Of masks, and of what an index makes of them."""
    monkeypatch.setattr(asking, "_MASKS", 20 * GALLERY)
    asked = Filter("many", tuple(Between("n", low, low + 9) for low in range(QUERIES)), np.arange(QUERIES), "n")
    index, live = Plain(a_set()), []
    index.passing_bytes, index.passing = 9, lambda condition, rows: live.append(condition) or rows

    def asked_for(find, calls, count, **_):
        raise LookupError(count)

    monkeypatch.setattr(asking.measure, "best_of", asked_for)
    point = Point("a", "b", "euclidean", K, "plain", "", {}, "single", 1, way=asking.NATIVE)
    passing = SimpleNamespace(rows=lambda condition: np.ones(GALLERY, bool))
    with pytest.raises(LookupError):
        asking.ask(index, a_set(), asked, passing, point, runs=1)
    assert len(live) == 2, "of ten bytes a row"


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "--filter: say what must hold"),
        ("made:2", "must be shares of the rows"),
        ("made:x", "must be shares of the rows"),
        ("a: n<3; a: n<4", "two filters are called 'a'"),
        ("b=1", "there is no attribute 'b'"),
        ("no.yaml", "cannot be read"),
    ],
)
def test_flags_that_cannot_be(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        track_of(a_set(), tmp_path, text)


def test_sizes_that_do_not_fit(tmp_path):
    whole = a_set()
    track_of(whole, tmp_path)
    cut = vector_source._cut_queries(vector_source._cut_gallery(whole, 150), 7)
    assert len(track_of(cut, tmp_path).attributes) == 150
    other = VectorSet("other", "euclidean", whole.gallery[:150], whole.queries)
    with pytest.raises(InputError, match="g.csv: has 200 rows, the gallery 150 rows"):
        track_of(other, tmp_path)
    other = VectorSet("other", "euclidean", whole.gallery, whole.queries[:7])
    with pytest.raises(InputError, match="q.csv: has 12 rows, there are 7 queries"):
        track_of(other, tmp_path)


def test_labels_of_a_gallery_with_ids_are_those_of_its_rows(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    whole, folder = a_set(), tmp_path / "bench"
    folder.mkdir()
    ids = np.random.default_rng(1).permutation(GALLERY) + 1000
    labels = {"id": np.sort(ids), "labels": [f"label {row}" for row in np.sort(ids)]}
    parquet.write_table(pyarrow.table({"id": ids, "emb": list(whole.gallery)}), folder / "shuffle_train.parquet")
    parquet.write_table(pyarrow.table({"emb": list(whole.queries)}), folder / "test.parquet")
    parquet.write_table(pyarrow.table(labels), folder / "scalar_labels.parquet")
    for files in (folder, folder / "scalar_labels.parquet"):
        for rows in (0, 30):
            found = vector_source.Source(data=str(folder), rows=rows).load()
            track = track_of(found, tmp_path, "id>=1100", attributes=str(files), query_attributes="")
            assert track.attributes.columns["labels"].tolist() == [f"label {row}" for row in ids[: rows or None]]
    parquet.write_table(pyarrow.table({"emb": list(whole.gallery)}), folder / "shuffle_train.parquet")
    found = vector_source.Source(data=str(folder)).load()  # nobody says ids
    track = track_of(found, tmp_path, "id>=1100", attributes=str(folder), query_attributes="")
    np.testing.assert_array_equal(track.attributes.columns["id"], np.sort(ids))


def test_queries_that_are_rows_have_their_attributes_and_a_set_its_labels(tmp_path):
    labels = {"gallery_labels": np.arange(GALLERY) % 4, "query_labels": np.arange(QUERIES) % 4}
    track = track_of(
        a_set(own=True, **labels, class_names=("p", "q", "r", "s")),
        tmp_path,
        "n=query.n; label=query.label",
        query_attributes="",
    )
    assert [case.facts["conditions"] for case in track.cases] == [QUERIES, 4]
    assert track.cases[0].facts["fewer_than_k"] == 1 and track.cases[0].facts["selectivity"] == 0


def test_a_filter_that_nothing_passes_is_no_filter(tmp_path):
    with pytest.raises(InputError, match="--filter: of no query any row passes 'nothing'; there is nothing to find"):
        track_of(a_set(), tmp_path, "nothing: n>100000").prepare()
    with pytest.raises(InputError, match="there is no attribute 'n'; name the file of them by --attributes"):
        track_of(a_set(), tmp_path, "n<3", attributes="", query_attributes="")


def test_a_file_of_filters(tmp_path):
    (tmp_path / "f.yaml").write_text('old: "n<100"\nnew: n>=100\n')
    assert [one.name for one in track_of(a_set(), tmp_path, str(tmp_path / "f.yaml")).filters] == ["old", "new"]


def test_a_truth_that_is_given_is_held_against_ours(tmp_path):
    track = track_of(a_set(), tmp_path, "few: n<3 or a=query.a and n<20")
    true = track._with_truth(track.filters[0])
    for change, message in (
        (lambda ids: ids, ""),
        (lambda ids: np.where(ids == ids[0, 0], -1, ids), "has 4 neighbors of query 0"),
        (lambda ids: np.sort((ids + 7) % GALLERY, axis=1), "are not the nearest that pass"),
    ):
        given = a_set(neighbors=change(true.neighbors), attrs={"truth": "gt.ivecs"})
        other = track_of(given, tmp_path, "few: n<3 or a=query.a and n<20")
        if message:
            with pytest.raises(InputError, match=f"--truth=gt.ivecs: .*{message}"):
                other.prepare()
        else:
            other.prepare()
    with pytest.raises(InputError, match="is of one filter"):
        track_of(given, tmp_path)


def test_points_are_told_and_drawn(tmp_path):
    track = track_of(a_set(), tmp_path, "made:0.5,0.1", attributes="", query_attributes="")
    for case in (0, 1):
        for way in (asking.NATIVE, asking.POST):
            results.write(tmp_path / "r", measured(track, Plain(a_set()), way, case=case, runs=1))
    found = load(tmp_path / "r" / "filter")
    text = table.render(found.rows, every=True, track="filter")
    assert "post-filter" in text and "passing" in text and "filter ms" in text
    paths = tracks.get("filter").Track.draw(found.rows, tmp_path / "p")
    names = [path.name for path in paths if path.suffix == ".svg"]
    assert names == [
        "speed-selectivity-single-made.svg",
        "recall-selectivity-single-made.svg",
        "recall-qps-single-1.svg",
        "recall-qps-single-2.svg",
    ]
    assert all(path.is_file() for path in paths)


def test_ways_follow_what_an_index_can(tmp_path):
    track = track_of(a_set(), tmp_path)
    assert track.ways(Plain(a_set(), filters="")) == ("post-filter",)
    assert track.ways(Plain(a_set())) == ("native", "post-filter") and not track.of_own(Plain(a_set()))
    assert track.of_own(Plain(a_set(), filters="attributes"))
