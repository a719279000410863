"""The commands of cross-modal hashing: a table, searches by codes both ways, and mistakes in one line."""

import re

import pair_trees
import pytest

from hashing.cross import losses

SMALL = "--data=pairs --model=convnet --image-size=16 --finetune --threshold=1 --batch-size=10 --lr=1e-2 --dropout=0"
SMALL = [*SMALL.split(), "--epochs=20", "--no-report", "--workers=1"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return pair_trees.write_planted(tmp_path_factory.mktemp("planted") / "planted")


def found(out: str) -> list[str]:
    return re.findall(r"^ +\d+  +\d\.\d{4}  (.*)$", out, re.M)


def test_a_table_of_methods(run, place, tmp_path):
    how = [f"--data-path={place}", f"--runs={tmp_path}", *SMALL, "--epochs=1"]
    done = run("compare_cross.py", *how, "--bits=8", "--seeds=1,2")
    assert (done.returncode, done.stderr) == (0, "")
    methods = losses.names()
    table = done.stdout.splitlines()[-2 - len(methods) :]
    assert [row.split()[0] for row in table] == ["planted,", "cca-itq", *methods]
    assert table[0].count("i2t map@all") == table[0].count("t2i precision@h<=2") == 1 and "+-" in table[2]
    names = {path.name for path in (tmp_path / "compare-cross-pairs").iterdir()}
    assert names == {f"{method}-8-{seed}" for method in methods for seed in (1, 2)}


def test_search_by_codes_both_ways(run, place, tmp_path):
    how = [f"--data-path={place}", f"--runs={tmp_path}", *SMALL, "--bits=16", "--name=it"]
    assert run("train_cross.py", *how).returncode == 0
    folder = tmp_path / "it"
    for more in ((), ("--index=faiss_binary",)):
        done = run("search_text.py", "a green thing zebra", f"--run={folder}", "-k", "5", *more)
        assert done.returncode == 0, done.stderr
        names = [re.search(r"train(\d+).png", name)[1] for name in found(done.stdout)]
        assert len(names) == 5 and all(int(name) % 4 == 1 for name in names)
        assert "zebra" in done.stdout and (folder / "search" / "index.html").exists()
    done = run("search_text.py", f"--run={folder}", f"--image={place / 'images' / 'test2.png'}", "-k", "3")
    assert done.returncode == 0 and all("blue" in text for text in found(done.stdout)), done.stderr
    done = run("evaluate_hash.py", f"--codes={folder},{folder / 'i2t.h5'}")
    assert done.returncode == 0 and len(done.stdout.splitlines()) >= 3
    for flags, words in (
        (["zebra"], "no word of it is known"),
        (["red", f"--images={place}"], "extract.py --run"),
        (["red", f"--vectors={tmp_path / 'no.h5'}"], "no.h5"),
    ):
        done = run("search_text.py", *flags, f"--run={folder}")
        assert done.returncode == 2 and words in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("command", "flags", "words"),
    [
        ("train_cross.py", ["--data=nothing"], "unknown dataset 'nothing'"),
        ("train_cross.py", ["--data=wiki", "--data-path=/nowhere"], "/nowhere"),
        ("train_cross.py", ["--data=pairs"], "looked for in data/"),
        ("train_cross.py", ["--method=dchm"], "did you mean dcmh"),
        ("train_cross.py", ["--bits=12"], "--bits=12"),
        ("train_cross.py", ["--dropout=1"], "--dropout=1.0"),
        ("train_cross.py", ["--balance=0.1"], "--balance=0.1: cmhh has no such setting"),
        ("train_cross.py", ["--embed-dim=9"], "--embed-dim=9: has no place"),
        ("train_cross.py", ["--texts=topics"], "scenes has one kind of texts"),
        ("train_cross.py", ["--split-words=letters"], "--split-words=letters"),
        ("train_cross.py", ["--cache-features", "--finetune"], "give one of the two"),
        ("compare_cross.py", ["--methods=dcmh,none"], "unknown method 'none'"),
        ("compare_cross.py", ["--method=dcmh"], "--method=dcmh: give --methods=dcmh"),
        ("compare_cross.py", ["--bits="], "each need one"),
    ],
)
def test_mistakes_are_one_line(run, tmp_path, monkeypatch, command, flags, words):
    monkeypatch.chdir(tmp_path)
    done = run(command, *flags, f"--runs={tmp_path}")
    assert done.returncode == 2 and words in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.slow
def test_the_built_in_scenes_are_learned(run, tmp_path):
    done = run("train_cross.py", f"--runs={tmp_path}", "--no-report")
    assert done.returncode == 0, done.stderr
    scores = [float(score) for score in re.findall(r"last: i2t map@all ([\d.]+).*t2i map@all ([\d.]+)", done.stdout)[0]]
    assert min(scores) > 0.18  # 0.07 by chance
