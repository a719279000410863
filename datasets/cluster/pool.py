"""Pool: the same function over many tasks, in this process or by the workers of a cluster.

A task says what is read and where it is written, and its result is small: who does it is the cluster's business. A
task may be done twice, where a worker was given up that was not dead; it must then leave the same behind.
"""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

Task = TypeVar("Task")


@dataclass(frozen=True)
class Killed:
    """The result of a task that ended every worker that took it; ``reason`` says so."""

    reason: str


class Pool(Protocol):
    """Whoever does tasks; ``remote`` tells that it is not this process."""

    remote: bool

    def run(self, function: Callable[[Task], Any], tasks: Iterable[Task]) -> Generator[tuple[Task, Any]]:
        """Every task with ``function(task)``, or with ``Killed``, as they are done, in any order.

        Where it is ``remote``, both travel as pickles: the function must be one of a module, or a ``partial`` of such.
        Raises what ``function`` raises; RunFailed where the cluster is lost: what was done is done.
        """


class Here:
    """This process, one task after another, or as many at once as there are ``threads``."""

    remote = False

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads

    def run(self, function: Callable[[Task], Any], tasks: Iterable[Task]) -> Generator[tuple[Task, Any]]:
        """As ``Pool.run``."""
        if self._threads == 1:
            yield from ((task, function(task)) for task in tasks)
            return
        with ThreadPoolExecutor(self._threads) as threads:
            begun = {threads.submit(function, task): task for task in tasks}
            try:
                yield from ((begun[future], future.result()) for future in as_completed(begun))
            finally:
                threads.shutdown(cancel_futures=True)
