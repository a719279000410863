"""A training run killed at random moments ends like one that was left alone.

The must of the project is ten kills: python -m pytest tests/scripts/test_kill.py --kills=10
"""

import json
import random
import signal
import subprocess
import time

import numpy as np

from embedding.mx import nd


def weights(folder) -> dict[str, np.ndarray]:
    return {name: array.asnumpy() for name, array in nd.load(str(folder / "last" / "net.params")).items()}


def epochs(folder) -> list[dict]:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    varying = ("seconds", "images_per_second")
    return [{key: value for key, value in line.items() if key not in varying} for line in lines]


def test_a_killed_run_ends_with_the_same_weights(small_run, tmp_path, request):
    start = time.monotonic()
    subprocess.run([*small_run, "--name=whole"], check=True, capture_output=True)
    length = time.monotonic() - start
    rng = random.Random(0)
    command, kills = [*small_run, "--name=killed"], request.config.getoption("--kills")
    while kills:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            process.wait(timeout=rng.uniform(0.4, 1) * length)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            kills -= 1
        process.communicate()
        if process.returncode == 0:  # the run was over before it could be killed: kill another one
            assert epochs(tmp_path / "killed") == epochs(tmp_path / "whole")
            break
    subprocess.run(command, check=True, capture_output=True)
    whole, killed = weights(tmp_path / "whole"), weights(tmp_path / "killed")
    assert whole.keys() == killed.keys()
    for name in whole:
        np.testing.assert_array_equal(killed[name], whole[name], err_msg=name)
    assert epochs(tmp_path / "killed") == epochs(tmp_path / "whole")
