"""A whole run on planted pairs: rows, files, what is learned, going on, broken pictures, and features."""

import json
from dataclasses import replace

import numpy as np
import pair_trees
import pytest

from datasets.errors import InputError
from datasets.stored import vectors_file
from hashing.cross.options import CrossOptions
from hashing.cross.train import train
from hashing.evaluation.scores import evaluate


@pytest.fixture
def options(tmp_path):
    small = {"model": "convnet", "image_size": "16", "finetune": True, "threshold": 1, "batch_size": 10, "bits": 16}
    return CrossOptions(
        data="pairs",
        data_path=pair_trees.write_planted(tmp_path / "planted"),
        **{**small, "epochs": 20, "lr": 1e-2, "runs": tmp_path / "runs", "report": False, "dropout": 0.0},
    )


def lines(folder, kind: str) -> list[dict]:
    found = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [line for line in found if line["kind"] == kind]


@pytest.mark.parametrize("method", ["cmhh", "dcmh"])
def test_it_learns_and_leaves_all_it_promises(options, method):
    folder = train(replace(options, method=method, report=method == "cmhh"))
    assert folder.name == f"planted-{method}-16"
    present = {path.name for path in folder.iterdir()} - {"lock", "report"}
    files = {"options.json", "log.txt", "metrics.jsonl", "last", "best", "vectors.h5", "i2t.h5", "words.json"}
    assert present == files
    last = lines(folder, "scores")[-1]
    assert last["row"] == "last" and min(last["i2t map@all"], last["t2i map@all"]) > 0.45  # a quarter by chance
    assert (folder / "report" / "index.html").exists() == (method == "cmhh")


def test_the_codes_saved_have_the_scores_of_the_last_row(options):
    folder = train(replace(options, epochs=1, top="all,5"))
    last = lines(folder, "scores")[-1]
    for way, file in (("t2i", "vectors.h5"), ("i2t", "i2t.h5")):
        vectors = vectors_file.load(folder / file)
        assert vectors.metric == "hamming" and (len(vectors.queries), len(vectors.gallery)) == (12, 40)
        assert vectors.gallery_trained.all()
        for name, score in evaluate(vectors, tops=(None, 5)).items():
            assert last[f"{way} {name}"] == pytest.approx(score)
    assert vectors_file.load(folder / "vectors.h5").gallery_paths[0].endswith("train0.png")
    assert vectors_file.load(folder / "i2t.h5").gallery_paths[0].endswith("red thing")


def test_the_baseline_stands_beside_it(options):
    folder = train(replace(options, epochs=1, bits=8))
    assert [line["row"] for line in lines(folder, "scores")] == ["cca-itq", "last"]
    assert [line["row"] for line in lines(folder, "baseline")] == ["cca-itq"]


def test_validation_chooses_the_best(options):
    folder = train(replace(options, epochs=2, validation=0.2))
    assert [line["row"] for line in lines(folder, "scores")][-2:] == ["last", "best"]
    assert all("validation map" in line for line in lines(folder, "epoch"))


def test_it_goes_on_to_the_same_end(options):
    whole = train(replace(options, epochs=4, cosine=False, name="whole"))
    train(replace(options, epochs=2, cosine=False, name="halves"))
    halves = train(replace(options, epochs=4, cosine=False, name="halves"))
    assert lines(halves, "scores")[-1] == lines(whole, "scores")[-1]
    assert [line["epoch"] for line in lines(halves, "epoch")] == [1, 2, 3, 4]


def test_pairs_of_broken_pictures_take_no_part(options):
    for name in ("train0", "test1"):
        (options.data_path / "images" / f"{name}.png").write_bytes(b"no picture")
    folder = train(replace(options, epochs=1))
    vectors = vectors_file.load(folder / "vectors.h5")
    assert (len(vectors.queries), len(vectors.gallery)) == (11, 39)
    assert {name in (folder / "skipped.csv").read_text() for name in ("train0.png", "test1.png")} == {True}


def test_features_of_both_kinds_are_trained_on(tmp_path, monkeypatch):
    from datasets.pairs import wiki

    monkeypatch.setattr(wiki, "COUNTS", {})
    pair_trees.write_wiki(tmp_path / "wiki", train=40, test=10)
    options = CrossOptions(data="wiki", data_path=tmp_path / "wiki", epochs=1, bits=8, runs=tmp_path, report=False)
    folder = train(options)
    assert not (folder / "words.json").exists()
    assert vectors_file.load(folder / "vectors.h5").query_paths[0] == "wiki text[40]"
    with pytest.raises(InputError, match="--beta=0.1: dcmh has no such setting"):
        train(replace(options, method="dcmh", beta=0.1))
    assert np.isfinite(lines(folder, "epoch")[0]["loss"])
