"""Places: what --cluster may say."""

import os

import pytest

from datasets.cluster import place
from datasets.cluster.place import Place
from datasets.errors import InputError


@pytest.mark.parametrize(
    "flag, kind, count",
    [
        ("", "", 0),
        ("local:4", "local", 4),
        ("slurm", "slurm", 1),
        ("slurm:8", "slurm", 8),
        ("tcp://host:8786", "address", 0),
        ("tls://10.0.0.1:8786", "address", 0),
    ],
)
def test_what_can_be_said(flag, kind, count):
    assert place.read(flag) == Place(flag, kind, count)


@pytest.mark.parametrize("flag", ["local:", "local:0", "local:-1", "slurm:many", "host:8786", "tcp://", "loca:2", " "])
def test_what_cannot(flag):
    with pytest.raises(InputError, match=f"--cluster={flag}: .*local:4"):
        place.read(flag)


def test_a_misspelled_one_is_guessed():
    with pytest.raises(InputError, match="did you mean slurm"):
        place.read("slrum:3")


def test_cores_are_those_that_a_worker_is_told(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert place.cores() == place.read("local").count == len(os.sched_getaffinity(0))
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert place.cores() == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "4,2")
    assert place.cores() == len(os.sched_getaffinity(0))
