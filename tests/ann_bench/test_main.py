"""python -m ann_bench as a user types it: help, and one line with exit code 2 for every mistake."""

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from ann_bench.__main__ import main
from ann_bench.commands import COMMANDS
from ann_bench.results import results
from datasets.stored import formats

ROOT = Path(__file__).resolve().parents[2]


def ends(capsys, *words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command."""
    code = 0
    try:
        main(words)
    except SystemExit as end:
        code = end.code or 0
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def assert_mistake(capsys, words: list[str], *said: str) -> None:
    code, _, complaint = ends(capsys, *words)
    assert code == 2, complaint
    assert complaint.startswith("error: ") and complaint.count("\n") == 1
    for part in said:
        assert part in complaint


@pytest.fixture
def files(tmp_path) -> Path:
    """A gallery and queries as fvecs."""
    rng = np.random.default_rng(0)
    formats.write(tmp_path / "base.fvecs", rng.normal(size=(300, 8)).astype(np.float32))
    formats.write(tmp_path / "query.fvecs", rng.normal(size=(20, 8)).astype(np.float32))
    return tmp_path


def run_words(files: Path, *more: str) -> list[str]:
    given = [f"--data={files / 'base.fvecs'}", f"--queries={files / 'query.fvecs'}", f"--out={files / 'results'}"]
    return ["run", *given, "--index=flat", *more]


def test_help_lists_every_command(capsys):
    for words in ((), ("--help",), ("help",)):
        code, text, _ = ends(capsys, *words)
        assert code == 0
        assert all(name in text for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(capsys, name):
    code, text, _ = ends(capsys, name, "--help")
    assert code == 0 and "--" in text


def test_it_runs_as_a_module_and_as_a_script():
    for command in (["-m", "ann_bench"], ["scripts/bench.py"]):
        done = subprocess.run([sys.executable, *command, "--help"], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0 and "recommend" in done.stdout


def test_from_files_to_a_table(capsys, files):
    code, text, complaint = ends(capsys, *run_words(files, "--mode=batch", "--runs=1"))
    assert code == 0, complaint
    assert "k-recall@10 1.0000" in text
    code, text, complaint = ends(capsys, "table", f"--out={files / 'results'}")
    assert code == 0 and "flat" in text, complaint


def test_a_metric_by_the_name_that_others_give_it(capsys, files):
    code, text, complaint = ends(capsys, *run_words(files, "--mode=batch", "--runs=1", "--metric=COSINE"))
    assert code == 0 and "8, 20 queries, angular" in text, complaint
    (one,) = results.read_all(files / "results")
    assert one.point.metric == "angular" and one.point.data == "base-angular"
    assert_mistake(capsys, run_words(files, "--metric=cosin"), "did you mean cosine", "known are euclidean", "hamming")
    assert ends(capsys, "list", "--dim=8", "--metric=ip")[0] == 0


def test_list_shows_what_there_is(capsys):
    code, text, _ = ends(capsys, "list", "--count=10M", "--dim=96")
    assert code == 0
    for word in ("photo_sift", "deep1b", "hamming", "faiss_binary", "hnswlib", "annoy", "IMI"):
        assert word in text


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--dim=0"], "--dim=0"),
        (["--dim=12", "--metric=hamming"], "whole bytes"),
        (["--metric=foo"], "unknown metric 'foo'"),
        (["--count=abc"], "--count=abc"),
    ],
)
def test_list_prints_nothing_before_a_mistake(capsys, flags, words):
    code, text, complaint = ends(capsys, "list", *flags)
    assert (code, text) == (2, "") and words in complaint


def test_an_unknown_command_gets_a_suggestion(capsys):
    assert_mistake(capsys, ["rum"], "unknown command 'rum': did you mean run?")


def test_vectors_that_cannot_be_used(capsys, files):
    whole = (files / "base.fvecs").read_bytes()
    (files / "base.fvecs").write_bytes(whole[:-5])
    assert_mistake(capsys, run_words(files), "base.fvecs", "bytes")
    (files / "base.fvecs").write_bytes(whole)

    (files / "lies.fbin").write_bytes(np.array([1000, 8], np.uint32).tobytes() + bytes(4 * 8 * 10))
    assert_mistake(capsys, run_words(files, f"--data={files / 'lies.fbin'}"), "lies.fbin", "1000")

    formats.write(files / "wide.fvecs", np.ones((5, 9), np.float32))
    assert_mistake(capsys, run_words(files, f"--queries={files / 'wide.fvecs'}"), "wide.fvecs", "9", "8")

    holes = np.ones((300, 8), np.float32)
    holes[7, 3] = np.nan
    formats.write(files / "holes.fvecs", holes)
    assert_mistake(capsys, run_words(files, f"--data={files / 'holes.fvecs'}"), "holes", "row 7")

    with h5py.File(files / "keyless.h5", "w") as file:
        file["train"] = holes
    assert_mistake(capsys, ["run", f"--data={files / 'keyless.h5'}", "--index=flat"], "keyless.h5", "'test' is missing")
    assert_mistake(capsys, run_words(files, f"--data={files / 'none.fvecs'}"), "none.fvecs")


def test_wishes_that_cannot_be_met(capsys, files):
    assert_mistake(capsys, run_words(files, "--k=301"), "301", "300")
    assert_mistake(capsys, run_words(files, "--index=hnswlub"), "did you mean hnswlib")
    assert_mistake(capsys, run_words(files, "--index=faiss_float", "--build=IVF8,Foo"), "IVF8,Foo")
    build = ("--index=faiss_float", "--build=IMI2x2,PQ4", "--metric=inner_product")
    assert_mistake(capsys, run_words(files, *build), "IMI2x2,PQ4", "inner_product")
    assert_mistake(capsys, run_words(files, "--kk=3"), "unknown flag --kk")
    assert_mistake(capsys, run_words(files, "--k=ten"), "error: --k=ten: must be a whole number")
    assert_mistake(capsys, run_words(files, f"--out={files / 'base.fvecs'}"), "base.fvecs", "give another --out")
    assert_mistake(capsys, run_words(files, "--data=sift1n"), "did you mean sift1m")
    assert not list(files.rglob("*.hdf5"))
