"""Duplicates from the command line: a folder, a set with parts, a vectors file, and mistakes in one line."""

import csv
import importlib
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet


@pytest.fixture
def pets(tmp_path):
    """train/a, train/b, test/c with three pictures each, one of train also in test, smaller, and a broken one."""
    rng = np.random.default_rng(0)
    for name in ("train/a", "train/b", "test/c"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(3):
            image = cv2.resize(
                rng.integers(0, 255, (6, 6, 3)).astype(np.uint8), (90, 90), interpolation=cv2.INTER_CUBIC
            )
            cv2.imwrite(str(tmp_path / "pets" / name / f"{number}.png"), image)
            if name == "train/a" and number == 1:
                leak = cv2.resize(image, (60, 60), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(tmp_path / "pets" / "test" / "c" / "leak.jpg"), leak)
    (tmp_path / "pets" / "train" / "b" / "broken.jpg").write_bytes(b"no picture")
    return tmp_path / "pets"


def lines(folder):
    with (folder / "duplicates.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_what_stands_in_train_and_test_is_told(run, pets, tmp_path):
    out = tmp_path / "out"
    done = run("duplicates.py", "--data=folder", f"--data-path={pets}", f"--out={out}")
    assert done.returncode == 0, done.stderr
    assert "11 pictures: 1 group of copies, 1 to let go" in done.stdout
    assert "1 group in train and test" in done.stdout and "broken.jpg" in done.stdout
    keep, leak = lines(out)
    assert (keep["path"], keep["keep"], keep["part"]) == (str(pets / "train/a/1.png"), "True", "train")
    assert (leak["path"], leak["keep"], leak["part"]) == (str(pets / "test/c/leak.jpg"), "False", "test")
    assert float(leak["like"]) > 0.95
    assert (out / "index.html").exists() and "broken.jpg" in (out / "skipped.csv").read_text()


def test_links_are_no_copies_of_what_they_lead_to(run, pets, tmp_path):
    shutil.copy(pets / "train/a/0.png", pets / "train/b/copy.png")
    os.symlink("../train/a", pets / "test" / "d")  # 3 pictures, one of them in a group
    os.symlink("../../test/c/leak.jpg", pets / "train" / "a" / "leak.jpg")
    done = run("duplicates.py", "--data=folder", f"--data-path={pets}", f"--out={tmp_path / 'out'}")
    assert done.returncode == 0, done.stderr
    assert "such as" in done.stdout and "each file counts once; 4 of them in train and test" in done.stdout
    found = [(line["path"].removeprefix(f"{pets}/"), line["keep"], line["part"]) for line in lines(tmp_path / "out")]
    assert sorted(found) == [
        ("test/c/leak.jpg", "False", "both"),
        ("train/a/0.png", "True", "both"),
        ("train/a/1.png", "True", "both"),
        ("train/b/copy.png", "False", "train"),
    ]


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_compared(pets, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).resolve().parents[2] / "scripts")
    compared = []
    monkeypatch.setattr("embedding.duplicates.looks.looks", lambda *given, **_: compared.append(given))
    script = importlib.import_module("duplicates")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):  # which a command tells in one line
        script.main(script.DuplicatesOptions(data_path=pets, out=tmp_path / "file" / "out"))
    assert not compared


def test_an_archive_is_as_its_folder(run, pets, tmp_path):
    shutil.make_archive(str(pets), "zip", pets)
    for place, out in ((pets, "one"), (f"{pets}.zip", "two")):
        assert run("duplicates.py", f"--data-path={place}", f"--out={tmp_path / out}").returncode == 0
    wanted = [{**line, "path": line["path"].replace(str(pets), f"{pets}.zip")} for line in lines(tmp_path / "one")]
    assert lines(tmp_path / "two") == wanted


def test_vectors_of_a_network_are_compared_in_place_of_looks(run, tmp_path):
    vectors = np.array([[3, 0], [1, 0.1], [0, 1]], np.float32)
    found = VectorSet("pets", "euclidean", vectors, vectors[:1], gallery_paths=("a.jpg", "b.jpg", "c.jpg"))
    vectors_file.save(tmp_path / "pets.h5", found)
    done = run("duplicates.py", f"--vectors={tmp_path / 'pets.h5'}", f"--out={tmp_path / 'out'}")
    assert done.returncode == 0, done.stderr
    assert [line["path"] for line in lines(tmp_path / "out")] == ["a.jpg", "b.jpg"]
    done = run("duplicates.py", f"--vectors={tmp_path / 'pets.h5'}", "--threshold=0.999", f"--out={tmp_path / 'out'}")
    assert "0 groups" in done.stdout and lines(tmp_path / "out") == []


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--data-path=gone"], "gone is not there"),
        (["--vectors=gone.h5"], "--vectors=gone.h5: is not there"),
        (["--vectors=gone.h5", "--data-path=gone"], "both name pictures"),
        (["--data-path=gone", "--threshold=2"], "--threshold=2.0: must lie between 0 and 1"),
        (["--data=glyphs"], "--data=glyphs: its images are no files"),
        (["--data-path=gone", "--max-bad=2"], "--max-bad=2.0: must lie between 0 and 1"),
        (["--data-path=gone", "--max-pixels=0"], "--max-pixels=0: give the most pixels"),
    ],
)
def test_mistakes_are_one_line(run, tmp_path, flags, message):
    done = run("duplicates.py", *flags, f"--out={tmp_path / 'out'}")
    assert done.returncode == 2 and message in done.stderr and len(done.stderr.splitlines()) == 1
