"""An extraction killed at random moments ends with the same file as one that was left alone.

The must of the project is ten kills: python -m pytest tests/scripts/test_extract_kill.py --kills=10
"""

import contextlib
import dataclasses
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest

from embedding.mx import mx
from embedding.network.net import EmbeddingNet, see_blank
from embedding.options import TrainOptions

EXTRACT = Path(__file__).resolve().parents[2] / "scripts" / "extract.py"
PICTURES, PIECE = 400, 8


@pytest.fixture
def command(tmp_path) -> list[str]:
    """The command line of an extraction from small pictures, two of them broken, without its --out."""
    (tmp_path / "pictures").mkdir()
    rng = np.random.default_rng(0)
    for i in range(PICTURES):
        cv2.imwrite(str(tmp_path / "pictures" / f"{i:03}.png"), rng.integers(0, 256, (9, 9, 3), np.uint8))
    for i in (3, 333):
        (tmp_path / "pictures" / f"{i:03}.png").write_bytes(b"no picture")
    net = EmbeddingNet(model="convnet", dim=8)
    net.initialize()
    see_blank(net, 32, [mx.cpu()], flag="")
    (tmp_path / "run" / "best").mkdir(parents=True)
    net.save_parameters(str(tmp_path / "run" / "best" / "net.params"))
    options = TrainOptions(model="convnet", embed_dim=8, image_size="32", test_size="32")
    (tmp_path / "run" / "options.json").write_text(json.dumps(dataclasses.asdict(options), default=str))
    flags = [f"--run={tmp_path / 'run'}", f"--data-path={tmp_path / 'pictures'}", f"--piece={PIECE}"]
    return [sys.executable, str(EXTRACT), *flags, f"--batch-size={PIECE}", "--engine=mxnet"]


def made(folder: Path) -> int:
    return len(list(folder.glob("*.piece")))


def kill_at(command: list[str], folder: Path, *, pieces: int, then: float) -> None:
    """Start ``command`` and kill it ``then`` seconds after there are so many pieces."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and made(folder) < pieces:
        time.sleep(0.002)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(then)
    process.kill()
    _, complaint = process.communicate()
    assert process.returncode == -signal.SIGKILL, complaint


def content(file: Path) -> dict[str, bytes]:
    with h5py.File(file) as found:
        return {
            key: np.asarray(found[key][:]).astype("S" if found[key].dtype == "O" else None).tobytes() for key in found
        }


def test_a_killed_extraction_ends_with_the_same_file_and_makes_nothing_twice(command, tmp_path, request):
    subprocess.run([*command, f"--out={tmp_path / 'whole.h5'}"], check=True, capture_output=True)
    kills, rng = request.config.getoption("--kills"), random.Random(0)
    killed, folder, times = [*command, f"--out={tmp_path / 'killed.h5'}"], tmp_path / "killed.pieces", {}
    for _ in range(kills):
        before = made(folder)
        kill_at(killed, folder, pieces=rng.randint(before, before + 4), then=rng.uniform(0, 0.02))
        assert not (tmp_path / "killed.h5").exists()
        now = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.piece")}
        assert times.items() <= now.items()
        times = now
    done = subprocess.run(killed, check=True, capture_output=True, text=True)
    assert f"going on: {len(times) * PIECE} of {PICTURES} pictures are there" in done.stdout
    assert "images/s" in done.stdout and "MB of memory" in done.stdout and "skipped 2 of 400" in done.stdout
    assert content(tmp_path / "killed.h5") == content(tmp_path / "whole.h5")
    assert (tmp_path / "killed.skipped.csv").read_text() == (tmp_path / "whole.skipped.csv").read_text()
    assert not folder.exists()
