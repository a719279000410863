"""The door to MXNet: devices from --gpus, and GPUs that its build cannot use."""

import subprocess

import pytest

from datasets.errors import InputError
from embedding import mx as door
from embedding.mx import contexts, mx


def test_no_gpus_is_the_cpu():
    assert contexts("") == contexts(" ") == [mx.cpu()]


@pytest.mark.parametrize("gpus", ["x", "0,", "0;1", "-1", "0,0"])
def test_numbers_that_are_none_are_named(gpus):
    with pytest.raises(InputError, match=f"--gpus={gpus}"):
        contexts(gpus)


def with_gpus(monkeypatch, count: int, capabilities: str) -> None:
    monkeypatch.setattr(door, "_count_gpus", lambda: count)
    answer = subprocess.CompletedProcess([], 0, stdout=capabilities)
    monkeypatch.setattr(door.subprocess, "run", lambda *_, **__: answer)


def test_gpus_become_contexts(monkeypatch):
    with_gpus(monkeypatch, 2, "8.0\n8.9\n")
    assert contexts("0,1") == [mx.gpu(0), mx.gpu(1)]


@pytest.mark.parametrize("capability", ["9.0", "10.0", "12.0", "3.7"])
def test_a_gpu_without_code_in_the_build_is_told(monkeypatch, capability):
    with_gpus(monkeypatch, 2, f"8.6\n{capability}\n")
    assert contexts("0") == [mx.gpu(0)]
    with pytest.raises(InputError, match=f"GPU 1 has compute capability {capability}.*5.0 to 8.9"):
        contexts("0,1")


def test_without_nvidia_smi_nothing_is_assumed(monkeypatch):
    def missing(*_, **__):
        raise FileNotFoundError

    with_gpus(monkeypatch, 1, "")
    monkeypatch.setattr(door.subprocess, "run", missing)
    assert contexts("0") == [mx.gpu(0)]


def test_more_gpus_than_there_are(monkeypatch):
    with_gpus(monkeypatch, 1, "8.0\n")
    with pytest.raises(InputError, match="--gpus=1"):
        contexts("1")
