"""Comparing from the command line: the table, what is chosen, and nothing is computed twice."""

import shutil

import pytest

pytestmark = pytest.mark.usefixtures("in_small_place")

NET = ("--trunks=net.onnx", "--image-size=160")
SET = ("--data=instances", "--data-path=photos/images.csv")


def test_one_command_prints_the_table_and_what_is_chosen(run, tmp_path):
    flags = [*SET, *NET, "--whitening=none, pca=2", "--expand=none; aqe=1", "--rerank=none, 10", f"--out={tmp_path}"]
    done = run("compare_instance.py", *flags)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "table.txt").read_text()
    assert text in done.stdout
    lines = text.splitlines()
    assert len(lines) == 1 + 2 * 2 * 2 * 2 + 2 + 1 + 3 and lines[0].split()[-4:] == ["books", "doors", "signs", "mean"]
    assert all(line.split()[-1] == "1.0000" and " 10 " in line for line in lines[-3:])
    again = run("compare_instance.py", *flags)
    assert "images/s" in done.stdout and "images/s" not in again.stdout and text in again.stdout
    shutil.rmtree(tmp_path / "features")  # and no picture is compared again
    done = run("compare_instance.py", *flags)
    assert not list(tmp_path.glob("features/*")) and text in done.stdout


def test_a_set_of_one_part_is_compared_without_whitening(run, tmp_path):
    done = run(
        "compare_instance.py",
        "--data=digits",
        "--trunks=net.onnx",
        "--image-size=8",
        "--rerank=none",
        f"--out={tmp_path}",
    )
    assert done.returncode == 0, done.stderr
    assert "digits has one part alone" in done.stdout and "pca" not in (tmp_path / "table.txt").read_text()


def test_every_mistake_is_one_line(run, tmp_path):
    for flags, word in (
        ([*SET, "--trunks="], "--trunks="),
        ([*SET, "--trunks=nosuch"], "nosuch"),
        ([*SET, *NET, "--whitening=half"], "--whitening=half"),
        ([*SET, *NET, "--rerank=none,0"], "--rerank=none,0: give none"),
        ([*SET, *NET, "--expand=nonsense"], "--expand=nonsense"),
        ([*SET, *NET, "--multiscale=[1]; [x]"], "--multiscale=[x]"),
        (["--data=nosuchset", *NET], "nosuchset"),
        (["--data=digits", "--trunks=net.onnx", "--image-size=8", "--whitening=pca=2"], "--whitening=pca=2: dataset"),
        (["--data=digits,glyphs", *NET], "all are files"),
    ):
        done = run("compare_instance.py", *flags, f"--out={tmp_path}")
        assert done.returncode == 2, (flags, done.stdout, done.stderr)
        assert word in done.stderr and len(done.stderr.strip().splitlines()) == 1, (flags, done.stderr)
