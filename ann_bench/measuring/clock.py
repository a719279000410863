"""The clock: every call once, timed by itself. It needs NumPy only, so that it can run where a library is."""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_BUSY, _BUSY_SECONDS = 1.3, 0.05  # more processor time than the threads have is an index that takes more of them
_REST, _SETTLED_BY = 0.02, 1.0  # seconds: of one look at whether threads are at rest, and of all
_PART = 100  # calls between two looks at the clock, where it is elsewhere

_elsewhere = 0.0  # processor's seconds that other processes have spent on what this one asked them

Answer = tuple[np.ndarray, np.ndarray | None]


class Cheating(Exception):
    """An answer that no honest index gives."""


@dataclass(frozen=True)
class Run:
    """The answer to every call, the seconds it took, (calls,), and the processor's seconds of all of them.

    waited : seconds of them in which this thread could have run and other programs had its core; 0 where unknown
    """

    answers: list[Answer]
    seconds: np.ndarray
    busy: float
    waited: float = 0.0

    @property
    def total(self) -> float:
        """Seconds of all calls."""
        return float(self.seconds.sum())


def add_busy(seconds: float) -> None:
    """Processor's seconds that another process has spent on what this one asked it, as it says with its answer."""
    global _elsewhere
    _elsewhere += seconds


def _busy() -> float:
    return time.process_time() + _elsewhere


def run(ask: Callable[..., Answer], calls: Sequence[tuple[Any, ...]]) -> Run:
    """``ask(*call)`` for every call once, each timed by itself.

    Where ``ask`` has a method ``run`` of its own, its library is in another process, and so must this clock be.
    """
    if hasattr(ask, "run"):
        return ask.run(calls)
    clock = time.perf_counter
    answers, seconds = [], np.empty(len(calls))
    gc.disable()  # a collection of garbage is not the index's time
    busy, waited = _busy(), _waited()
    try:
        for place, call in enumerate(calls):
            start = clock()
            answer = ask(*call)
            seconds[place] = clock() - start
            answers.append(answer)
    finally:
        gc.enable()
    return Run(answers, seconds, _busy() - busy, _waited() - waited)


def _waited() -> float:
    """Seconds that this thread has waited for a core so far, which Linux counts; 0 where nothing does."""
    try:
        with open("/proc/thread-self/schedstat") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def check_threads(found: Run, threads: int) -> None:
    """Raises Cheating where more threads worked than the index was told to take."""
    if found.busy > _BUSY * threads * found.total + _BUSY_SECONDS:
        raise Cheating(f"kept {found.busy / found.total:.1f} cores busy, though it was told to search on {threads}")


def settle() -> None:
    """Wait until threads that earlier work of this process has left spinning are at rest, for a second at most.

    Those of BLAS spin for a tenth of a second after a product, and would be taken for threads of the index.
    """
    end = time.perf_counter() + _SETTLED_BY
    while time.perf_counter() < end:
        busy = time.process_time()
        time.sleep(_REST)
        if time.process_time() - busy < _REST / 4:
            return


def watch(ask: Callable[..., Answer], calls: Sequence[tuple[Any, ...]], threads: int, *, seconds: float) -> None:
    """``ask(*call)`` for all calls, or for so many ``seconds`` of them; raises Cheating as ``check_threads`` does.

    Where the library is in another process, it is that one which is watched.
    """
    if hasattr(ask, "run"):
        return _watch_elsewhere(ask.run, calls, threads, seconds)
    begun, busy = time.perf_counter(), _busy()
    for call in calls:
        if time.perf_counter() - begun >= seconds:
            break
        ask(*call)
    took = np.array([time.perf_counter() - begun])
    check_threads(Run([], took, _busy() - busy), threads)


def _watch_elsewhere(run_there: Callable[..., Run], calls: Sequence[Any], threads: int, seconds: float) -> None:
    took = busy = 0.0
    for start in range(0, len(calls), _PART):
        if took >= seconds:
            break
        found = run_there(calls[start : start + _PART])
        took, busy = took + found.total, busy + found.busy
    check_threads(Run([], np.array([took]), busy), threads)
