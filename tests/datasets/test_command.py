"""Commands: the spellings of flags, and a reader that has seen enough, which is no error."""

import subprocess
import sys
from dataclasses import dataclass

import pytest

from datasets import command

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


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Options with every kind of yes and no."""

    report: bool = True
    crop_boxes: bool = False
    flip_images: bool | None = None
    use_pretrained: str = ""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], Choices()),
        (["--report=False", "--crop-boxes=true"], Choices(report=False, crop_boxes=True)),
        (["--no-report", "--crop_boxes"], Choices(report=False, crop_boxes=True)),
        (["--flip-images"], Choices(flip_images=True)),
        (["--flip_images=true", "--no-report"], Choices(flip_images=True, report=False)),
        (["--flip-images=False"], Choices(flip_images=False)),
        (["--no-flip-images"], Choices(flip_images=False)),
        (["--no_flip_images", "--use_pretrained"], Choices(flip_images=False, use_pretrained="auto")),
        (["--flip-images", "True"], Choices(flip_images=True)),
        (["--use-pretrained", "a.pth"], Choices(use_pretrained="a.pth")),
    ],
)
def test_yes_and_no_in_every_spelling(words, expected):
    read = []
    command.main(read.append, Choices, words)
    assert read == [expected]
