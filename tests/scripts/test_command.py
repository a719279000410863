"""Commands as a user types them: help, mistakes, and where they run from."""

import os
import re
import subprocess
import sys
from pathlib import Path

import commands
import cv2
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
COMMANDS = [path.name for path in commands.SCRIPTS]


def assert_mistake(done: subprocess.CompletedProcess, *words: str) -> None:
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 2, done.stderr
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    for word in words:
        assert word in lines[0]


def images(folder: Path, classes: int = 4, count: int = 4) -> Path:
    for c in range(classes):
        (folder / f"class{c}").mkdir(parents=True)
        for i in range(count):
            pixels = np.random.default_rng(10 * c + i).integers(0, 255, (40, 40, 3))
            cv2.imwrite(str(folder / f"class{c}" / f"{i}.jpg"), pixels)
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_help_explains_every_flag(run, command):
    done = run(command, "--help")
    assert done.returncode == 0
    text = re.sub(r"[^\x20-\x7e]+", " ", done.stdout)
    assert "--" in text
    assert (SCRIPTS / command).read_text().startswith('"""')


@pytest.mark.parametrize(("folder", "command"), [(SCRIPTS, "train_margin.py"), (ROOT, "scripts/train_margin.py")])
def test_commands_run_from_the_root_and_from_inside_scripts(folder, command):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([sys.executable, command, "--help"], cwd=folder, env=environment, check=True, capture_output=True)


def test_dashes_and_underscores_are_the_same_flag(run, tmp_path):
    done = run("train_margin.py", "--data=digits", "--batch_k=1", f"--runs={tmp_path}")
    assert_mistake(done, "--batch-k=1")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--bacth-k=5"], ["unknown flag --bacth-k", "did you mean --batch-k"]),
        (["--max-pixels=0"], ["--max-pixels=0: give the most pixels that a picture may have, such as 200000000"]),
        (["--data=glyfs"], ["unknown dataset 'glyfs'", "did you mean glyphs"]),
        (["--data=folder", "--data-path=nowhere"], ["nowhere"]),
        (
            [f"--data={SCRIPTS}"],
            [f"--data={SCRIPTS}: is a folder", f"did you mean --data=folder --data-path={SCRIPTS}?"],
        ),
        (["--data=cub200", "--data-path=nowhere"], ["nowhere", "CUB_200_2011"]),
        (["--epochs=many"], ["--epochs=many: must be a whole number"]),
        (["--epochs=0"], ["--epochs=0"]),
        (["surplus"], ["surplus"]),
    ],
)
def test_mistakes_are_one_line(run, tmp_path, flags, words):
    assert_mistake(run("train_margin.py", *flags, f"--runs={tmp_path}"), *words)


def test_gpus_without_a_gpu_is_one_line(run, tmp_path):
    from embedding.mx import mx

    if mx.context.num_gpus():
        pytest.skip("there is a GPU")
    assert_mistake(run("train_margin.py", "--gpus=0", f"--runs={tmp_path}"), "--gpus=0", "leave --gpus out")


SMALL = [
    "--model=convnet",
    "--image-size=32",
    "--batch-size=4",
    "--batch-k=2",
    "--epochs=1",
    "--validation=0",
    "--no-report",
]


def small_folder(root: Path, runs: Path) -> list[str]:
    return ["--data=folder", f"--data-path={root}", *SMALL, f"--runs={runs}"]


@pytest.mark.parametrize("name", ["class0/2.jpg", "class3/2.jpg"])
def test_a_text_file_named_jpg_is_skipped_or_where_none_may_be_one_line(run, tmp_path, name):
    root = images(tmp_path / "data")
    (root / name).write_text("not an image")
    flags = small_folder(root, tmp_path)
    assert_mistake(run("train_margin.py", *flags, "--max-bad=0", "--name=strict"), name, "not an image", "--max-bad=0")
    done = run("train_margin.py", *flags)
    assert done.returncode == 0, done.stderr
    assert f"skipped 1 of 16 pictures that cannot be read: {root / name}" in done.stdout


def test_an_empty_class_is_passed_over_and_a_class_with_one_image_stays_in_the_gallery(run, tmp_path):
    root = images(tmp_path / "data")
    (root / "class4").mkdir()
    flags = small_folder(root, tmp_path)
    done = run("train_margin.py", *flags, "--name=empty")
    assert done.returncode == 0, done.stderr
    assert "passed over 1 empty folder (class4)" in done.stdout
    (root / "class4" / "0.jpg").write_bytes((root / "class0" / "0.jpg").read_bytes()[:-2] + b"\xff\xd9and")
    done = run("train_margin.py", *flags, "--name=lone")
    assert done.returncode == 0, done.stderr
    assert "one image" in done.stdout


def test_weights_of_another_architecture_are_one_line(run, tmp_path):
    from safetensors.numpy import save_file

    save_file({"features.0.0.weight": np.zeros((32, 3, 3, 3), np.float32)}, str(tmp_path / "other.safetensors"))
    flags = ["--data=digits", "--model=resnet18_v1b", f"--use-pretrained={tmp_path / 'other.safetensors'}"]
    assert_mistake(run("train_margin.py", *flags, f"--runs={tmp_path}"), "other.safetensors", "resnet18_v1b")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 200 kB, where this process may mount one; test_run.py limits file sizes everywhere."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("cannot mount a file system here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_one_line(small_run, small_disk):
    done = subprocess.run([*small_run, f"--runs={small_disk}"], capture_output=True, text=True)
    assert_mistake(done, "cannot write", "No space left")


def test_output_that_is_no_terminal_has_whole_lines_only(small_run):
    done = subprocess.run(small_run, capture_output=True, text=True, check=True)
    assert "\r" not in done.stdout + done.stderr
    assert "epoch 4: loss" in done.stdout
    assert "images/s" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("albums.npy", ["name it albums.h5", "numpy.save('albums.npy', h5py.File('albums.h5')['train'])"]),
        ("albums.csv", ["name it albums.h5"]),
        ("albums", ["name it albums.h5"]),
    ],
)
def test_vectors_are_written_under_no_other_ending_than_their_own(run, tmp_path, monkeypatch, name, words):
    monkeypatch.chdir(tmp_path)
    done = run("extract.py", "--run=nowhere", f"--out={name}")
    assert_mistake(done, f"--out={name}: vectors are written as HDF5", *words)
    assert (words[1:] == []) == (".npy" not in done.stderr) and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("command", "flags"),
    [
        ("extract.py", ["--run=mine", "--out=a.h5"]),
        ("report.py", ["--vectors=mine"]),
        ("search_text.py", ["--run=mine", "a cat"]),
        ("mine_categories.py", ["--vectors=mine"]),
    ],
)
def test_a_run_is_named_with_the_folder_of_runs(run, tmp_path, monkeypatch, command, flags):
    monkeypatch.chdir(tmp_path)
    assert_mistake(done := run(command, *flags), "=mine: is not there; name one that is, such as runs/demo")
    assert "Errno" not in done.stderr
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    assert_mistake(run(command, *flags), f"{flags[0]}: is not there; did you mean runs/mine?")


def test_what_is_missing_in_a_run_is_told_without_the_number_of_the_error(run, tmp_path):
    done = run("extract.py", f"--run={tmp_path}", "--data=digits", f"--out={tmp_path / 'a.h5'}")
    assert_mistake(done, "holds no trained network 'best' (No such file or directory): name a run folder")
