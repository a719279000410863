"""Judging from the command line: scores by part, a whitening from elsewhere alone, every mistake in one line."""

import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import small_things
from torch_files import contiguous, save_pth

from embedding.evaluation.whiten import Whitening

pytestmark = pytest.mark.usefixtures("in_small_place")

NET = ("--model=net.onnx", "--image-size=160")
SET = ("--data=instances", "--data-path=photos/images.csv")


def scores(out: str) -> dict[str, list[float]]:
    """The numbers of each row of the table."""
    found = {}
    for line in out.splitlines():
        if row := re.fullmatch(r"(photos: \w+) +((?:\d\.\d{4} *)+)", line):
            found[row[1]] = [float(number) for number in row[2].split()]
    return found


def test_parts_are_judged_and_geometry_finds_everything(run, tmp_path):
    flags = [*SET, *NET, f"--out={tmp_path / 'out'}"]
    plain = run("evaluate_instance.py", *flags)
    assert plain.returncode == 0, plain.stderr
    assert list(scores(plain.stdout)) == ["photos: books", "photos: doors", "photos: signs"]
    done = run("evaluate_instance.py", *flags, "--rerank=20:6:0.5", "--multiscale=[1, 1/2]", "--expand=aqe=1")
    assert done.returncode == 0, done.stderr
    assert set(map(tuple, scores(done.stdout).values())) == {(1.0, 1.0)}
    assert "re-ranked by aqe=1" in done.stdout and "verified by local features, floor 6, weight 0.5" in done.stdout
    lines = [json.loads(line) for line in (tmp_path / "out" / "metrics.jsonl").read_text().splitlines()]
    assert len(lines) == 6 and lines[-1]["mAP"] == 1.0 and lines[-1]["data"] == "photos: signs"
    text = (tmp_path / "out" / "index.html").read_text()
    assert "What matches" in text and "recall@1" in text and "✓" in text


def test_a_whitening_of_a_part_judges_the_others(run, tmp_path):
    done = run(
        "evaluate_instance.py", *SET, *NET, "-w=books", "--learn=pca=2", "--parts=doors,signs", f"--out={tmp_path}"
    )
    assert done.returncode == 0, done.stderr
    assert list(scores(done.stdout)) == ["photos: doors", "photos: signs"]
    assert "whitened to 2 dimensions, learned on photos" in done.stdout
    assert f"whitening: {tmp_path / 'whitening' / 'books-pca_2-ss.npz'}" in done.stdout
    kept = ["-w", f"{tmp_path / 'whitening' / 'books-pca_2-ss.npz'}", "--parts=doors", f"--out={tmp_path}"]
    again = run("evaluate_instance.py", *SET, *NET, *kept)
    assert again.returncode == 0, again.stderr
    assert scores(again.stdout)["photos: doors"] == scores(done.stdout)["photos: doors"]
    done = run("evaluate_instance.py", *SET, *NET, "-w=books", "--learn=pca=2", f"--out={tmp_path}")
    assert done.returncode == 2 and "whitening" in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_whitening_from_a_file_or_of_a_labelled_set(run, tmp_path):
    learned = Whitening(np.zeros(3), np.eye(3)[:2], "elsewhere")
    learned.save(tmp_path / "mine.npz")
    done = run("evaluate_instance.py", *SET, *NET, f"-w={tmp_path / 'mine.npz'}", f"--out={tmp_path}")
    assert done.returncode == 0 and "learned on elsewhere" in done.stdout, done.stderr
    done = run("evaluate_instance.py", *SET, *NET, "-w=digits", "--learn=pca=1", f"--out={tmp_path}")
    assert done.returncode == 0 and "learned on digits" in done.stdout, done.stderr
    Whitening(np.zeros(7), np.eye(7), "x").save(tmp_path / "other.npz")
    done = run("evaluate_instance.py", *SET, *NET, f"-w={tmp_path / 'other.npz'}", f"--out={tmp_path / 'new'}")
    assert done.returncode == 2 and "7 dimensions" in done.stderr and len(done.stderr.splitlines()) == 1
    assert "images/s" not in done.stdout  # told before anything is embedded


def test_a_set_of_arrays_is_judged_by_its_classes(run, tmp_path):
    done = run("evaluate_instance.py", "-d", "digits", "--model=net.onnx", "--image-size=8", f"--out={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert "recall@1" in done.stdout


CONVOLUTIONS = {0: (64, 11), 3: (192, 5), 6: (384, 3), 8: (256, 3), 10: (256, 3)}  # of AlexNet: channels, window


def checkpoint(path: Path, *, dim: int = 256, **said) -> Path:
    """What cirtorch writes of an AlexNet with GeM, with a whitening of ``dim`` numbers to 2 of one of its sets."""
    rng, arrays, before = np.random.default_rng(0), {"pool.p": np.float32([3])}, 3
    for number, (channels, window) in CONVOLUTIONS.items():
        shape = (channels, before, window, window)
        arrays[f"features.{number}.weight"] = rng.normal(0, (2 / (before * window**2)) ** 0.5, shape).astype(np.float32)
        arrays[f"features.{number}.bias"] = np.zeros(channels, np.float32)
        before = channels
    learned = {"m": np.zeros((dim, 1)), "P": rng.normal(size=(2, dim))}
    meta = {
        "architecture": "alexnet",
        "pooling": "gem",
        "local_whitening": False,
        "regional": False,
        "whitening": False,
    }
    meta |= {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "outputdim": 256}
    meta |= {"Lw": {"retrieval-SfM-120k": {"ss": learned}}, **said}
    save_pth(path, {"meta": meta, "state_dict": {name: contiguous(array) for name, array in arrays.items()}})
    return path


def test_a_checkpoint_of_cirtorch_is_judged_with_the_whitening_in_it(run, tmp_path):
    flags = [*SET, "-npath", str(checkpoint(tmp_path / "gem.pth")), "-imsize", "96", f"--out={tmp_path / 'out'}"]
    done = run("evaluate_instance.py", *flags, "-w", "sfm120k", "-g", "")
    assert done.returncode == 0, done.stderr
    assert "gem.pth, 96 pixels" in done.stdout
    assert "whitened to 2 dimensions, learned on sfm120k" in done.stdout and len(scores(done.stdout)) == 3
    other = checkpoint(tmp_path / "other.pth", architecture="resnet18")
    narrow = checkpoint(tmp_path / "narrow.pth", dim=9)
    for more, word in (
        (["-npath", str(other)], "does not fit resnet18"),
        (["-npath", str(narrow), "-w", "retrieval-SfM-120k"], "9 dimensions"),
    ):
        done = run("evaluate_instance.py", *SET, "-imsize", "96", *more, f"--out={tmp_path / 'out'}")
        assert done.returncode == 2 and word in done.stderr, (done.stdout, done.stderr)
        assert len(done.stderr.strip().splitlines()) == 1


class Caller:
    def __reduce__(self):
        return print, ("called",)


def test_every_mistake_is_one_line(run, tmp_path):
    (tmp_path / "evil.pth").write_bytes(pickle.dumps({"meta": Caller()}))
    (tmp_path / "empty.csv").write_text("path,instance,role\n")
    (tmp_path / "missing.csv").write_text("path,instance,role\ngone.jpg,a,query\n")
    small_things.write(tmp_path / "boxed")
    lines = (tmp_path / "boxed" / "images.csv").read_text().splitlines()
    corners = [",x_1,y_1,x_2,y_2", ",,,,", ",900,900,950,950", *[",,,,"] * 17 + [",,,,"]]
    boxed = "".join(f"{line}{box}\n" for line, box in zip(lines, corners, strict=True))
    (tmp_path / "boxed" / "images.csv").write_text(boxed)
    (tmp_path / "roles.csv").write_text("path,instance,role\ngone.jpg,a,asker\n")
    for flags, word in (
        ([*SET], "no network is named"),
        ([*SET, *NET, "--datasets="], "--data"),
        ([*SET, *NET, "--rerank=-3"], "--rerank=-3"),
        ([*SET, *NET, "-ms", "__import__('os')"], "--multiscale=__import__('os')"),
        ([*SET, *NET, "-w", "instances"], "--whitening=instances: is one of the sets"),
        ([*SET, *NET, "-w", "nowhere.npz"], "nowhere.npz"),
        ([*SET, *NET, "-w", "nosuch"], "--whitening=nosuch: is no set, nor one of the parts books, doors, signs"),
        (
            [*SET, *NET, "-w", "doors"],
            "--whitening=doors: is a part that is judged; judge others, as by --parts=books,",
        ),
        ([*SET, *NET, "-w", "sfm30k"], "--whitening=sfm30k without --whitening-path, so"),
        ([*SET, *NET, "--learn=half"], "--learn=half"),
        ([*SET, *NET, "--parts=cars"], "cars"),
        ([*SET, "-noff", "resnet101-gem-fast"], "resnet101-gem-fast"),
        ([*SET, "-noff", "resnet101"], "resnet101"),
        ([*SET, "-npath", str(tmp_path / "evil.pth")], "evil.pth"),
        ([*SET, "-npath", str(tmp_path / "none.pth")], "none.pth"),
        ([*NET, "-d", "nosuchset"], "nosuchset"),
        ([*NET, "-d", "instances", "--data-path", str(tmp_path / "empty.csv")], "empty.csv"),
        ([*NET, "-d", "instances", "--data-path", str(tmp_path / "missing.csv")], "gone.jpg"),
        ([*NET, "-d", "instances", "--data-path", str(tmp_path / "roles.csv")], "asker"),
        ([*NET, "-d", "instances", "--data-path", str(tmp_path / "boxed")], "thing0-query.png: its box [900.0"),
        ([*NET, "-d", "roxford5k", "--data-path", str(tmp_path)], "roxford5k"),
    ):
        done = run("evaluate_instance.py", *flags, f"--out={tmp_path / 'out'}")
        assert done.returncode == 2, (flags, done.stdout, done.stderr)
        assert word in done.stderr and len(done.stderr.strip().splitlines()) == 1, (flags, done.stderr)
        assert "called" not in done.stdout
