"""Ctrl-C at any moment of a command's start: one line and exit code 130."""

import ast
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from commands import SCRIPTS

ROOT = Path(__file__).resolve().parents[2]
MARGIN = ["scripts/train_margin.py", "--data=digits", "--epochs=1"]
LIST = ["-m", "ann_bench", "list"]


def interrupted_after(module: str, command: list[str]) -> tuple[int, list[str]]:
    """Exit code and last words of a command that gets SIGINT when it has imported ``module``."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # else it may inherit that it is ignored
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", *command],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(signal.SIGINT, before)
    said = []
    for line in process.stderr:
        if not line.startswith("import time:"):
            said.append(line)
        elif line.split("|")[-1].strip() == module:
            process.send_signal(signal.SIGINT)
    process.stderr.close()
    return process.wait(), said


@pytest.mark.parametrize(
    ("module", "command"),
    [
        *((module, MARGIN) for module in ("datasets", "tyro", "numpy", "mxnet.base", "gluoncv.utils", "command")),
        *((module, LIST) for module in ("datasets", "numpy.core", "h5py", "faiss.loader")),
        *((module, ["scripts", "train-vse"]) for module in ("datasets", "numpy")),
    ],
)
def test_one_line_whatever_is_being_imported(module, command):
    code, said = interrupted_after(module, command)
    assert code == 130, said
    assert [line.split(";")[0].strip() for line in said] == ["interrupted"]


def test_who_has_it_ignored_is_not_interrupted():
    ignoring = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    command = [sys.executable, "-c", ignoring, sys.executable, "-c"]
    body = "from ann_bench import start; start.begin(); import os; os.kill(os.getpid(), 2); print('alive')"
    done = subprocess.run([*command, body], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "alive\n", "")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_nothing_slow_is_imported_before_it_is_seen_to(script):
    names = [
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.parse(script.read_text()).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]
    assert next(name for name in names if name.split(".")[0] not in sys.stdlib_module_names) == "command"
