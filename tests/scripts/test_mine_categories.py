"""Mining from the command line: judged on hidden classes, trained on, and every mistake one line."""

import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from datasets import images
from datasets.errors import InputError
from datasets.images import folder
from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "mine_categories.py"


def run(*flags: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, str(SCRIPT), *flags], capture_output=True, text=True)


@pytest.fixture
def script(monkeypatch) -> dict:
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    return runpy.run_path(str(SCRIPT))


@pytest.fixture
def digits(tmp_path) -> VectorSet:
    """300 handwritten digits with their pixels as vectors, saved as digits.h5."""
    found = images.get("digits").load(None)
    small = found.images[:300, 2::4, 2::4, 0].reshape(300, -1).astype(np.float32)
    vectors = VectorSet(
        "digits",
        "euclidean",
        small - small.mean(axis=0),
        small[:2],
        gallery_labels=found.labels[:300],
        gallery_paths=tuple(found.image_name(row) for row in range(300)),
        class_names=found.class_names,
    )
    vectors_file.save(tmp_path / "digits.h5", vectors)
    return vectors


def part(vectors: VectorSet, path: Path, rows: np.ndarray, *, labelled: bool = True) -> str:
    """Some rows of the vectors as a file of their own."""
    few = VectorSet(
        "part",
        "euclidean",
        vectors.gallery[rows],
        vectors.queries,
        gallery_labels=vectors.gallery_labels[rows] if labelled else None,
        gallery_paths=tuple(vectors.gallery_paths[row] for row in rows),
        class_names=vectors.class_names if labelled else (),
    )
    vectors_file.save(path, few)
    return str(path)


def test_hidden_classes_are_found_again_and_can_be_trained_on(digits, tmp_path, small_run):
    out = tmp_path / "found"
    done = run(f"--vectors={tmp_path / 'digits.h5'}", "--hold-out=5", f"--out={out}")
    assert done.returncode == 0, done.stderr
    assert "5 of 10 classes" in done.stdout and "5 known classes" in done.stdout and "average linkage" in done.stdout
    rows = {line[:29].strip(): line[29:].split() for line in done.stdout.splitlines() if line[29:30] == " "}
    ours, reference = rows["proposed"], rows["k-means, told the true number"]
    assert reference[0] == "5" and float(ours[2]) > 0.8 * float(reference[2]) > 0.4
    assert float(rows["ratio"][1]) == pytest.approx(float(ours[2]) / float(reference[2]), abs=1e-3)
    assert (out / "index.html").exists()
    loaded = folder.load(out / "manifest.csv")
    assert len(loaded.train) and len(loaded.query)

    train = [*small_run, "--data=folder", f"--data-path={out / 'manifest.csv'}", "--model=convnet", "--image-size=28"]
    done = subprocess.run([*train, "--epochs=1", "--batch-size=8", "--name=again"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "again" / "vectors.h5").exists()


def test_unlabelled_images_with_known_classes_and_without(digits, tmp_path, script, capsys):
    options = {"vectors": Path(part(digits, tmp_path / "new.h5", np.arange(150), labelled=False))}
    is_known = digits.gallery_labels < 6
    known = Path(part(digits, tmp_path / "known.h5", 150 + np.flatnonzero(is_known[150:])))
    script["main"](script["MineOptions"](**options, known=known, out=tmp_path / "a", test_share=0.0))
    said = capsys.readouterr().out
    assert "part: 150 images, 6 known classes" in said and "k-means" not in said
    page = (tmp_path / "a" / "index.html").read_text()
    assert "truth" not in page and "Taken for known classes" in page
    assert not len(folder.load(tmp_path / "a" / "manifest.csv").query)

    script["main"](script["MineOptions"](**options, out=tmp_path / "b"))
    assert "HDBSCAN" in capsys.readouterr().out
    script["main"](script["MineOptions"](**options, out=tmp_path / "c", k=10))
    assert "10 clusters by k-means" in capsys.readouterr().out


def test_what_to_change_where_nothing_is_found_is_told(digits, tmp_path, script, capsys):
    flags = {"vectors": tmp_path / "digits.h5", "out": tmp_path / "out"}
    script["main"](script["MineOptions"](**flags, min_size=200))
    said = capsys.readouterr().out
    assert "0 clusters of 0 images" in said and "lower --min-size" in said
    script["main"](script["MineOptions"](**flags, min_size=3))
    assert "lower --min-size" not in capsys.readouterr().out


def test_every_mistake_is_one_line(digits, tmp_path, script):
    vectors = Path(tmp_path / "digits.h5")
    plain = Path(part(digits, tmp_path / "plain.h5", np.arange(9), labelled=False))
    broken = digits.gallery.copy()
    broken[3, 3] = np.inf
    paths = digits.gallery_paths
    bad = VectorSet("broken", "euclidean", broken, digits.queries, gallery_paths=paths)
    vectors_file.save(tmp_path / "broken.h5", bad)
    narrow = digits.gallery[:, :7].copy()
    labels = digits.gallery_labels
    vectors_file.save(tmp_path / "narrow.h5", VectorSet("x", "euclidean", narrow, narrow, gallery_labels=labels))
    empty = VectorSet("empty", "euclidean", digits.gallery[:0], digits.queries)
    vectors_file.save(tmp_path / "empty.h5", empty)
    for flags, words in (
        ({"vectors": vectors, "known": plain}, "no labels"),
        ({"vectors": vectors, "known": tmp_path / "narrow.h5"}, "7 dimensions"),
        ({"vectors": vectors, "known": vectors, "hold_out": 3}, "give one"),
        ({"vectors": vectors, "hold_out": 9}, "--hold-out=9"),
        ({"vectors": plain, "k": 10}, "--k=10"),
        ({"vectors": tmp_path / "broken.h5"}, " rows of the gallery hold NaN, infinity"),
        ({"vectors": tmp_path / "empty.h5"}, "empty"),
        ({"vectors": tmp_path}, "vectors.h5"),
        ({"vectors": vectors, "method": "densty"}, "did you mean density"),
        ({"vectors": vectors, "method": "threshold"}, "--known=FILE"),
        ({"vectors": vectors, "min_confidence": 1.5}, "--min-confidence=1.5"),
        ({"vectors": vectors, "test_share": -0.1}, "--test-share=-0.1"),
        ({"vectors": vectors, "hold_out": 3, "seed": -1}, "--seed=-1"),
    ):
        with pytest.raises(InputError, match=words):
            script["main"](script["MineOptions"](out=tmp_path / "out", **flags))
    assert not (tmp_path / "out").exists()
    done = run(f"--vectors={vectors}", "--hold-out=9")
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1
