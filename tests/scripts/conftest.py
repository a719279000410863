"""What tests of commands share: running one in this process, and a small place to do so."""

import runpy
import subprocess
import sys
from pathlib import Path

import encoders
import pytest
import small_things

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


@pytest.fixture(scope="module")
def small_place(tmp_path_factory) -> Path:
    """A folder with photographs of small things and an encoder for them, photos/ and net.onnx."""
    folder = tmp_path_factory.mktemp("things")
    small_things.write(folder / "photos")
    encoders.of_bytes(folder / "net.onnx")
    return folder


@pytest.fixture
def in_small_place(small_place, monkeypatch):
    """The same as the folder that commands are typed in."""
    monkeypatch.chdir(small_place)
