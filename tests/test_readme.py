"""The README and the pages of docs/: every command, link, picture and name in them is there.

A ```bash block holds commands, a line each: every one of them is typed here, as far as its flags go. What no test can
type (output, layouts of folders, the inside of files) stands in a ```text block, or in one that names its language.
"""

import ast
import dataclasses
import importlib.util
import os
import re
import runpy
import shlex
import sys
from pathlib import Path

import commands
import pytest
import tyro
import yaml
from django.core.management import get_commands

from ann_bench.commands import COMMANDS
from datasets.command import spell_out

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md"))
TEXTS = ("README.md", "CONTRIBUTING.md", *PAGES)
SAID = {name: (ROOT / name).read_text() for name in TEXTS}

API = "docs/api.md"  # whose lines tests/web/api/test_docs.py runs, and holds its JSON against the answers

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.S | re.M)
LINES = [
    pytest.param(line.strip(), id=f"{name}: {line.strip()[:60]}")
    for name, text in SAID.items()
    for language, block in FENCE.findall(text)
    if language == "bash"
    for line in block.replace("\\\n", " ").splitlines()
    if line.strip()
]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
SCRIPTS = {path.stem for path in commands.SCRIPTS}
EXTRAS = set(re.findall(r'"(\w+)": [A-Z]+\b', (ROOT / "setup.py").read_text().partition("extras_require")[2]))

# Where a path that a page names must lead to a file.
FOLDERS = ("embedding", "hashing", "vse", "ann_bench", "datasets", "web", "scripts", "benchmarks", "tests", "docs")


def test_there_are_commands_and_pages():
    assert len(LINES) >= 60 and len(PAGES) >= 18


@pytest.mark.parametrize("line", LINES)
def test_every_command_can_be_typed(line, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    words = shlex.split(re.sub(r"(?<= )> .*", "", line))
    type_in(words[1:] if words[0] == "nohup" else words)


def type_in(words):
    """Read the words of a command as it would; fails where there is no such command, or it has no such flag."""
    program, *rest = words
    program = "python" if program.endswith("/python") else program
    if program == "make":
        assert set(rest) <= TARGETS
    elif program in ("pip", "source"):
        install(program, rest)
    elif program == "ann-bench" or rest[:2] == ["-m", "ann_bench"] or rest[:1] == ["scripts/bench.py"]:
        of_ann_bench(*rest[{"-m": 2, "scripts/bench.py": 1}.get(rest[0], 0) :])
    elif program == "deepembedding":
        of_script(rest[0].replace("-", "_"), rest[1:])
    elif rest[:2] == ["-m", "web.manage"]:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "web.settings")
        assert rest[2] in get_commands()
    elif rest[0] == "-m":
        assert rest[1] == "pytest" and (ROOT / rest[2]).exists()
    elif rest[0].startswith("benchmarks/"):
        assert program == "python" and (ROOT / rest[0]).exists()
    else:
        assert program == "python" and rest[0].startswith("scripts/")
        of_script(Path(rest[0]).stem, rest[1:])


def install(program, rest):
    if program == "source":
        assert rest == [".venv/bin/activate"]
        return
    assert rest[0] == "install"
    for wanted in filter(None, re.findall(r"\[([\w,]+)\]", " ".join(rest))):
        assert set(wanted.split(",")) <= EXTRAS


def of_ann_bench(name, *flags):
    tyro.cli(COMMANDS[name][1], args=list(flags))


def of_script(name, flags):
    assert name in SCRIPTS
    if name == "gallery":
        assert flags[0] in ("add", "refresh", "list", "remove", "export")
        flags = flags[1:]
    names = runpy.run_path(str(ROOT / "scripts" / f"{name}.py"))
    if name == "launch":  # what is launched is a command as well
        at = next(i for i, word in enumerate(flags) if word.startswith("scripts/"))
        type_in(["python", *flags[at:]])
        flags = [word for word in flags[:at] if word != "--"]
    kinds = [value for value in names.values() if dataclasses.is_dataclass(value) and value.__module__ == "<run_path>"]
    (options,) = [kind for kind in kinds if isinstance(kind, type) and kind.__name__.endswith("Options")]
    tyro.cli(options, args=spell_out(list(flags), options))


def test_the_makefile_s_own_demo_command_can_be_typed(monkeypatch):
    line = re.search(r"scripts/train_margin.py (.*)", (ROOT / "Makefile").read_text())
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    options = runpy.run_path(str(ROOT / "scripts" / "train_margin.py"))["MarginOptions"]
    assert tyro.cli(options, args=shlex.split(line.group(1))).name == "demo"


@pytest.mark.parametrize("name", TEXTS)
def test_every_block_says_what_it_is(name):
    if name in PAGES:
        kinds = {"sh", "json"} if name == API else {"bash", "text", "yaml", "python"}
        assert {language for language, _ in FENCE.findall(SAID[name])} <= kinds
    assert name == API or "```json" not in SAID[name]


def test_the_readme_is_two_pages():
    assert len(SAID["README.md"].splitlines()) <= 150


@pytest.mark.parametrize("name", TEXTS)
def test_no_page_dumps_json(name):
    assert name == API or not re.search(r'^\s*\{"', SAID[name], re.M)


@pytest.mark.parametrize("name", TEXTS)
def test_commands_and_files_named_in_the_text_exist(name):
    said = SAID[name]
    assert set(re.findall(r"`make ([a-z-]+)`", said)) <= TARGETS
    assert set(re.findall(r"(?:-m |^)ann[_-]bench ([a-z]+)\b", code(said), re.M)) <= set(COMMANDS)
    assert {word.replace("-", "_") for word in re.findall(r"\bdeepembedding ([a-z][a-z-]+)", code(said))} <= SCRIPTS
    assert set(re.findall(r"`([a-z]\w+)\.py`", said)) <= SCRIPTS | {"setup"}
    for path in re.findall(rf"(?<![\w./-])(?:{'|'.join(FOLDERS)})/[\w./-]*\w", code(said)):
        assert (ROOT / path).exists(), path


def code(text):
    """What is written as code: blocks, and words between backticks without the blanks that a user fills in."""
    spans = re.findall(r"`([^`\n]+)`", re.sub(FENCE, "", text))
    return "\n".join([*(block for _, block in FENCE.findall(text)), *(span for span in spans if "<" not in span)])


@pytest.mark.parametrize("name", TEXTS)
def test_links_anchors_and_pictures_exist(name):
    said = re.sub(FENCE, "", SAID[name])
    assert "<img" not in said
    for target in re.findall(r"\]\(([^)]+)\)", said):
        if target.startswith(("https://", "http://")):
            continue
        file, _, anchor = target.partition("#")
        place = (ROOT / name).parent / file if file else ROOT / name
        assert place.is_file(), target
        assert name not in PAGES or place.parent == ROOT / "docs", f"{target}: leads out of the site"
        assert not anchor or anchor in anchors(place.read_text()), target


def anchors(text):
    """What headings can be linked by, as the site and as shown in a repository alike."""
    titles = re.findall(r"^#+ (.*)$", re.sub(FENCE, "", text), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", PAGES)
def test_pictures_have_a_text_in_their_place(name):
    assert all(words.strip() for words in re.findall(r"!\[([^\]]*)\]\(", SAID[name]))


def test_every_page_is_in_the_site_s_contents():
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
    listed = [page for entry in nav for page in (next(iter(entry.values())) if isinstance(entry, dict) else [entry])]
    assert sorted(listed) == [name.removeprefix("docs/") for name in PAGES]


def test_every_page_is_linked_from_the_first():
    assert all(f"]({Path(name).name}" in SAID["docs/index.md"] for name in PAGES if name != "docs/index.md")


def test_the_reference_of_flags_is_that_of_the_options(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec = importlib.util.spec_from_file_location("flags", ROOT / "docs" / "flags.py")
    flags = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(flags)
    assert flags.page() == SAID["docs/flags.md"], "stale: run make docs, or python docs/flags.py"


def test_every_script_has_its_flags_told():
    assert {f"## {name}.py" for name in SCRIPTS - {"bench"}} <= set(SAID["docs/flags.md"].splitlines())
    assert {f"## ann_bench {name}" for name in COMMANDS} <= set(SAID["docs/flags.md"].splitlines())


def test_the_picture_of_the_house_shows_every_room():
    walls = ast.parse((ROOT / "tests" / "test_walls.py").read_text())
    (table,) = (
        node.value for node in walls.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ROOMS"
    )
    picture = SAID["docs/design.md"].partition("## Rooms")[2].partition("## The way")[0]
    parts = dict(re.findall(r"^(\w+)/\n((?:  .*\n)+)", picture, re.M))
    for package, rooms in ast.literal_eval(table).items():
        there = set(re.findall(r"^  (\w+)/", parts[package], re.M))
        files = {path.stem for path in (ROOT / package).glob("*.py")}
        wanted = {room for room in rooms if "." not in room}
        assert there == wanted - files, package
        assert wanted & files <= set(parts[package].split()), package


def test_a_warning_of_the_site_counts():
    site = re.search(r"^SITE = (.*)$", (ROOT / "Makefile").read_text(), re.M)[1]
    assert "--strict" in site and "--quiet" not in site  # --quiet keeps warnings from those who count them
