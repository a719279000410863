"""Processes in which MXNet cannot be loaded."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"

WITHOUT_MXNET = """
import importlib.abc, pickle, runpy, sys
class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("mxnet", "gluoncv"):
            raise ModuleNotFoundError(f"{name} is blocked")
sys.meta_path.insert(0, Blocked())
"""
_COMMAND = """
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def python(code: str, *words: str) -> str:
    """What ``code`` prints, with the packages and what scripts share to import."""
    how = {"capture_output": True, "text": True, "env": os.environ | {"PYTHONPATH": f"{ROOT}:{SCRIPTS}"}}
    done = subprocess.run([sys.executable, "-c", WITHOUT_MXNET + code, *words], **how)
    assert done.returncode == 0, done.stderr
    return done.stdout


def command(name: str, *flags: str) -> str:
    """What a command of scripts/ prints."""
    return python(_COMMAND, str(SCRIPTS / name), *flags)
