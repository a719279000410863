"""The commands of sketches: vectors and codes of one's own folders, the table, the search, mistakes."""

import json
import re

import cv2
import numpy as np
import pytest

from embedding.sketches.options import SketchOptions
from embedding.sketches.train import train
from hashing.sketches.build import CODES
from hashing.sketches.options import SketchHashOptions

SMALL = ["--model=convnet", "--image-size=32", "--batch-size=8", "--batch-k=2", "--epoch-steps=3", "--epochs=2"]
SMALL += ["--validation=0", "--no-report", "--embed-dim=16"]
SHAPES = {"box": 4, "bar": 2, "cross": 8, "dot": 30}


def shape(name: str, drawn: bool, seed: int) -> np.ndarray:
    """A polygon of so many corners, its outline where it is drawn, else in a colour on another."""
    rng = np.random.default_rng(seed)
    angles = np.linspace(0, 2 * np.pi, SHAPES[name], endpoint=False) + rng.uniform(0, 0.5)
    corners = (16 + 10 * np.stack([np.cos(angles), np.sin(angles)], axis=1)).astype(np.int32)
    if drawn:
        return cv2.polylines(np.full((32, 32, 3), 255, np.uint8), [corners], True, (0, 0, 0), 1)
    ground = np.full((32, 32, 3), rng.integers(120, 255, 3), np.uint8)
    return cv2.fillPoly(ground, [corners], rng.integers(0, 100, 3).tolist())


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    """Own folders: six sketches and six photographs of each of four shapes, of which the dot is unseen."""
    root = tmp_path_factory.mktemp("own") / "mine"
    for name in SHAPES:
        for kind, drawn in (("sketch", True), ("photo", False)):
            (root / kind / name).mkdir(parents=True)
            for number in range(6):
                cv2.imwrite(str(root / kind / name / f"{number}.png"), shape(name, drawn, number))
    (root / "unseen_classes.txt").write_text("dot\n")
    return root


@pytest.fixture(scope="module")
def runs(mine, tmp_path_factory):
    """A folder of two runs on them: one of vectors and one of codes."""
    folder = tmp_path_factory.mktemp("runs")
    small = {"model": "convnet", "image_size": "32", "batch_size": 8, "batch_k": 2, "epoch_steps": 3, "epochs": 2}
    small |= {"data": "sketches", "data_path": mine, "runs": folder, "validation": 0.0, "report": False}
    train(SketchOptions(**small, embed_dim=16, name="vectors"))
    train(SketchHashOptions(**small, bits=16, name="codes"), CODES)
    return folder


def test_runs_tell_which_kind_they_are(runs):
    stored = {name: json.loads((runs / name / "options.json").read_text()) for name in ("vectors", "codes")}
    assert "bits" not in stored["vectors"] and stored["codes"]["bits"] == 16
    assert stored["codes"]["method"] == "deep_sketch" and stored["vectors"]["loss"] == "triplet"


@pytest.mark.parametrize(("name", "score"), [("vectors", "cosine"), ("codes", "1 - differing bits / 16")])
def test_a_sketch_and_a_folder_of_them_search(run, runs, mine, tmp_path, name, score):
    asked = [str(mine / "sketch" / "box" / "0.png"), str(mine / "sketch" / "dot")]
    how = [f"--images={mine / 'photo'}", f"--out={tmp_path / 'page'}", f"--kept={tmp_path / 'kept'}", "-k=3"]
    done = run("search_sketch.py", *asked, f"--run={runs / name}", *how)
    assert done.returncode == 0, done.stderr
    hits = re.findall(r"^ +(\d)  +-?\d\.\d{4}  .*/photo/", done.stdout, re.M)
    assert hits == ["1", "2", "3"] * 7
    assert f"score: {score}" in done.stdout and "24 photographs of photo" in (tmp_path / "page/index.html").read_text()


def test_photographs_of_a_run_are_extracted_as_those_of_any_other(run, runs, mine, tmp_path):
    done = run(
        "extract.py",
        f"--run={runs / 'vectors'}",
        "--data=files",
        f"--data-path={mine / 'photo'}",
        f"--out={tmp_path}/v.h5",
    )
    assert done.returncode == 0, done.stderr


def test_a_table_of_vectors_and_codes(run, mine, tmp_path):
    data = ["--data=sketches", f"--data-path={mine}", *SMALL[:-1], f"--runs={tmp_path}"]
    asked = ["--losses=triplet", "--methods=deep_sketch", "--bits=8,16", "--seeds=1,2"]
    done = run("compare_sketch.py", *data, *asked)
    assert done.returncode == 0, done.stderr
    names = [line.split("  ")[0].strip() for line in done.stdout.splitlines()[-11:]]
    assert names[1:] == ["untrained trunk", "triplet", *["itq", "lsh", "pca", "deep_sketch"] * 2]
    again = run("compare_sketch.py", *data, *asked)
    assert again.stdout.splitlines()[-11:] == done.stdout.splitlines()[-11:] and "epoch" not in again.stdout


@pytest.mark.parametrize(
    ("command", "flags", "words"),
    [
        ("train_sketch.py", ["--bits=20"], "--bits=20: must be a multiple of 8"),
        ("train_sketch.py", ["--method=dcmh"], "--method=dcmh: is of codes; give --bits=64 with it"),
        ("train_sketch.py", ["--bits=16", "--loss=contrastive"], "--loss=contrastive: codes are trained by a --method"),
        ("train_sketch.py", ["--bits=16", "--loss=triplet"], "--loss=triplet: codes are trained by a --method"),
        ("train_sketch.py", ["--bits=16", "--method=dcmhh"], "unknown method 'dcmhh': did you mean dcmh?"),
        ("train_sketch.py", ["--data=digits"], "--data=digits: has no sketches that ask photographs"),
        ("train_sketch.py", ["--data=sketches"], "name it by --data-path"),
        ("train_sketch.py", ["--share=some"], "unknown --share 'some'"),
        ("compare_sketch.py", ["--bits=16,20"], "--bits=20"),
        ("compare_sketch.py", ["--losses=tripletts"], "unknown loss 'tripletts'"),
        ("compare_sketch.py", ["--seed=3"], "--seed=3: give --seeds=3"),
        ("compare_sketch.py", ["--losses=", "--methods="], "each need one at least"),
    ],
)
def test_mistakes_are_one_line(run, tmp_path, command, flags, words):
    done = run(command, *flags, f"--runs={tmp_path}")
    assert done.returncode == 2 and words in done.stderr and len(done.stderr.splitlines()) == 1


def test_mistakes_of_a_search_are_one_line(run, runs, mine, tmp_path):
    photographs, network = f"--images={mine / 'photo'}", f"--run={runs / 'vectors'}"
    (tmp_path / "broken.png").write_text("no picture")
    (tmp_path / "options.json").write_text("{}")
    sketch = str(mine / "sketch" / "box" / "0.png")
    for flags, words in (
        ([photographs, network], "nothing to search with"),
        ([sketch, network], "nothing to search: give --images"),
        ([sketch, photographs], "no network is named: give --run"),
        ([sketch, photographs, f"--run={tmp_path}"], "is no run of train_sketch.py"),
        ([sketch, photographs, network, "-k=0"], "--k=0: must be at least 1"),
        ([str(tmp_path / "broken.png"), photographs, network], "broken.png: "),
    ):
        done = run("search_sketch.py", *flags)
        assert done.returncode == 2 and words in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("more", "least"), [([], 0.15), (["--bits=32"], 0.02)], ids=["vectors", "codes"])
def test_the_built_in_demo_learns(run, tmp_path, more, least):
    done = run("train_sketch.py", *more, "--name=demo", f"--runs={tmp_path}")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (tmp_path / "demo" / "metrics.jsonl").read_text().splitlines()]
    rows = {line["row"]: line for line in lines if line["kind"] == "scores"}
    for part in ("seen", "unseen"):
        trained, before = (rows[row][f"{part} map@all"] for row in ("best", "untrained trunk"))
        assert trained > before + least, (part, trained, before)
