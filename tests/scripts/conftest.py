"""What tests of commands share: running one in this process."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command in this process: what it would do in its own, without loading all libraries again."""

    def call(command: str, *flags: str) -> subprocess.CompletedProcess:
        monkeypatch.setattr(sys, "argv", [str(SCRIPTS / command), *flags])
        monkeypatch.syspath_prepend(str(SCRIPTS))
        code = 0
        try:
            runpy.run_path(str(SCRIPTS / command), run_name="__main__")
        except SystemExit as end:
            code = end.code or 0
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(flags, code, out, err)

    return call
