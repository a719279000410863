"""Searching from the command line: the planted picture comes first, pages are written, every mistake is one line."""

import re
import runpy
from pathlib import Path

import planted
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "search_text.py"


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("planted")
    return planted.run_folder(place / "run", planted.pictures(place / "pictures"))


def ranking(out: str) -> list[list[str]]:
    """The file names, or sentences, found for each query, best first; ranks count from 1."""
    found: list[list[str]] = []
    for line in out.splitlines():
        if hit := re.fullmatch(r" +(\d+)  +-?\d\.\d{4}  (.*)", line):
            found += [[]] if hit[1] == "1" else []
            found[-1].append(hit[2].rpartition("/")[2])
            assert len(found[-1]) == int(hit[1])
    return found


def test_sentences_find_their_pictures_and_a_page_shows_them(run, run_folder):
    done = run("search_text.py", "--run", str(run_folder), "a green picture", "a blue picture", "-k", "2", "--grid")
    assert done.returncode == 0, done.stderr
    assert [[names[0], len(names)] for names in ranking(done.stdout)] == [["green.png", 2], ["blue.png", 2]]
    assert done.stdout.splitlines()[-1] == f"page: {run_folder / 'search' / 'index.html'}"
    text = (run_folder / "search" / "index.html").read_text()
    assert "a green picture" in text and text.count("data:image/jpeg;base64,") == 4
    assert (run_folder / "search" / "grid.png").exists()


def test_a_folder_any_script_and_more_than_there_is(run, run_folder, tmp_path):
    planted.pictures(tmp_path / "photos")
    (tmp_path / "photos" / "broken.jpg").write_text("no image")
    flags = [f"--run={run_folder}", f"--images={tmp_path / 'photos'}", f"--out={tmp_path / 'out'}", "--k=99"]
    done = run("search_text.py", f"{planted.CHINESE} zebra {planted.EMOJI}", "a red picture", *flags)
    assert done.returncode == 0, done.stderr
    assert "not known, and passed over as <unk>: zebra\n" in done.stdout and "broken.jpg" in done.stdout
    assert "embedding 5 of 5 images" in done.stdout
    chinese, red = ranking(done.stdout)
    assert len(chinese) == len(red) == 4 and red[0] == "red.png"
    assert planted.CHINESE in (tmp_path / "out" / "index.html").read_text()
    done = run("search_text.py", "a red picture", *flags)
    assert done.returncode == 0 and "embedding" not in done.stdout and ranking(done.stdout) == [red]


@pytest.mark.parametrize("index", ["hnswlib", "annoy", "flat"])
def test_an_index_finds_the_same_and_is_built_once(run, run_folder, tmp_path, index):
    flags = ["a yellow picture", f"--run={run_folder}", f"--vectors={run_folder}", f"--out={tmp_path}", "-k", "3"]
    exact = ranking(run("search_text.py", *flags).stdout)
    first = run("search_text.py", *flags, f"--index={index}")
    assert first.returncode == 0, first.stderr
    assert "building an index of 4 vectors, once" in first.stdout and ranking(first.stdout) == exact
    again = run("search_text.py", *flags, f"--index={index}")
    assert "building" not in again.stdout and ranking(again.stdout) == exact
    assert f"by {index}" in (tmp_path / "index.html").read_text()


def test_a_picture_finds_its_sentences(run, run_folder, tmp_path):
    out = f"--out={tmp_path / 'out'}"
    known = str(run_folder.parent / "pictures" / "red.png")
    other = planted.pictures(tmp_path / "photos")[0]
    for image in (known, other):
        done = run("search_text.py", f"--run={run_folder}", f"--image={image}", out)
        assert done.returncode == 0, done.stderr
        (found,) = ranking(done.stdout)
        assert found[0] == "a red picture" and len(found) == 8
    (tmp_path / "mine.txt").write_text("all is blue\na picture\na red picture\nzebra\n")
    flags = [f"--run={run_folder}", f"--image={other}", f"--sentences={tmp_path / 'mine.txt'}", "-k=2", out]
    (found,) = ranking(run("search_text.py", *flags).stdout)
    assert found[0] == "a red picture" and len(found) == 2
    assert run("search_text.py", f"--run={run_folder}", "--image=scenes[12]", out).returncode == 0


def test_order_is_searched_exactly_and_by_no_index(run, tmp_path):
    order = planted.run_folder(tmp_path / "run", planted.pictures(tmp_path / "pictures"), loss="order")
    done = run("search_text.py", f"--run={order}", "a blue picture")
    assert done.returncode == 0 and ranking(done.stdout)[0][0] == "blue.png"
    done = run("search_text.py", f"--run={order}", "a blue picture", "--index=hnswlib")
    assert done.returncode == 2 and "--index=hnswlib" in done.stderr


def test_every_mistake_is_one_line(run, run_folder, tmp_path):
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("options.json", "vocabulary.json", "best"):
        (bare / name).symlink_to(run_folder / name)
    (tmp_path / "options.json").write_text("{}")
    good, sentence = f"--run={run_folder}", "a red picture"
    for flags, word in (
        ([good], "nothing to search with"),
        ([good, "zebra"], '"zebra"'),
        ([good, sentence, " "], "empty"),
        ([good, sentence, "-k", "0"], "-k 0"),
        ([good, sentence, "-k", "many"], "-k"),
        ([good, sentence, "--images=nowhere"], "nowhere"),
        ([good, sentence, "--vectors=nowhere.h5"], "nowhere.h5"),
        ([good, sentence, "--images=a", "--vectors=b"], "give one"),
        ([good, sentence, "--index=hnsw"], "did you mean hnswlib"),
        ([good, sentence, "--sentences=a.txt"], "--sentences=a.txt"),
        ([good, sentence, "--image=a.jpg"], "--image=a.jpg"),
        ([good, sentence, f"--out={run_folder / 'options.json'}"], "options.json"),
        ([good, "--image=a.jpg", "--images=b"], "--images"),
        ([good, "--image=nowhere.jpg"], "nowhere.jpg"),
        ([good, "--image=scenes[99999]"], "scenes[99999]"),
        ([good, f"--image={run_folder / 'options.json'}"], "options.json"),
        ([f"--run={bare}", sentence], "vectors.h5 is not there"),
        ([f"--run={tmp_path}", sentence], "no run of train_vse.py"),
        (["--run=nowhere", sentence], "nowhere"),
        ([sentence], "--run"),
    ):
        done = run("search_text.py", *flags)
        assert done.returncode == 2, flags
        assert word in done.stderr, (flags, done.stderr)
        assert done.stderr.startswith("error: ") and len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_report_knows_such_files(run, run_folder, tmp_path):
    done = run("report.py", f"--vectors={run_folder}", f"--out={tmp_path / 'report'}")
    assert done.returncode == 0, done.stderr
    assert "Captions and their nearest images" in (tmp_path / "report" / "index.html").read_text()


def test_a_large_gallery_goes_through_an_index(run_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    script = runpy.run_path(str(SCRIPT))
    for limit, said in ((4, "all compared"), (3, "by hnswlib")):
        monkeypatch.setitem(script["main"].__globals__, "EXACT", limit)
        script["main"](script["SearchOptions"](sentence=("a red picture",), run=run_folder, out=tmp_path))
        assert ranking(capsys.readouterr().out)[0][0] == "red.png"
        assert said in (tmp_path / "index.html").read_text()
