"""What all tests share: a small run of training, and the flag for the long kill test."""

import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"


def pytest_addoption(parser):
    parser.addoption("--kills", type=int, default=2, help="how often the kill test kills its run")


@pytest.fixture
def small_hash_run(tmp_path) -> list[str]:
    """The command line of a training of codes that takes a second an epoch."""
    flags = "--data=digits --bits=16 --batch-size=20 --batch-k=4 --epoch-steps=6 --epochs=4 --lr=1e-3 --steps=3"
    flags += " --no-report --workers=1 --sharpen=0.1"
    return [sys.executable, str(SCRIPTS / "train_hash.py"), *flags.split(), f"--runs={tmp_path}"]


@pytest.fixture
def small_run(tmp_path) -> list[str]:
    """The command line of a training that takes a second an epoch."""
    flags = "--data=digits --batch-size=12 --batch-k=4 --epoch-steps=6 --epochs=4 --lr=1e-3 --steps=3 --embed-dim=16"
    flags += " --no-report --workers=1 --validation=0.5"
    return [sys.executable, str(SCRIPTS / "train_margin.py"), *flags.split(), f"--runs={tmp_path}"]
