"""Client: asks one query after another, when it is answered or when the next is due, and notes when and what."""

import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ann_bench.measuring.honest import Answer

Find = Callable[[np.ndarray, int], Answer]

NOTHING: Answer = (np.empty((1, 0), np.int64), None)


@dataclass(frozen=True)
class Round:
    """What all clients do at the same time.

    begin : on the clock (time.perf_counter, which all processes of a machine share)
    seconds : for how long they ask
    due : (n,) when queries are due, in seconds after ``begin``; None in a closed loop
    grace : seconds after the last was due, in which those that are late are still asked
    null : whether the index is left out, so that only the clients' own cost is measured
    """

    seconds: float
    due: np.ndarray | None = None
    grace: float = 0.0
    null: bool = False
    begin: float = 0.0


@dataclass
class Log:
    """What one client did.

    began, ended : (n,) seconds after ``Round.begin``
    numbers : (n,) which of those that were due, in an open loop
    answers : query -> its last answer
    busy, wall : seconds of this process' processors, and of the clock
    """

    began: np.ndarray = field(default_factory=lambda: np.empty(0))
    ended: np.ndarray = field(default_factory=lambda: np.empty(0))
    numbers: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    answers: dict[int, Answer] = field(default_factory=dict)
    busy: float = 0.0
    wall: float = 0.0


def take_part(
    todo: Round, find: Find, queries: Sequence[np.ndarray], wanted: int, first: int, take: Callable[[], int]
) -> Log:
    """Wait until it begins, and ask.

    queries : (1, D) each, of which this client begins with number ``first``
    take : the number of the next query that is due, of those that no client has taken
    """
    find = (lambda query, wanted: NOTHING) if todo.null else find
    time.sleep(max(0.0, todo.begin - time.perf_counter()))
    busy, start = time.process_time(), time.perf_counter()
    asked = (find, queries, wanted)
    log = _closed(todo, *asked, first) if todo.due is None else _open(todo, *asked, take)
    log.busy, log.wall = time.process_time() - busy, time.perf_counter() - start
    log.began, log.ended = log.began - todo.begin, log.ended - todo.begin
    return log


def _closed(todo: Round, find: Find, queries: Sequence[np.ndarray], wanted: int, first: int) -> Log:
    """Each query counts from the answer before, the first from when all begin.

    So what a client waits for a core, or Python's lock, is never left out, nor the answer that it waits for at the end.
    """
    clock, until = time.perf_counter, todo.begin + todo.seconds
    began, ended, answers = array("d"), array("d"), {}
    place, count, now = first, len(queries), todo.begin
    while now < until:
        answer = find(queries[place], wanted)
        began.append(now)
        now = clock()
        ended.append(now)
        answers[place] = answer
        place = place + 1 if place + 1 < count else 0
    return Log(np.array(began), np.array(ended), answers=answers)


def _open(todo: Round, find: Find, queries: Sequence[np.ndarray], wanted: int, take: Callable[[], int]) -> Log:
    clock, sleep, count = time.perf_counter, time.sleep, len(queries)
    due = (todo.due + todo.begin).tolist()
    until = todo.begin + todo.seconds + todo.grace
    began, ended, numbers, answers = array("d"), array("d"), array("q"), {}
    while (number := take()) < len(due):
        if (early := due[number] - clock()) > 0:
            sleep(early)
        if (start := clock()) >= until:
            break
        place = number % count
        answer = find(queries[place], wanted)
        end = clock()
        began.append(start)
        ended.append(end)
        numbers.append(number)
        answers[place] = answer
    return Log(np.array(began), np.array(ended), np.array(numbers, np.int64), answers)
