"""The truth of a stream at every search, against all rows that are there then compared one by one."""

import numpy as np
import pytest

from datasets.runbooks import made
from datasets.runbooks.history import follow
from datasets.runbooks.runbook import Runbook, Step
from datasets.truths import streamed
from datasets.vectors import exact
from datasets.vectors.base import METRICS, VectorSet

COUNT, K = 300, 6


def made_up(metric="euclidean", *, own=False):
    """20 queries in 300 rows with many ties; ``own``: the queries are rows 7, 8, ..."""
    rng = np.random.default_rng(0)
    if metric == "hamming":
        gallery = rng.integers(0, 256, (COUNT, 2), dtype=np.uint8)
    else:
        gallery = rng.integers(1, 4, (COUNT, 4)).astype(np.float32)
    queries = gallery[7:27].copy() if own or metric == "hamming" else gallery[:20] + np.float32(0.25)
    return VectorSet("made up", metric, gallery, queries, query_rows=np.arange(7, 27) if own else None)


def replacing():
    """Rows that are replaced, come again, and are once fewer than k."""
    steps = [Step("insert", 0, 4), Step("search"), Step("insert", 4, 100), Step("search"), Step("delete", 10, 30)]
    steps += [Step("replace", 30, 60, 150), Step("search"), Step("insert", 12, 20), Step("search")]
    return Runbook("replacing", tuple(steps), "here", order=np.random.default_rng(1).permutation(COUNT))


def check(vector_set, history, truth):
    """Every search, by hand."""
    largest = vector_set.metric == "inner_product"
    for step in history.searches:
        there = [n for n in range(len(history.rows)) if history.born[n] <= step < history.died[n]]
        assert len(there) == history.alive[step]
        every = np.tile(history.rows[there], (len(vector_set.queries), 1))
        distances = exact.between(vector_set.queries, vector_set.gallery, every, metric=vector_set.metric)
        distances[every == vector_set.own_rows[:, None]] = -np.inf if largest else np.inf
        order = np.argsort(-distances if largest else distances, axis=1, kind="stable")[:, :K]
        right, count = np.take_along_axis(distances, order, axis=1), min(K, len(there))
        numbers, found = truth.at(step)
        np.testing.assert_array_equal(found[:, :count], right)
        assert (numbers[:, count:] == -1).all() and (numbers[np.isfinite(found)] >= 0).all()
        again = exact.between(
            vector_set.queries,
            vector_set.gallery,
            np.where(numbers < 0, -1, history.rows[numbers]),
            metric=vector_set.metric,
        )
        np.testing.assert_array_equal(again, found)
        assert np.isin(numbers, [-1, *there]).all()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("own", [False, True])
def test_at_every_search_the_nearest_of_those_that_are_there(tmp_path, monkeypatch, metric, own):
    monkeypatch.setattr(streamed, "_PART", 40)  # classes in several pieces, lists in several files
    monkeypatch.setattr(streamed, "_LISTS", 2)
    vector_set = made_up(metric, own=own)
    books = [made.make(text, vector_set, seed=0) for text in ("window:0.3,steps=7", "expiry:0.2,steps=9", "growing")]
    for runbook in [*books, replacing()]:
        history = follow(runbook, COUNT, name=vector_set.name)
        truth = streamed.of(vector_set, history, K, cache=tmp_path)
        truth.prepare(progress=False)
        check(vector_set, history, truth)


def test_each_row_is_searched_once_and_nothing_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(streamed, "_PART", 40)
    searched, search = [], exact.search

    def watched(queries, gallery, *arguments, **options):
        searched.append(len(gallery))
        if sum(searched) > limit:
            raise KeyboardInterrupt
        return search(queries, gallery, *arguments, **options)

    monkeypatch.setattr(exact, "search", watched)
    vector_set, limit = made_up(), 150
    history = follow(made.make("expiry:0.2,steps=9", vector_set, seed=0), COUNT, name=vector_set.name)
    truth = streamed.of(vector_set, history, K, cache=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        truth.prepare(progress=False)
    done = sum(len(np.load(path)) for path in truth.folder.glob("lists-*.npy"))
    assert done > 1, "pieces are kept"
    limit = 10**9
    first, searched = searched[:-1], []
    monkeypatch.setattr(exact, "search", lambda *a, **o: (searched.append(len(a[1])), search(*a, **o))[1])
    truth.prepare(progress=False)
    assert sum(searched) < COUNT and sum(searched) + sum(first) >= COUNT
    assert not list(truth.folder.glob("lists-*"))
    (truth.folder / "lists-0.npy").touch()  # killed before it was removed
    truth.prepare(progress=False)
    assert not list(truth.folder.glob("lists-*"))
    check(vector_set, history, truth)
    searched.clear()
    streamed.of(vector_set, history, K, cache=tmp_path).prepare(progress=False)
    assert not searched, "what is there is not searched for again"


def test_rows_that_nobody_asks_for_are_not_searched(tmp_path):
    steps = (Step("insert", 0, 50), Step("delete", 0, 20), Step("search"), Step("insert", 50, 90))
    vector_set = made_up()
    history = follow(Runbook("few", steps, "here"), COUNT, name="made up")
    assert sum(len(piece.numbers) for part in streamed._parts(history) for piece in part) == 30
    truth = streamed.of(vector_set, history, K, cache=tmp_path)
    truth.prepare(progress=False)
    check(vector_set, history, truth)
