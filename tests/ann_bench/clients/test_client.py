"""One client: no moment of a closed loop is left out; at a rate it asks what is due, in turn with the others."""

import itertools
import time

import numpy as np

from ann_bench.clients.client import NOTHING, Round, take_part

QUERIES = [np.full((1, 2), number, np.float32) for number in range(3)]


def asked(todo: Round, take=None, first=0):
    seen = []

    def find(query, k):
        seen.append(int(query[0, 0]))
        time.sleep(0.002)
        return query, None

    return take_part(todo, find, QUERIES, 5, first, take or itertools.count().__next__), seen


def test_a_closed_loop_has_no_gaps():
    log, seen = asked(Round(0.1, begin=time.perf_counter() + 0.01), first=1)
    np.testing.assert_array_equal(log.began[1:], log.ended[:-1])
    assert seen == [(1 + place) % 3 for place in range(len(seen))] and len(seen) == len(log.ended)
    assert log.began[0] == 0 and log.began[-1] < 0.1 <= log.ended[-1]
    assert all(int(answer[0, 0]) == query for query, (answer, _) in log.answers.items())
    assert log.wall > 0 and log.busy >= 0


def test_who_gets_no_core_until_it_is_over_has_waited_since_all_began():
    log, _ = asked(Round(0.1, begin=time.perf_counter() - 0.3))
    assert log.began.tolist() == [0] and log.ended[0] >= 0.3


def test_at_a_rate_nothing_is_asked_before_it_is_due_and_others_take_their_part():
    due = np.array([0.0, 0.01, 0.02, 0.03, 0.03])
    numbers = iter((0, 2, 4, 5))  # another client has taken 1 and 3
    log, seen = asked(Round(0.05, due, begin=time.perf_counter()), lambda: next(numbers))
    assert log.numbers.tolist() == [0, 2, 4] and seen == [0, 2, 1]
    assert (log.began >= due[[0, 2, 4]]).all() and (log.ended - log.began >= 0.002).all()


def test_what_is_too_late_is_not_asked():
    log, seen = asked(Round(0.1, np.zeros(1000), grace=0.1, begin=time.perf_counter()))
    assert 1 <= len(seen) < 1000 and log.began[-1] < 0.2


def test_without_an_index_nothing_is_searched():
    log, seen = asked(Round(0.1, null=True, begin=time.perf_counter()))
    assert not seen and len(log.began) > 5 and log.answers[0] is NOTHING
