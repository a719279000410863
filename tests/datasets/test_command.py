"""Commands: a reader that has seen enough is no error."""

import subprocess
import sys

SCRIPT = """
from dataclasses import dataclass
from datasets import command

@dataclass(frozen=True)
class Options:
    lines: int = 100_000

def main(options):
    for line in range(options.lines):
        print("line", line)

command.main(main, Options)
"""


def test_whoever_reads_our_output_may_stop():
    child = subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "line 0\n"
    child.stdout.close()
    assert child.stderr.read() == ""
    child.stderr.close()
    assert child.wait(timeout=60) == 0
