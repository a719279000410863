"""Threads: all clients of a point as threads of this process, which share one index."""

import gc
import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ann_bench import limits
from ann_bench.clients.client import Log, Round, take_part
from ann_bench.indexes.base import Index

_START = 0.02  # seconds from when all threads are ready until they begin
_WARM_UP = 20  # queries that each client asks before


class Threads:
    """Clients as threads that share one index."""

    def __init__(self, index: Index, queries: Sequence[np.ndarray], wanted: int, clients: int) -> None:
        self.index, self.queries, self.wanted, self.clients = index, queries, wanted, clients
        self.warm = False

    def __enter__(self) -> "Threads":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing stays: each round has threads of its own."""

    def go(self, todo: Round) -> list[Log]:
        """Let all take part in a round; raises whatever the index raised in one of them."""
        logs: list[Log | BaseException] = [Log()] * self.clients
        begin: list[float] = []
        barrier = threading.Barrier(self.clients, action=lambda: begin.append(time.perf_counter() + _START))
        take = itertools.count().__next__

        def work(number: int) -> None:
            first = number * len(self.queries) // self.clients
            try:
                self.index.set_threads(1)  # which OpenMP keeps for each thread
                if not self.warm:
                    warm_up(self.index, self.queries, self.wanted, first)
                barrier.wait()
                there = replace(todo, begin=begin[0])
                logs[number] = take_part(there, self.index.find, self.queries, self.wanted, first, take)
            except threading.BrokenBarrierError:
                return  # another one says why
            except BaseException as error:
                logs[number] = error
                barrier.abort()

        threads = [
            threading.Thread(target=work, args=(number,), name=f"client {number}") for number in range(self.clients)
        ]
        gc.disable()  # a collection of garbage is not the index's time
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            gc.enable()
        for log in logs:
            if isinstance(log, BaseException):
                raise log
        self.warm = True
        return logs

    def peak(self) -> int:
        """The most bytes that this process and its clients held."""
        return limits.peak()

    def busy(self, logs: Sequence[Log]) -> float:
        """Seconds of the processors in a round; each thread has noted those of all of them."""
        return max(log.busy for log in logs)


def warm_up(index: Index, queries: Sequence[np.ndarray], wanted: int, first: int) -> None:
    """Ask what does not count."""
    for place in range(first, first + _WARM_UP):
        index.find(queries[place % len(queries)], wanted)
