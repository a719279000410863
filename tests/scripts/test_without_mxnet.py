"""Search by sentence and by picture, and reports, by ONNX files in processes where MXNet cannot be loaded."""

import subprocess
import sys
from pathlib import Path

import blocked
import planted
import pytest


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory) -> Path:
    """A run whose towers have been written as ONNX files; its pictures stand beside it."""
    place = tmp_path_factory.mktemp("planted")
    folder = planted.run_folder(place / "run", planted.pictures(place / "pictures"))
    done = subprocess.run(
        [sys.executable, str(blocked.SCRIPTS / "export_onnx.py"), f"--run={folder}"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "best" / "captions.onnx").exists() and "captions" in done.stdout
    return folder


def test_sentences_find_pictures_of_a_folder(run_folder, tmp_path):
    pictures = run_folder.parent / "pictures"
    found = blocked.command(
        "search_text.py", "a green picture", f"--run={run_folder}", f"--images={pictures}", f"--out={tmp_path}", "-k=1"
    )
    assert "green.png" in found and "embedding 4 of 4 images" in found and (tmp_path / "index.html").exists()


def test_a_picture_finds_its_sentences(run_folder, tmp_path):
    picture = run_folder.parent / "pictures" / "blue.png"
    found = blocked.command("search_text.py", f"--run={run_folder}", f"--image={picture}", f"--out={tmp_path}", "-k=2")
    assert "blue" in found.splitlines()[2]


def test_the_report_of_pairs(run_folder, tmp_path):
    found = blocked.command("report.py", f"--vectors={run_folder}", f"--out={tmp_path / 'report'}")
    assert f"report: {tmp_path / 'report' / 'index.html'}" in found


def test_mxnet_and_onnx_rank_alike_and_their_scores_are_the_same(run, run_folder, tmp_path):
    flags = ("a red picture", "a yellow picture", f"--run={run_folder}", f"--out={tmp_path}")
    said = [run("search_text.py", *flags, f"--engine={engine}").stdout for engine in ("mxnet", "onnx")]
    assert said[0] == said[1] and "red.png" in said[0]
