"""The pool of Dask's workers: the one door to Dask."""

import contextlib
import logging
import pickle
import shutil
import sys
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import dask
import distributed
from distributed import Client, Future, KilledWorker, Scheduler, SpecCluster, as_completed

from datasets.cluster import place, task
from datasets.cluster.local import CALM, Workers
from datasets.cluster.place import Place
from datasets.cluster.pool import Killed, Task
from datasets.errors import InputError, RunFailed

_LOUD = ("distributed", "tornado", "asyncio", "dask_jobqueue", "bokeh")
_ANSWERS = 10.0  # seconds that a scheduler may take to answer
_STARTS = 120.0  # seconds that workers of this machine may take to start
_PATIENCE = 5.0  # seconds without a worker, after which a line says so
_SAID = 300  # characters of what a queueing system complains about
_UNLIMITED = ("--memory-limit", "0")  # of the queueing system's; Dask would count the pages of mapped files
_QUIET_SCHEDULER = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}


class DaskPool:
    """The workers of one Dask client.

    workers : where they are processes of this machine that belong to it
    """

    remote = True

    def __init__(self, flag: str, client: Client, workers: Workers | None = None) -> None:
        self.workers = workers
        self._flag, self._client = flag, client

    def run(self, function: Callable[[Task], Any], tasks: Iterable[Task]) -> Generator[tuple[Task, Any]]:
        """As ``Pool.run``."""
        run = uuid.uuid4().hex
        keys = {f"task-{run}-{number}": each for number, each in enumerate(tasks)}
        calls = [task.packed(function, each) for each in keys.values()]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that many calls are large together
            futures = self._client.map(pickle.loads, calls, key=list(keys), pure=False)
        try:
            completed = as_completed(futures, loop=self._client.loop)
            for future in completed:
                if future.status in ("pending", "lost"):  # its worker died before the result was fetched
                    completed.add(future)
                    continue
                yield keys[future.key], self._result(future)
                future.release()
        finally:
            with contextlib.suppress(Exception):  # the connection may be lost
                self._client.cancel(futures)

    def _result(self, future: Future) -> Any:
        if future.status == "finished":
            try:
                outcome = future.result()
            except (OSError, CancelledError):
                raise self._lost() from None
            return task.opened(outcome)
        if future.status != "error":
            raise self._lost()
        error = future.exception()
        if isinstance(error, KilledWorker):
            return Killed(f"ended each of the {error.allowed_failures + 1} workers that took it")
        if isinstance(error, ImportError | AttributeError):
            raise InputError(
                f"--cluster={self._flag}: a worker cannot open its task ({error}); install the same deepembedding there"
            )
        raise error

    def _lost(self) -> RunFailed:
        return RunFailed(
            f"--cluster={self._flag}: the connection to the scheduler is lost; start it again, then the same command"
            " goes on from what is finished"
        )


@contextlib.contextmanager
def connect(where: Place) -> Iterator[DaskPool]:
    """The pool of a place that is not this process."""
    with contextlib.ExitStack() as ends:
        ends.enter_context(_silence())
        if where.kind == place.LOCAL:
            yield _local(where, ends)
            return
        client = _client(where, ends)
        if not client.scheduler_info()["workers"]:
            print(f"--cluster={where.flag}: waiting for the first worker", file=sys.stderr, flush=True)
        yield DaskPool(where.flag, client)


def _local(where: Place, ends: contextlib.ExitStack) -> DaskPool:
    """Workers of this machine around a scheduler in this process."""
    folder = ends.enter_context(tempfile.TemporaryDirectory(prefix="deepembedding-", ignore_cleanup_errors=True))
    options = {"host": "127.0.0.1", "port": 0, "protocol": "tcp", **_QUIET_SCHEDULER}
    cluster = ends.enter_context(SpecCluster(scheduler={"cls": Scheduler, "options": options}, workers={}))
    client = ends.enter_context(Client(cluster, set_as_default=False))
    workers = Workers(cluster.scheduler_address, where.count, Path(folder))
    ends.callback(workers.close)
    end = time.monotonic() + _STARTS
    while len(client.scheduler_info(n_workers=-1)["workers"]) < where.count:
        if workers.all_failed or time.monotonic() > end:
            raise RunFailed(f"--cluster={where.flag}: workers do not start: {workers.last_words() or 'too slow'}")
        time.sleep(0.02)
    return DaskPool(where.flag, client, workers)


def _client(where: Place, ends: contextlib.ExitStack) -> Client:
    """The client of a scheduler that runs, or of one in this process whose workers a queue starts."""
    if where.kind == "address":
        try:
            return ends.enter_context(Client(where.flag, set_as_default=False, timeout=_ANSWERS))
        except (OSError, ValueError) as error:
            raise InputError(
                f"--cluster={where.flag}: no scheduler answers there; start one (dask scheduler), or mend the address"
            ) from error
    return ends.enter_context(Client(ends.enter_context(_queue(where)), set_as_default=False))


def _queue(where: Place) -> distributed.deploy.Cluster:
    """A cluster of jobs, with the settings of dask-jobqueue's own files and variables, a thread a worker process."""
    try:
        import dask_jobqueue
    except ImportError:
        raise InputError(f"--cluster={where.flag}: dask-jobqueue is not installed; {place.INSTALL}") from None
    kind, settings = getattr(dask_jobqueue, place.QUEUES[where.kind]), dask.config.get(f"jobqueue.{where.kind}")
    missing = [name for name in ("cores", "memory") if not settings.get(name)]
    submit = kind.job_cls.submit_command.split()[0]
    if missing:
        names = " and ".join(f"jobqueue.{where.kind}.{name}" for name in missing)
        raise InputError(f"--cluster={where.flag}: set {names} of a job in ~/.config/dask/jobqueue.yaml")
    if not shutil.which(submit):
        raise InputError(f"--cluster={where.flag}: there is no {submit} here; submit from a machine that has it")
    cluster = kind(
        processes=settings.get("processes") or settings["cores"],
        scheduler_options=_QUIET_SCHEDULER | settings.get("scheduler-options", {}),
        worker_extra_args=[*settings.get("worker-extra-args", []), *_UNLIMITED],
    )
    for _ in range(where.count):
        cluster.worker_spec.update(cluster.new_worker_spec())
    try:
        cluster.sync(cluster._correct_state)  # as cluster.scale does, which would not tell of jobs that are refused
    except (ValueError, RuntimeError, OSError) as error:
        SpecCluster._instances.discard(cluster)  # it would complain at the end that no job has started
        said = " ".join(str(error).split("stderr:")[-1].split())
        raise InputError(f"--cluster={where.flag}: {submit} refuses the job: {said[:_SAID]}") from error
    return cluster


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep what Dask logs, of workers that die and connections that close, off the terminal: we say it ourselves."""
    names = {*_LOUD, *(name for name in logging.root.manager.loggerDict if name.split(".")[0] in _LOUD)}
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger, logger.handlers, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers, logger.propagate = [logging.NullHandler()], False
    with dask.config.set({"distributed.scheduler.worker-saturation": 1.0, **CALM}):
        yield
    for logger, handlers, propagate in before:  # not after an interrupt, of which Dask's thread would still complain
        logger.handlers, logger.propagate = handlers, propagate
