"""The README: every command in it exists and takes the flags it is shown with."""

import dataclasses
import re
import runpy
import shlex
from pathlib import Path

import pytest
import tyro

from ann_bench.commands import COMMANDS
from datasets.command import spell_out

ROOT = Path(__file__).resolve().parent.parent
TEXTS = ("README.md", "CONTRIBUTING.md", "docs/deep1b.md")
BLOCKS = [block for name in TEXTS for block in re.findall(r"```bash\n(.*?)```", (ROOT / name).read_text(), re.S)]
LINES = [line.strip() for block in BLOCKS for line in block.replace("\\\n", " ").splitlines() if line.strip()]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))


def test_there_are_commands():
    assert len(LINES) >= 6


@pytest.mark.parametrize("line", LINES)
def test_every_command_can_be_typed(line, monkeypatch):
    words = shlex.split(re.sub(r">.*", "", line))
    words = words[1:] if words[0] == "nohup" else words
    if words[0] == "make":
        assert set(words[1:]) <= TARGETS
        return
    assert words[0] == "python"
    if "--" in words:  # what is launched is a command as well
        test_every_command_can_be_typed("python " + shlex.join(words[words.index("--") + 1 :]), monkeypatch)
        words = words[: words.index("--")]
    if words[1:3] == ["-m", "ann_bench"] or words[1] == "scripts/bench.py":
        name, *flags = words[3:] if words[1] == "-m" else words[2:]
        tyro.cli(COMMANDS[name][1], args=flags)
        return
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    names = runpy.run_path(str(ROOT / words[1]))
    options = [
        value for value in names.values() if dataclasses.is_dataclass(value) and value.__module__ == "<run_path>"
    ]
    assert len(options) == 1
    tyro.cli(options[0], args=spell_out(words[2:], options[0]))


def test_make_targets_named_in_the_text_exist():
    text = " ".join((ROOT / name).read_text() for name in TEXTS)
    assert set(re.findall(r"`make ([a-z-]+)`", text)) <= TARGETS


def test_the_makefile_s_own_demo_command_can_be_typed(monkeypatch):
    line = re.search(r"scripts/train_margin.py (.*)", (ROOT / "Makefile").read_text())
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    options = runpy.run_path(str(ROOT / "scripts" / "train_margin.py"))["MarginOptions"]
    assert tyro.cli(options, args=shlex.split(line.group(1))).name == "demo"


def test_links_and_pictures_exist():
    for name in TEXTS:
        for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text()):
            assert target.startswith("https://") or (ROOT / target).exists(), target
