"""What all tests share: a small run of training, and the flag for the long kill test."""

import logging
import signal
import sys
from pathlib import Path

import numpy as np
import pair_trees
import pytest

from datasets import command

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"


def pytest_addoption(parser):
    parser.addoption("--kills", type=int, default=2, help="how often the kill test kills its run")


@pytest.fixture(autouse=True)
def interrupts():
    """Ctrl-C as it was: a script that runs in this process changes what it does."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def logs():
    """The log as it was: a command that runs in this process has it written to its own output, which is closed then."""
    yield
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if type(handler).__module__ == command.__name__]:
        root.removeHandler(handler)


@pytest.fixture
def small_hash_run(tmp_path) -> list[str]:
    """The command line of a training of codes that takes a second an epoch."""
    flags = "--data=digits --bits=16 --batch-size=20 --batch-k=4 --epoch-steps=6 --epochs=4 --lr=1e-3 --steps=3"
    flags += " --no-report --workers=1 --sharpen=0.1"
    return [sys.executable, str(SCRIPTS / "train_hash.py"), *flags.split(), f"--runs={tmp_path}"]


@pytest.fixture
def small_cnnh_run(small_hash_run) -> list[str]:
    """The same of codes that are made before training."""
    return [*small_hash_run, "--method=cnnh"]


@pytest.fixture
def small_sketch_run(tmp_path) -> list[str]:
    """The command line of a training of sketches that takes a second an epoch."""
    flags = "--batch-size=16 --batch-k=2 --epoch-steps=6 --epochs=4 --validation=0 --no-report --workers=1"
    return [sys.executable, str(SCRIPTS / "train_sketch.py"), *flags.split(), f"--runs={tmp_path}"]


@pytest.fixture
def small_sketch_hash_run(small_sketch_run) -> list[str]:
    """The same of codes, with two trunks."""
    return [*small_sketch_run, "--bits=16", "--share=none"]


@pytest.fixture
def small_vse_run(tmp_path) -> list[str]:
    """The command line of a training on features and captions that takes a part of a second an epoch."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "small_precomp"
    folder.mkdir()
    for part, count in (("train", 60), ("dev", 4), ("test", 4)):
        np.save(folder / f"{part}_ims.npy", rng.random((count, 6)).astype(np.float32))
        captions = [" ".join(rng.choice(list("abcdefgh"), 5 + number)) for _ in range(count) for number in range(5)]
        (folder / f"{part}_caps.txt").write_text("".join(f"{caption}\n" for caption in captions))
    flags = "--batch-size=10 --epochs=8 --embed-dim=64 --word-dim=32 --num-layers=2 --warm-up=3 --no-report"
    flags += f" --data=small_precomp --data-path={tmp_path} --runs={tmp_path}"
    return [sys.executable, str(SCRIPTS / "train_vse.py"), *flags.split()]


@pytest.fixture
def small_cross_run(tmp_path) -> list[str]:
    """The command line of a training on pictures and texts that takes a part of a second an epoch."""
    place = pair_trees.write_planted(tmp_path / "planted")
    flags = "--data=pairs --model=convnet --image-size=16 --finetune --threshold=1 --batch-size=10 --epochs=6 --bits=16"
    flags += f" --dropout=0.2 --validation=0.2 --no-report --data-path={place} --runs={tmp_path}"
    return [sys.executable, str(SCRIPTS / "train_cross.py"), *flags.split()]


@pytest.fixture
def small_instance_run(tmp_path) -> list[str]:
    """The command line of a training on tuples that takes a second an epoch."""
    flags = "--data=digits --query-size=24 --pool-size=60 --neg-num=2 --batch-size=6 --epochs=4 --lr=1e-3 --whitening"
    flags += " --embed-dim=16 --workers=1 --validation=0.5"
    return [sys.executable, str(SCRIPTS / "train_instance.py"), *flags.split(), f"--runs={tmp_path}"]


@pytest.fixture
def small_adversarial_run(tmp_path) -> list[str]:
    """The command line of a training on synthetic negatives, from its second epoch on."""
    flags = "--adversarial --adv-warm-up=1 --data=digits --batch-size=12 --epoch-steps=6 --epochs=4 --lr=1e-3 --steps=3"
    flags += " --embed-dim=16 --no-report --workers=1 --validation=0.5"
    return [sys.executable, str(SCRIPTS / "train_npair.py"), *flags.split(), f"--runs={tmp_path}"]


@pytest.fixture
def small_run(tmp_path) -> list[str]:
    """The command line of a training that takes a second an epoch."""
    flags = "--data=digits --batch-size=12 --batch-k=4 --epoch-steps=6 --epochs=4 --lr=1e-3 --steps=3 --embed-dim=16"
    flags += " --no-report --workers=1 --validation=0.5"
    return [sys.executable, str(SCRIPTS / "train_margin.py"), *flags.split(), f"--runs={tmp_path}"]
