"""Pools: this process and a cluster do the same; workers die, tasks that kill come back, mistakes are one line."""

import functools
import logging
import os
import sys
import time

import cluster_tasks
import psutil
import pytest

from datasets.cluster import task
from datasets.cluster.connect import connect
from datasets.cluster.pool import Here, Killed
from datasets.errors import InputError, RunFailed


@pytest.fixture(params=["here", "threads", "two"])
def pool(request):
    """Every kind of pool."""
    made = {"here": Here, "threads": lambda: Here(3)}
    return made[request.param]() if request.param in made else request.getfixturevalue("two")


def test_every_task_comes_back_with_its_result(pool):
    assert sorted(pool.run(cluster_tasks.square, range(20))) == [(number, number**2) for number in range(20)]
    assert list(pool.run(cluster_tasks.square, [])) == []
    assert sorted(pool.run(cluster_tasks.square, [2, 2])) == [(2, 4), (2, 4)]


def test_a_user_s_mistake_is_its_line(pool):
    with pytest.raises(InputError, match=r"^file 7: is wrong; mend it$"):
        list(pool.run(cluster_tasks.mistaken, [7]))
    with pytest.raises(RunFailed, match=r"^number 7 cannot go on$"):
        list(pool.run(cluster_tasks.failing, [7]))
    with pytest.raises(TypeError):
        list(pool.run(cluster_tasks.square, ["7"]))
    assert list(pool.run(cluster_tasks.square, [3])) == [(3, 9)]  # it is as good as before


def test_this_process_is_the_pool_where_no_cluster_is_named():
    with connect("") as here:
        assert list(here.run(cluster_tasks.process, [1])) == [(1, os.getpid())]
        assert not here.remote


def test_workers_are_other_processes_with_a_part_of_the_cores(two):
    found = {process for _, process in two.run(cluster_tasks.process, range(8))}
    assert found == set(two.workers.processes) and two.remote
    ((_, threads),) = two.run(cluster_tasks.environment, ["OMP_NUM_THREADS"])
    assert int(threads) == max(1, len(os.sched_getaffinity(0)) // 2)


def test_the_task_of_a_killed_worker_is_done_by_another(two, tmp_path, capfd):
    before = set(two.workers.processes)
    done = sorted(two.run(functools.partial(cluster_tasks.killed_once, tmp_path / "mark"), range(8)))
    assert done == [(number, number) for number in range(8)]
    until(lambda: len(set(two.workers.processes) - before) == 1)
    assert capfd.readouterr() == ("", "")


def test_a_task_that_kills_every_worker_is_handed_back(two, capfd):
    done = dict(two.run(cluster_tasks.poison, range(5)))
    assert done.pop(2) == Killed("ended each of the 4 workers that took it")
    assert done == {0: 0, 1: 1, 3: 3, 4: 4}
    assert capfd.readouterr() == ("", "")


def test_a_worker_with_other_versions_is_told(two, monkeypatch):
    monkeypatch.setattr(task, "versions", lambda: {**real, "NumPy": "1.0"})
    with pytest.raises(InputError, match=r"worker on \S+ has NumPy 1\.26\.\d, this process has 1\.0: install the same"):
        list(two.run(cluster_tasks.square, [1]))


real = task.versions()


def test_the_version_of_our_own_is_that_of_the_code(tmp_path, monkeypatch):
    assert real["Python"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    (tmp_path / "datasets" / "cluster").mkdir(parents=True)
    found = []
    for code in ("x = 1", "x = 2", "x = 1"):
        (tmp_path / "datasets" / "cluster" / "task.py").write_text(code)
        monkeypatch.setattr(task, "__file__", str(tmp_path / "datasets" / "cluster" / "task.py"))
        found.append(task._own_version())
    assert found[0] == found[2] != found[1]


def test_a_worker_without_the_package_is_told(two, tmp_path, monkeypatch):
    (tmp_path / "only_here.py").write_text("def call(number):\n    return number")
    monkeypatch.syspath_prepend(str(tmp_path))
    import only_here

    with pytest.raises(InputError, match="a worker cannot open its task .No module named 'only_here'.; install"):
        list(two.run(only_here.call, [1]))


def test_nobody_answers(monkeypatch):
    dask_pool = pytest.importorskip("datasets.cluster.dask_pool", exc_type=ImportError)
    monkeypatch.setattr(dask_pool, "_ANSWERS", 0.5)
    with (
        pytest.raises(InputError, match="--cluster=tcp://127.0.0.1:1: no scheduler answers there; start one"),
        connect("tcp://127.0.0.1:1"),
    ):
        pass


def test_dask_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets.cluster.dask_pool", None)
    monkeypatch.delattr("datasets.cluster.dask_pool", raising=False)
    message = r"--cluster=local:2: .*not installed; pip install .*\[cluster\]"
    with pytest.raises(InputError, match=message), connect("local:2"):
        pass


def test_loggers_are_as_before_and_no_worker_is_left(two):
    levels = {name: logging.getLogger(name).handlers for name in ("distributed", "tornado", "asyncio")}
    with connect("local:1") as pool:
        (process,) = pool.workers.processes
        assert psutil.pid_exists(process)
    assert not psutil.pid_exists(process)
    assert {name: logging.getLogger(name).handlers for name in levels} == levels


def until(true, seconds=20.0):
    """Wait for something to become true; fail where it does not."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
