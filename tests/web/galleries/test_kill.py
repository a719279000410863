"""Kills: the process that works, and the one that it begins, die at any moment; the job goes on, and nothing is lost.

The processes are those of a server, on a database and pictures of their own.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from itertools import cycle
from pathlib import Path

import drawn
import encoders
import numpy as np
import pytest

from web.serving import network
from web.serving.network import Spec
from web.serving.snapshot import Snapshot

ROOT = Path(__file__).resolve().parents[3]
PICTURES, KINDS, KILLS = 1200, 12, 10
WAIT = 120  # seconds until the job must have ended


class Place:
    """A folder of data and pictures, and processes that work there."""

    def __init__(self, folder: Path) -> None:
        self.data, self.photos = folder / "data", folder / "photos"
        self.encoder = Spec("onnx", path=str(encoders.clip(folder / "encoder.onnx")))
        self.environment = {**os.environ, "WEB_DATA": str(self.data), "WEB_WORK": "0", "PYTHONPATH": str(ROOT)}
        self.photos.mkdir()
        for kind in range(KINDS):
            data = drawn.draw(folder / "x.jpg", (20 * kind, 255 - 20 * kind, 128), seed=kind, side=900).read_bytes()
            for number in range(kind, PICTURES, KINDS):
                (self.photos / f"{number}.jpg").write_bytes(data + b"%d" % number)

    def begin(self, *words: str) -> subprocess.Popen:
        how = {"env": self.environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": ROOT}
        return subprocess.Popen([sys.executable, *words], **how)

    def ask(self, question: str) -> tuple:
        with closing(sqlite3.connect(self.data / "web.sqlite3", timeout=30)) as database:
            return database.execute(question).fetchone()

    def job(self) -> tuple[str, str, int, int]:
        return self.ask("select state, message, done, process from galleries_job")

    def made(self) -> int:
        """Pieces that are on disk."""
        return len(list(self.data.glob("galleries/1/version-1/pieces/*/*.piece")))


def kill(number: int) -> None:
    """Kill a process; 0 is none, and would be all of ours."""
    if number <= 0:
        return
    with suppress(ProcessLookupError):
        os.kill(number, signal.SIGKILL)


@pytest.fixture
def place(tmp_path):
    found = Place(tmp_path)
    code = (
        "import os; os.environ['DJANGO_SETTINGS_MODULE']='web.settings'; import django; django.setup();"
        "from django.core.management import call_command; call_command('migrate', verbosity=0);"
        "from web.galleries import adding; from web.serving.network import Spec;"
        f"adding.add('x', {str(found.photos)!r}, Spec('onnx', path={found.encoder.path!r}))"
    )
    assert found.begin("-c", code).wait(WAIT) == 0
    return found


@pytest.mark.slow
def test_the_job_goes_on_after_each_of_ten_kills(place):
    """The process of the job, the one that began it, and both in turn, each a little later than the last."""
    seen, begun, last = [], place.begin("-m", "web.manage", "work"), 0
    for number, whom in zip(range(KILLS), cycle(("job", "both", "supervisor")), strict=False):
        until = time.monotonic() + WAIT
        while place.job()[3] == last and place.job()[0] != "done" and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.15 * number)
        state, message, done, process = place.job()
        seen.append((whom, state, message, done, place.made()))
        if whom != "supervisor":
            kill(process)
            last = process
        if whom != "job":
            begun.kill()
            begun.wait()
            begun = place.begin("-m", "web.manage", "work")
    assert begun.wait(WAIT) == 0
    state, message, _, _ = place.job()
    print(*seen, sep="\n")
    assert state == "done", message
    assert any(entry[2] in ("read", "embed") for entry in seen), seen
    check(place)


def check(place: Place) -> None:
    """All pictures are in the snapshot, each with its own vector."""
    (number,) = place.ask("select snapshot from galleries_version")
    kept = Snapshot.open(place.data / f"galleries/1/version-1/snapshot-{number}")
    with closing(sqlite3.connect(place.data / "web.sqlite3")) as database:
        paths = dict(database.execute("select id, path from galleries_picture"))
    assert len(kept) == len(paths) == PICTURES and set(paths) == set(kept.ids.tolist())
    opened = network.opened(place.encoder)
    own = np.stack([opened.picture((place.photos / f"{kind}.jpg").read_bytes(), "x") for kind in range(KINDS)])
    kinds = [int(Path(paths[number]).stem) % KINDS for number in kept.ids.tolist()]
    cosines = np.einsum("nd,nd->n", kept.vectors, own[kinds])
    assert cosines.min() > 0.999
