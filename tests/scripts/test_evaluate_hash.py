"""evaluate_hash.py: a row a file, the report, and one line for every mistake."""

from pathlib import Path

import numpy as np
import pytest

from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet
from hashing.evaluation.scores import RULES, evaluate


def codes(bits: int, *, trained: bool = False) -> VectorSet:
    draw = np.random.default_rng(bits)
    gallery, queries = (draw.integers(0, 256, (count, bits // 8)).astype(np.uint8) for count in (60, 7))
    labels = {"gallery_labels": draw.integers(3, size=60), "query_labels": draw.integers(4, size=7)}
    seen = (np.arange(60) < 20).astype(np.int64) if trained else None
    return VectorSet("made up", "hamming", gallery, queries, **labels, gallery_trained=seen)


@pytest.fixture
def files(tmp_path) -> Path:
    vectors_file.save(tmp_path / "run" / "vectors.h5", codes(16, trained=True))
    vectors_file.save(tmp_path / "other.h5", codes(8))
    floats = np.eye(8, dtype=np.float32)
    vectors_file.save(tmp_path / "floats.h5", VectorSet("floats", "euclidean", floats, floats))
    return tmp_path


def test_a_row_a_file(run, files):
    flags = ("--top=all,5", "--radius=3", "--n=4,9", "--rules=thuml")
    done = run("evaluate_hash.py", f"--codes={files / 'run'}, {files / 'other.h5'}", *flags)
    assert done.returncode == 0, done.stderr
    head, first, second, *rest = [line.split() for line in done.stdout.replace(" untrained", "_untrained").splitlines()]
    asked = {"tops": (None, 5), "radius": 3, "ns": (4, 9), "rules": RULES["thuml"]}
    for row, name, vectors in ((first, "run", codes(16, trained=True)), (second, "other", codes(8))):
        scores = {key.replace(" ", "_"): value for key, value in evaluate(vectors, **asked).items()}
        assert row[:4] == [name, str(vectors.dim), "7", "60"]
        assert row[4:] == [f"{scores[column]:.4f}" if column in scores else "-" for column in head[3:]]
    assert "map@5_untrained" in head and second[-1] == "-"
    nothing = int((codes(8).query_labels == 3).sum())
    assert nothing and rest[-1] == ["other:", "queries", "with", "nothing", "to", "find:", str(nothing), "of", "7"]


def test_a_report_where_wanted(run, files):
    done = run("evaluate_hash.py", f"--codes={files / 'run'}", f"--report={files / 'page'}", "--top=7", "--n=3")
    assert done.returncode == 0, done.stderr
    assert f"report: {files / 'page' / 'index.html'}" in done.stdout
    page = (files / "page" / "index.html").read_text()
    assert "map@7" in page and "precision@3" in page and "map@all" not in page


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--codes="], "name vectors files of codes"),
        (["--codes={}/none.h5"], "none.h5: there is no such file"),
        (["--codes={}"], "the folder has no vectors.h5"),
        (["--codes={}/floats.h5"], "floats.h5: vectors floats: their metric is euclidean"),
        (["--codes={}/run", "--rules=thumb"], "unknown rules 'thumb': did you mean thuml?"),
        (["--codes={}/run", "--top=some"], "--top=some"),
        (["--codes={}/run", "--n=0"], "--n=0"),
        (["--codes={}/run", "--radius=17"], "--radius=17"),
        (["--codes={}/run", "--seed=-1"], "--seed=-1"),
        (["--codes={}/run", "--report={}/other.h5"], "other.h5: the report cannot be written there"),
        (["--codes={}/run", "--tops=5"], "unknown flag --tops"),
    ],
)
def test_a_mistake_is_one_line(run, files, flags, said):
    done = run("evaluate_hash.py", *(flag.format(files) for flag in flags))
    assert done.returncode == 2 and done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert said in done.stderr
