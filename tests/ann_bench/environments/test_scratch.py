"""Scratch folders: one that is held stays; one whose process was killed is removed by the next that needs one."""

import os
import signal
import subprocess
import sys
import tempfile

from ann_bench.environments import scratch

HOLD = "from ann_bench.environments import scratch; print(scratch.folder('b'), flush=True); input()"


def test_what_a_killed_process_left_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(scratch, "_NEW", -1.0)
    (tmp_path / "ann_bench_results").mkdir()
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    theirs = tmp_path / os.path.basename(child.stdout.readline().strip())
    first = scratch.folder("a")
    assert theirs.exists() and first.exists()
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    second = scratch.folder("a")
    assert not theirs.exists() and first.exists() and second.exists() and (tmp_path / "ann_bench_results").exists()


def test_a_new_one_is_left_alone_until_it_can_be_held(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    new = tmp_path / f"{scratch._PREFIX}x"
    new.mkdir()
    scratch.folder("a")
    assert new.exists()
