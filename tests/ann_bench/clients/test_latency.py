"""What logs come to, against plain loops over them."""

import numpy as np
import pytest

from ann_bench.clients import latency
from ann_bench.clients.client import Log, Round
from datasets.errors import InputError


def log(began, ended, numbers=()) -> Log:
    return Log(np.array(began, float), np.array(ended, float), np.array(numbers, np.int64))


def test_a_closed_loop_counts_what_is_answered_after_the_ramp():
    todo = Round(seconds=10)  # half a second of ramp, 9.5 count
    logs = [log([0, 1, 5], [0.4, 3, 9]), log([0, 2, 9], [1, 3, 11])]
    reached = latency.of_logs(todo, logs)
    np.testing.assert_array_equal(reached.latencies, [1, 1, 2, 2, 4])  # one is under way at the end
    assert reached.starved == 0
    assert reached.qps == 4 / 9.5 and reached.queue == reached.due == 0
    assert reached.answered.tolist() == [1, 2, 0, 0, 1]
    assert (reached.low, reached.high) == (0, 2 * 5 / 9.5)


def test_whoever_is_not_answered_has_waited_all_the_time():
    """One of four clients has all answers: by Little's law the others are not forgotten."""
    todo, ended = Round(seconds=10), np.arange(1, 1001) / 100
    starved = [log([0], [10.01]), log([0], [10.02]), log([0.1], [11])]
    reached = latency.of_logs(todo, [log(ended - 0.01, ended), *starved])
    assert reached.starved == 3 and reached.latencies[-1] == pytest.approx(10.9)
    assert reached.qps * reached.latencies.mean() == pytest.approx(4, rel=0.1)


def test_an_open_loop_counts_from_when_a_query_was_due():
    due = np.array([0.2, 1, 2, 2.1, 8, 9.9])
    todo = Round(10, due, grace=3)
    logs = [log([0.2, 1, 6.5], [1, 6, 7], [0, 1, 3]), log([2, 9.9], [3, 10.5], [2, 5])]  # number 4 was never asked
    reached = latency.of_logs(todo, logs)
    np.testing.assert_allclose(reached.latencies, [0.6, 1, 4.9, 5, 5])  # of numbers 5, 2, 3, 1, and 4: 13 - 8
    assert reached.due == 5 and reached.dropped == 1 and reached.queue == 2
    assert reached.qps == 4 / 9.5
    assert reached.keeps_up(clients=1) and not latency.of_logs(todo, [logs[1]]).keeps_up(clients=1)


def test_a_pause_is_seen_by_all_who_came_in_it():
    """A second in which nothing is answered: asking as they go, clients would see one slow answer; users see many."""
    due = np.arange(0, 10, 0.01)
    began = np.where((due > 5) & (due < 6), 6, due)
    reached = latency.of_logs(Round(10, due), [log(began, began + 0.001, range(1000))])
    waited = np.sort((began + 0.001 - due)[due >= 0.5])
    np.testing.assert_allclose(reached.latencies, waited)
    assert (
        reached.percentiles["p95"] == pytest.approx(np.percentile(waited, 95) * 1e3)
        and reached.percentiles["p95"] > 400
    )
    assert reached.percentiles["p50"] == pytest.approx(1)


def test_with_the_ramp_as_much_counts_as_was_asked_for():
    for seconds in (0.1, 1, 10):
        whole = latency.with_ramp(seconds)
        ended = np.linspace(0, whole, 10_001)
        reached = latency.of_logs(Round(whole), [log(ended, ended)])
        assert len(reached.latencies) / reached.qps == pytest.approx(seconds)


def test_nothing_answered_is_told():
    with pytest.raises(InputError, match="--seconds=0.9: no query was answered in that time"):
        latency.of_logs(Round(1), [log([0], [2])])


def test_the_histogram_holds_the_whole_tail():
    waits = np.sort(np.random.default_rng(0).lognormal(-7, 2, 5000))
    found = latency.histogram(waits)
    edges, counts = found["latency_edges"], found["latency_counts"]
    assert counts.sum() == 5000 and edges[0] <= waits[0] and edges[-1] >= waits[-1]
    assert (edges[1:] / edges[:-1]).max() < 1.024
    for share in (0.5, 0.99, 0.999):
        place = np.searchsorted(np.cumsum(counts), share * 5000)
        assert edges[place] <= np.quantile(waits, share, method="inverted_cdf") <= edges[place + 1]
    assert latency.histogram(np.array([0.001]))["latency_counts"].sum() == 1


def test_of_very_many_latencies_some_are_kept(monkeypatch):
    monkeypatch.setattr(latency, "_KEPT", 101)
    ended = np.linspace(0, 10, 5001)
    reached = latency.of_logs(Round(10), [log(ended - np.arange(5001) * 1e-6, ended)])
    assert len(reached.kept) == 101 and reached.kept[[0, -1]].tolist() == reached.latencies[[0, -1]].tolist()
    assert np.median(reached.kept) == pytest.approx(np.median(reached.latencies), rel=1e-3)
