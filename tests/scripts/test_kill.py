"""A training run killed at random moments ends like one that was left alone.

The must of the project is ten kills: python -m pytest tests/scripts/test_kill.py --kills=10
"""

import json
import random
import shutil
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
    return (folder / "log.txt").read_text().count("going on after epoch")


def kill_after(command: list[str], seconds: float) -> bool:
    """Start ``command`` and kill it after ``seconds``; whether it was still running then."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _, complaint = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return True
    assert process.returncode == 0, complaint
    return False


@pytest.mark.parametrize("run_of", ["small_run", "small_hash_run", "small_vse_run"])
def test_a_killed_run_ends_with_the_same_weights(run_of, tmp_path, request):
    small_run = request.getfixturevalue(run_of)
    start = time.monotonic()
    subprocess.run([*small_run, "--name=whole"], check=True, capture_output=True)
    length = time.monotonic() - start
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    command, kills, rng = [*small_run, "--name=killed"], request.config.getoption("--kills"), random.Random(0)
    resumed = 0
    while kills:
        if kill_after(command, rng.uniform(0.6, 1) * length):  # before that it is still loading libraries
            kills -= 1
        else:  # over before it could be killed: the next ones are for another run
            assert_same(killed, whole)
            resumed += times_resumed(killed)
            shutil.rmtree(killed)
    subprocess.run(command, check=True, capture_output=True)
    assert_same(killed, whole)
    assert resumed + times_resumed(killed) > 0
