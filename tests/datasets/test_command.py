"""Commands: the spellings of flags, and a reader that has seen enough, which is no error."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
import tyro

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


def test_what_is_at_work_goes_on_when_nobody_reads_its_lines_any_more(tmp_path):
    logs = "import logging\n" + SCRIPT.replace('print("line", line)', 'logging.getLogger().info("line %d", line)')
    done = logs.replace(
        "command.main(main", "def work(options):\n    main(options)\n    open('done', 'w')\ncommand.main(work"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", done], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert child.stdout.readline() == "line 0\n"
    child.stdout.close()
    assert (child.stderr.read(), child.wait(timeout=60)) == ("", 0)
    child.stderr.close()
    assert (tmp_path / "done").exists()


@pytest.mark.parametrize("call", ["command.choose([], {}, 'word ' * 20_000)", "command.main(print, Options, ['-h'])"])
def test_whoever_reads_our_help_may_stop(call):
    script = SCRIPT.replace("command.main(main, Options)", call)
    child = subprocess.Popen(
        [sys.executable, "-u", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    child.stdout.close()
    assert (child.stderr.read(), child.wait(timeout=60)) == ("", 0)
    child.stderr.close()


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


def test_a_command_is_chosen_by_its_name(capsys):
    assert command.choose(["run", "--fast"], {"run": 1, "walk": 2}, "") == 1
    for words in ([], ["-h"], ["--help"], ["help"]):
        with pytest.raises(SystemExit) as end:
            command.choose(words, {"run": 1}, "what there is")
        assert not end.value.code
        assert capsys.readouterr().out == "what there is\n"
    with pytest.raises(SystemExit, match="2"):
        command.choose(["runn"], {"run": 1}, "")
    assert capsys.readouterr().err == "error: unknown command 'runn': did you mean run? known are run\n"


def test_home_is_meant_behind_a_flag_too(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    words = ["--use-pretrained=~/a.pth", "--name=~", "--use-pretrained=a~/b", "~/c"]
    expected = ["--use-pretrained=/home/me/a.pth", "--name=~", "--use-pretrained=a~/b", "~/c"]
    assert command.spell_out(words, Choices) == expected


@pytest.mark.parametrize("place", ["x" * 300, "file/below", "loop"])
def test_a_place_that_the_system_refuses_is_one_line(tmp_path, capsys, place):
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(SystemExit, match="2"):
        command.main(lambda _: (tmp_path / place).open("w"), Choices, [])
    complaint = capsys.readouterr().err
    assert complaint.startswith(f"error: {tmp_path / place}: cannot be used (") and complaint.count("\n") == 1


def test_what_no_place_is_to_blame_for_stays_an_error_of_ours(tmp_path):
    for mistake in (lambda _: (tmp_path / "none").open(), lambda _: os.close(-1)):
        with pytest.raises(OSError):
            command.main(mistake, Choices, [])


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """Options that are numbers, and some that may be left open."""

    epochs: int = 20
    lr: float = 0.1
    epoch_steps: int | None = None
    clip: float | None = None
    top: Annotated[int | None, tyro.conf.arg(aliases=["-t"])] = None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--epochs=ten"], "--epochs=ten: must be a whole number"),
        (["--epochs", "1e3"], "--epochs=1e3: must be a whole number"),
        (["--epoch_steps=1.5"], "--epoch-steps=1.5: must be a whole number"),
        (["--lr=fast"], "--lr=fast: must be a number"),
        (["--clip=it's"], "--clip=it's: must be a number"),
        (["-t", "ten"], "--top=ten: must be a whole number"),
        (["--lr="], "--lr=: must be a number"),
    ],
)
def test_what_is_no_number_is_told_in_our_words(capsys, words, said):
    with pytest.raises(SystemExit, match="2"):
        command.main(print, Numbers, words)
    assert capsys.readouterr().err == f"error: {said}\n"


@pytest.mark.parametrize("words", [["--data-path="], ["--data_path", ""], ["--out="]])
def test_an_empty_path_is_no_folder(capsys, words):
    @dataclass(frozen=True, kw_only=True)
    class Options:
        data_path: Path | None = None
        out: Path = Path("x")
        metric: str = ""

    command.main(lambda options: None, Options, ["--metric="])
    with pytest.raises(SystemExit) as end:
        command.main(lambda options: pytest.fail("begun"), Options, words)
    assert end.value.code == 2
    assert capsys.readouterr().err.endswith("names no file or folder; is a variable of the shell not set?\n")
