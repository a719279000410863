"""Where machine code can be kept nowhere, it is compiled all the same; counting bits."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from datasets.compiled import compiled, popcount

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import os, shutil, sys
sys.path.insert(0, sys.argv[1])
from datasets.compiled import compiled
import numpy as np

@compiled
def total(values):
    return values.sum()

assert total(np.arange(5)) == 10
"""


@compiled
def counted(words: np.ndarray) -> int:
    total = 0
    for word in words:
        total += popcount(word)
    return total


def test_bits_are_counted():
    words = np.array([0, 1, 2**64 - 1, 2**63 + 5], np.uint64)
    assert counted(words) == 0 + 1 + 64 + 3


def test_without_a_folder_to_keep_it_in(tmp_path):
    """A folder cannot be made inside a file, not even by root."""
    source = tmp_path / "program.py"
    source.write_text(PROGRAM)
    (tmp_path / "__pycache__").write_text("a file")
    (tmp_path / "home").write_text("a file")
    hidden = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "home" / "cache")}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA")}
    command = [sys.executable, "-W", "error", str(source), str(ROOT)]
    run = subprocess.run(command, env=environment | hidden, capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
