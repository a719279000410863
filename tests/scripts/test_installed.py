"""The package as it is installed, from a wheel and editable: its commands run from any folder."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from commands import SCRIPTS

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("ann_bench", "datasets", "embedding", "hashing", "vse")
PARTS = (*PACKAGES, "scripts", "setup.py", "pyproject.toml", "README.md", "LICENSE")
BUILD = "import sys; from setuptools import build_meta; getattr(build_meta, sys.argv[1])(sys.argv[2])"
SMALL = "--data=digits --batch-size=12 --batch-k=4 --epoch-steps=2 --epochs=1 --embed-dim=16 --no-report --name=x"


class Installed:
    """A fresh environment that holds our package, the libraries of this one, and nothing of this checkout."""

    def __init__(self, place: Path, how: str) -> None:
        self.place, self.source, self.elsewhere = place / "env", place / "source", place / "elsewhere"
        self.elsewhere.mkdir()
        _copy(self.source)
        _run([sys.executable, "-c", BUILD, how, str(place)], cwd=self.source)
        venv.create(self.place, symlinks=True)
        pip = [sys.executable, "-m", "pip", "--python", str(self.place / "bin" / "python")]
        (wheel,) = place.glob("*.whl")
        _run([*pip, "install", "--no-deps", "--no-index", str(wheel)], cwd=self.elsewhere)
        (self.site,) = (self.place / "lib").glob("python*/site-packages")
        libraries = [folder for folder in sys.path if Path(folder).name == "site-packages"]
        (self.site / "libraries.pth").write_text("\n".join(libraries))  # their own .pth files are not read

    def __call__(self, program: str, *words: str, **variables: str) -> subprocess.CompletedProcess:
        """What a command does that is called from a folder of its own."""
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | variables
        command = [str(self.place / "bin" / program), *words]
        return subprocess.run(command, cwd=self.elsewhere, env=environment, capture_output=True, text=True)

    def says(self, program: str, *words: str) -> str:
        """What a command prints that ends well."""
        done = self(program, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout


def _copy(place: Path) -> None:
    place.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, place / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, place / part)


def _run(command: list[str], cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Installed:
    return Installed(tmp_path_factory.mktemp("wheel"), "build_wheel")


@pytest.fixture(scope="module")
def editable(tmp_path_factory) -> Installed:
    return Installed(tmp_path_factory.mktemp("editable"), "build_editable")


@pytest.fixture(params=["wheel", "editable"])
def installed(request) -> Installed:
    return request.getfixturevalue(request.param)


def test_nothing_is_left_behind(wheel):
    for package in PACKAGES:
        files = {path.relative_to(wheel.source) for path in (wheel.source / package).rglob("*") if path.is_file()}
        assert all((wheel.site / file).is_file() for file in files), package
        assert Path(wheel.says("python", "-c", f"import {package}; print({package}.__file__)")).is_relative_to(
            wheel.site
        )


def test_an_editable_one_is_the_checkout(editable):
    found = Path(editable.says("python", "-c", "import ann_bench; print(ann_bench.__file__)"))
    assert found.is_relative_to(editable.source)


def test_the_list_has_every_script_with_what_its_docstring_says(installed):
    lines = installed.says("deepembedding").splitlines()
    assert lines[0].startswith("usage: deepembedding COMMAND")
    told = {name: " ".join(words) for name, *words in map(str.split, lines[2:])}
    assert told == {
        path.stem.replace("_", "-"): path.read_text().splitlines()[0].strip('"').rstrip() for path in SCRIPTS
    }
    assert installed.says("python", "-m", "deepembedding").splitlines() == lines


def test_a_mistyped_command_is_one_line(installed):
    done = installed("deepembedding", "train-margn")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "did you mean train-margin?" in done.stderr


def test_the_benchmark_by_all_its_names(installed):
    for words in (["ann-bench"], ["deepembedding", "bench"], ["python", "-m", "ann_bench"]):
        assert installed.says(*words).startswith(f"usage: {' '.join(words)} COMMAND")
    assert "usage: ann-bench run " in installed.says("ann-bench", "run", "--help")


def test_from_training_to_an_index(wheel):
    wheel.says("deepembedding", "train-margin", *SMALL.split())
    assert "report: runs/x/report/index.html" in wheel.says("deepembedding", "report", "--vectors=runs/x")
    printed = wheel.says("ann-bench", "run", "--data=runs/x", "--index=flat", "--mode=batch", "--runs=1")
    assert "k-recall@10 1.0000" in printed
    assert "flat" in wheel.says("ann-bench", "table")


def test_help_names_the_command_as_it_was_called(installed):
    assert "usage: deepembedding train-margin " in installed.says("deepembedding", "train-margin", "--help")


def test_workers_are_launched_by_the_command_s_name(wheel):
    assert "photo_sift" in wheel.says("deepembedding", "launch", "--workers=1", "bench", "list")


TO_TELL = (["deepembedding"], ["deepembedding", "train-margin"], ["ann-bench", "list"], ["python", "-m", "ann_bench"])


@pytest.mark.parametrize("words", TO_TELL, ids=" ".join)
def test_a_foreign_datasets_is_one_line(wheel, tmp_path, words):
    foreign = tmp_path / "datasets" / "__init__.py"
    foreign.parent.mkdir()
    foreign.write_text("raise ImportError('No module named pyarrow')")
    done = wheel(*words, PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert str(foreign) in done.stderr
