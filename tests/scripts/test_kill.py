"""A training run killed at random moments ends like one that was left alone.

The must of the project is ten kills: python -m pytest tests/scripts/test_kill.py --kills=10
"""

import contextlib
import json
import random
import signal
import subprocess
import time

import numpy as np
import pytest

from embedding.mx import nd


def weights(folder) -> dict[str, np.ndarray]:
    return {name: array.asnumpy() for name, array in nd.load(str(folder / "last" / "net.params")).items()}


def epochs(folder) -> list[dict]:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    varying = ("seconds", "images_per_second")
    return [{key: value for key, value in line.items() if key not in varying} for line in lines]


def assert_same(killed, whole):
    found, wanted = weights(killed), weights(whole)
    assert found.keys() == wanted.keys()
    for name in wanted:
        np.testing.assert_array_equal(found[name], wanted[name], err_msg=name)
    assert epochs(killed) == epochs(whole)


def times_resumed(folder) -> int:
    said = (folder / "log.txt").read_text()
    return said.count("going on after epoch") + said.count("already trained for")


def lines(folder) -> int:
    """How many lines the journal of a run has."""
    journal = folder / "metrics.jsonl"
    return len(journal.read_bytes().splitlines()) if journal.exists() else 0


def kill_at(command: list[str], folder, *, line: int, then: float) -> None:
    """Start ``command`` and kill it ``then`` seconds after its journal has so many lines: early, in an epoch, late."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and lines(folder) < line:
        time.sleep(0.005)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(then)
    process.kill()
    _, complaint = process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), complaint


RUNS = [
    *("small_run", "small_adversarial_run", "small_hash_run", "small_cnnh_run", "small_cross_run"),
    *("small_sketch_run", "small_sketch_hash_run", "small_vse_run", "small_instance_run"),
]


@pytest.mark.slow
@pytest.mark.parametrize("run_of", RUNS)
def test_a_killed_run_ends_with_the_same_weights(run_of, tmp_path, request):
    small_run = request.getfixturevalue(run_of)
    subprocess.run([*small_run, "--name=whole"], check=True, capture_output=True)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    command, kills, rng = [*small_run, "--name=killed"], request.config.getoption("--kills"), random.Random(0)
    first = 1 + next(i for i, line in enumerate(epochs(whole)) if line["kind"] == "epoch")
    drawn = sorted(rng.randint(0, lines(whole) - 1) for _ in range(kills - 1))
    for line in sorted([*drawn, rng.randint(first, lines(whole) - 1)]):  # one at least when there is what to go on from
        kill_at(command, killed, line=line, then=rng.uniform(0, 0.3))
    subprocess.run(command, check=True, capture_output=True)
    assert_same(killed, whole)
    assert times_resumed(killed) > 0
