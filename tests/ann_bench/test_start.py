"""The start of a command: one line where another project's datasets is found instead of ours."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ann_bench import start

ROOT = Path(__file__).resolve().parents[2]
FOREIGN = "raise ImportError('No module named pyarrow')"  # what must not be run to find out


@pytest.fixture
def site(tmp_path) -> Path:
    """A folder of packages in which ours lie, as an environment has it."""
    (tmp_path / "site").mkdir()
    shutil.copytree(ROOT / "datasets", tmp_path / "site" / "datasets")
    (tmp_path / "site" / "ann_bench").symlink_to(ROOT / "ann_bench")
    return tmp_path / "site"


def listed(*packages: Path) -> subprocess.CompletedProcess:
    """python -m ann_bench list, with packages looked for in these folders, from a folder that holds none."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, packages))}
    command = [sys.executable, "-m", "ann_bench", "list"]
    return subprocess.run(command, env=environment, cwd=packages[-1].parent, capture_output=True, text=True)


def assert_told(done: subprocess.CompletedProcess, *words: str) -> None:
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    for word in ("error: ", *words):
        assert word in done.stderr


def test_ours_is_known():
    assert start.foreign_datasets() == ""


@pytest.mark.parametrize("planted", ["datasets/__init__.py", "datasets.py"])
def test_another_one_before_ours_is_one_line(site, tmp_path, planted):
    file = tmp_path / "others" / planted
    file.parent.mkdir(parents=True)
    file.write_text(FOREIGN)
    assert_told(listed(file.parents[planted.count("/")], site), str(file), "an environment of its own")


def test_one_that_has_overwritten_ours_is_one_line(site):
    (site / "datasets" / "__init__.py").write_text(FOREIGN)
    (site / "datasets" / "arrow_dataset.py").write_text(FOREIGN)
    assert_told(listed(site), str(site / "datasets" / "__init__.py"), "an environment of its own")


def test_none_at_all_is_one_line(site):
    shutil.rmtree(site / "datasets")
    begin = [sys.executable, "-S", "-c", "from ann_bench import start; start.begin()"]  # without site-packages
    for planted in (False, True):
        if planted:
            (site / "datasets").mkdir()
        assert_told(
            subprocess.run(begin, cwd=site, env={}, capture_output=True, text=True), "install deepembedding again"
        )


def test_a_folder_of_data_of_that_name_hides_nothing(tmp_path):
    (tmp_path / "datasets").mkdir()
    done = listed(ROOT, tmp_path / "elsewhere")
    assert (done.returncode, done.stderr) == (0, "")


def test_where_the_other_one_was_removed_with_our_file_all_works(site):
    (site / "datasets" / "__init__.py").unlink()
    done = listed(site)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_else_lies_beside_ours_does_no_harm(site):
    (site / "datasets" / "arrow_dataset.py").write_text(FOREIGN)
    done = listed(site)
    assert (done.returncode, done.stderr) == (0, "")
