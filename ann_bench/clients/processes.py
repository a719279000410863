"""Processes: all clients of a point as processes, each of which loads the index itself."""

import contextlib
import gc
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ann_bench import indexes, limits
from ann_bench.clients.client import Log, Round, take_part
from ann_bench.clients.threads import warm_up
from ann_bench.indexes.base import Index, Value
from datasets.cluster.parent import die_with_parent

_START = 0.1  # seconds from when all are ready until they begin


@dataclass(frozen=True)
class Errand:
    """What a process is to load: the index by its name and what it is made with, its file, and that of the queries."""

    name: str
    about: Mapping[str, Any]
    search: Mapping[str, Value]
    saved: Path
    queries: Path
    wanted: int
    first: int
    parent: int


class Processes:
    """Clients as processes, from when this is entered until it is left."""

    def __init__(
        self,
        index: Index,
        saved: Path,
        search: Mapping[str, Value],
        queries: Sequence[np.ndarray],
        wanted: int,
        clients: int,
    ) -> None:
        self.index, self.saved, self.search = index, saved, search
        self.queries, self.wanted, self.clients = queries, wanted, clients
        self.context = multiprocessing.get_context("spawn")  # forked, libraries would miss their threads
        self.children: list[tuple[SpawnProcess, Connection]] = []

    def __enter__(self) -> "Processes":
        index = self.index
        names = ("build", "dim", "metric", "count", "seed", "gpus", "uri")
        about = {name: getattr(index, name) for name in names}
        self.next = self.context.Value("q", 0)
        self.folder = tempfile.TemporaryDirectory()
        try:
            path = Path(self.folder.name) / "queries.npy"
            np.save(path, np.concatenate(self.queries))
            for number in range(self.clients):
                first = number * len(self.queries) // self.clients
                self._start(Errand(index.name, about, self.search, self.saved, path, self.wanted, first, os.getpid()))
            for child in self.children:
                self._heard(child)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self, errand: Errand) -> None:
        ours, theirs = self.context.Pipe()
        process = self.context.Process(target=serve, args=(errand, theirs, self.next), daemon=True)
        process.start()
        theirs.close()
        self.children.append((process, ours))

    def __exit__(self, *_: object) -> None:
        """End all of them."""
        for process, connection in self.children:
            connection.close()
            process.kill()
            process.join()
        self.folder.cleanup()

    def go(self, todo: Round) -> list[Log]:
        """Let all take part in a round; raises RuntimeError with what the index raised in one of them."""
        self.next.value = 0
        there = replace(todo, begin=time.perf_counter() + _START)
        for _, connection in self.children:
            with contextlib.suppress(BrokenPipeError):  # it is heard below why
                connection.send(there)
        return [self._heard(child) for child in self.children]

    def peak(self) -> int:
        """The most bytes that this process and its clients held."""
        return limits.peak()

    def busy(self, logs: Sequence[Log]) -> float:
        """Seconds of the processors in a round."""
        return sum(log.busy for log in logs)

    def _heard(self, child: tuple[SpawnProcess, Connection]) -> Any:
        process, connection = child
        try:
            answer = connection.recv()
        except (EOFError, ConnectionError):
            process.join()
            raise RuntimeError(f"the process of a client ended with exit code {process.exitcode}") from None
        if isinstance(answer, str):
            raise RuntimeError(answer)
        return answer


def serve(errand: Errand, connection: Connection, following: Any) -> None:
    """Load the index, say so, and take part in rounds until there are no more."""
    die_with_parent(errand.parent)
    try:
        with threadpool_limits(1):
            _serve(errand, connection, _counter(following))
    except EOFError:
        return
    except Exception as error:  # whatever a library throws
        connection.send(" ".join(f"{type(error).__name__}: {error}".split()))


def _serve(errand: Errand, connection: Connection, take: Callable[[], int]) -> None:
    index = indexes.get(errand.name).Index(**errand.about)
    index.set_threads(1)
    index.load(errand.saved)
    index.tune(**errand.search)
    index.set_threads(1)
    rows = np.load(errand.queries)
    queries = [rows[place : place + 1] for place in range(len(rows))]
    warm_up(index, queries, errand.wanted, errand.first)
    connection.send(True)
    gc.disable()
    while True:
        todo = connection.recv()
        connection.send(take_part(todo, index.find, queries, errand.wanted, errand.first, take))


def _counter(following: Any) -> Callable[[], int]:
    def take() -> int:
        with following.get_lock():
            number = following.value
            following.value = number + 1
        return number

    return take
