"""Broken, empty and odd pictures, whatever the command: done, told and exit 0; too many of them: one line, exit 2."""

import csv
import os
import re
from pathlib import Path

import cv2
import numpy as np
import planted
import pytest

from datasets.captions import flickr8k
from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet

SMALL = ["--model=convnet", "--image-size=32", "--epochs=1", "--no-report", "--workers=2", "--name=it"]
COLOURS = {"red": (0, 0, 250), "green": (0, 250, 0), "blue": (250, 0, 0), "grey": (90, 90, 90), "pink": (200, 90, 250)}


def spoil(path: Path, how: str) -> None:
    """Put something odd in place of the picture ``path``."""
    if how == "empty":
        path.write_bytes(b"")
    elif how == "gone":
        path.unlink()
        path.symlink_to("nowhere")
    elif how == "broken":
        path.write_text("no picture")
    else:  # one that can be read: grey, without three channels
        cv2.imwrite(str(path), np.full((20, 50), 9, np.uint8))


def pictures(folder: Path, count: int, *, spoiled: dict[int, str], colours=tuple(COLOURS)) -> list[Path]:
    """``count`` pictures of each colour, 0.png, 1.png, ..., with some ``spoiled``; those that cannot be read."""
    noise, bad = np.random.default_rng(0), []
    for colour in colours:
        (folder / colour).mkdir(parents=True)
        for i in range(count):
            path = folder / colour / f"{i}.png"
            grain = noise.integers(-40, 40, (40, 36, 3))
            cv2.imwrite(str(path), np.clip(np.array(COLOURS[colour]) + grain, 0, 255).astype(np.uint8))
            if i in spoiled:
                spoil(path, spoiled[i])
                bad += [path] if spoiled[i] != "odd" else []
    return bad


def skipped_in(file: Path) -> set[str]:
    with file.open(newline="") as rows:
        found = {row["path"]: row["reason"] for row in csv.DictReader(rows)}
    assert all(found.values())
    return set(found)


SPOILED = {1: "broken", 2: "empty", 3: "odd"}


@pytest.mark.parametrize("flags", [[], ["--cache-features"]])
def test_metric_learning_goes_round_what_cannot_be_read(flags, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bad = pictures(tmp_path / "set" / "train", 5, spoiled=SPOILED)
    bad += pictures(tmp_path / "set" / "test", 4, spoiled={0: "empty"}, colours=("red", "blue"))
    small = [*SMALL, "--batch-size=6", "--batch-k=2", "--validation=0.4", f"--runs={tmp_path}", *flags]
    command = ["train_margin.py", "--data=folder", "--data-path=set", *small]
    said = []
    for name in ("it", "again"):  # the second one finds the features made
        done = run(*command, f"--name={name}")
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        assert "set: scores are of 6 of 8 queries: the others cannot be read" in done.stdout
        said.append([line for line in done.stdout.splitlines() if line.startswith("skipped 12 of 33 pictures")])
        assert skipped_in(tmp_path / name / "skipped.csv") == {str(path.relative_to(tmp_path)) for path in bad}
        assert len(vectors_file.load(tmp_path / name / "vectors.h5").gallery) == 6
    assert len(said[0]) == 1 and said[1] == [line.replace("it/", "again/") for line in said[0]]
    done = run(*command, "--name=strict", "--max-bad=0")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "pictures cannot be read, --max-bad=0 allows 0: set/t" in done.stderr


def test_hashing_goes_round_what_cannot_be_read(run, tmp_path):
    bad = pictures(tmp_path / "set" / "train", 5, spoiled=SPOILED)
    bad += pictures(tmp_path / "set" / "test", 4, spoiled={0: "empty", 2: "broken"}, colours=("red", "blue"))
    command = ["train_hash.py", "--data=folder", f"--data-path={tmp_path / 'set'}", *SMALL, f"--runs={tmp_path}"]
    done = run(*command, "--bits=8", "--batch-size=8", "--batch-k=2")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "scores are of 4 of 8 queries" in done.stdout and "skipped 14 of 33 pictures" in done.stdout
    assert skipped_in(tmp_path / "it" / "skipped.csv") == set(map(str, bad))


@pytest.mark.parametrize("flags", [["--finetune"], ["--no-finetune"]])
def test_captions_of_pictures_that_cannot_be_read_are_passed_over(flags, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(flickr8k, "COUNTS", {})
    bad = pictures(tmp_path / "Flicker8k_Dataset", 6, spoiled={1: "broken", 4: "empty", 5: "odd"})
    texts, parts = tmp_path / "Flickr8k_text", {"train": (0, 1, 2), "dev": (3,), "test": (4, 5)}
    texts.mkdir()
    lines = []
    for colour in COLOURS:
        for i in range(6):
            place = tmp_path / "Flicker8k_Dataset" / f"{colour}{i}.jpg"
            (tmp_path / "Flicker8k_Dataset" / colour / f"{i}.png").rename(place)
            lines += [f"{place.name}#{number}\ta {colour} picture {number}" for number in range(5)]
    (texts / "Flickr8k.token.txt").write_text("\n".join(lines))
    for part, numbers in parts.items():
        names = [f"{colour}{i}.jpg" for colour in COLOURS for i in numbers]
        (texts / f"Flickr_8k.{part}Images.txt").write_text("\n".join(names))
    small = [*SMALL, "--embed-dim=8", "--word-dim=8", "--batch-size=8", f"--data-path={tmp_path}", f"--runs={tmp_path}"]
    done = run("train_vse.py", "--data=flickr8k", *small, *flags)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "flickr8k: test scores are of 5 of 10 images and their captions" in done.stdout
    assert "skipped 10 of 30 pictures" in done.stdout
    wanted = {str(path.parent.with_name(f"{path.parent.name}{path.stem}.jpg")) for path in bad}
    assert {str(Path(path).absolute()) for path in skipped_in(tmp_path / "it" / "skipped.csv")} == wanted
    vectors = vectors_file.load(tmp_path / "it" / "vectors.h5")
    assert len(vectors.gallery) == 5 and len(vectors.queries) == 25


def test_a_search_goes_round_what_cannot_be_read(run, tmp_path):
    trained = planted.run_folder(tmp_path / "run", planted.pictures(tmp_path / "pictures"))
    bad = pictures(tmp_path / "photos", 5, spoiled=SPOILED)
    flags = [f"--run={trained}", f"--images={tmp_path / 'photos'}", f"--out={tmp_path / 'out'}", "--k=99"]
    for embedded in (True, False):
        done = run("search_text.py", "a red picture", *flags)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        assert ("embedding 25 of 25 images" in done.stdout) == embedded
        assert "skipped 10 of 25 pictures" in done.stdout and "15 images of photos" in (
            (tmp_path / "out" / "index.html").read_text()
        )
        (file,) = (trained / "galleries").glob("photos-*.skipped.csv")
        assert skipped_in(file) == set(map(str, bad))
    done = run("search_text.py", "a red picture", *flags, "--max-bad=0")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and "--max-bad=0 allows 0" in done.stderr


def test_new_categories_are_found_though_pictures_are_gone_or_broken(run, tmp_path):
    pictures(tmp_path / "photos", 6, spoiled={1: "broken", 2: "gone", 3: "odd"})
    paths = sorted(map(str, (tmp_path / "photos").rglob("*.png")))
    around = np.repeat(np.eye(5, 8), 6, axis=0) + np.random.default_rng(0).normal(0, 0.02, (30, 8))
    around = around.astype(np.float32)
    found = VectorSet("photos", "inner_product", around, around[:0], gallery_paths=tuple(paths))
    vectors_file.save(tmp_path / "photos.h5", found)
    done = run("mine_categories.py", f"--vectors={tmp_path / 'photos.h5'}", "--k=5", f"--out={tmp_path / 'out'}")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "left out of it: 5 images that are not there, or whose name a CSV file cannot hold, such as" in done.stdout
    assert "grey on it: 10 images that cannot be read, such as " in done.stdout


@pytest.mark.parametrize("command", ["train_margin.py", "train_hash.py"])
def test_too_many_that_cannot_be_read_end_a_training_before_it_begins(command, run, tmp_path):
    pictures(tmp_path / "set" / "train", 7, spoiled=dict.fromkeys(range(5), "broken"))
    pictures(tmp_path / "set" / "test", 3, spoiled={}, colours=("red", "blue"))
    flags = [
        "--data=folder",
        f"--data-path={tmp_path / 'set'}",
        f"--runs={tmp_path}",
        "--batch-size=8",
        "--batch-k=2",
        *SMALL,
    ]
    done = run(command, *flags)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert re.search(r"2[1-5] of 41 pictures cannot be read, --max-bad=0.1 allows 20: ", done.stderr)
    assert len(skipped_in(tmp_path / "it" / "skipped.csv")) >= 21  # what there is to mend


def test_a_picture_whose_name_is_no_text_is_told_on_the_terminal_and_in_the_log(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pictures(Path("colours"), 4, spoiled={})
    bad = Path("colours", "red", "no\udcfftext.png")
    bad.write_text("no picture")
    done = run("train_margin.py", "--data=folder", "--data-path=colours", *SMALL)
    assert done.returncode == 0 and not done.stderr
    for told in (done.stdout, Path("runs/it/log.txt").read_text()):
        assert r"no\udcfftext.png" in told
    assert os.fsencode(bad) in Path("runs/it/skipped.csv").read_bytes()
