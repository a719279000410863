"""Comparing methods of hashing: the table from hand-made runs, and a whole small comparison."""

import pytest

from hashing import compare
from hashing.options import HashOptions


def line(score: float, seconds: float) -> dict:
    return {
        "data": "digits",
        "map@all": score,
        "map@all untrained": score - 0.1,
        "precision@h<=2": score / 2,
        "recall@h<=2": 0.0,
    } | {"seconds": seconds}


def runs(*scores: float) -> list[dict]:
    untrained = {name: line(0.2, 0.5) for name in ("itq", "lsh", "pca")}
    return [untrained | {"last": line(score, 3.0)} for score in scores]


def test_the_table_has_a_row_a_method_and_length():
    found = {("dch", 16): runs(0.4, 0.6), ("dch", 32): [{}, *runs(0.5)]}
    rows = [row.split() for row in compare.table(found).splitlines()]
    assert " ".join(rows[0]) == "digits, 2 seed(s) bits map@all map@all untrained precision@h<=2 seconds"
    assert [row[0] for row in rows[1:]] == ["itq", "lsh", "pca", "dch"] * 2
    assert rows[1][1:3] == ["16", "0.2000"]
    assert " ".join(rows[4][1:]) == "16 0.5000 +- 0.1414 0.4000 +- 0.1414 0.2500 +- 0.0707 3.0"
    assert " ".join(rows[8]) == "dch (1 diverged) 32 0.5000 0.4000 0.2500 3.0"


def test_untrained_codes_are_those_of_a_method_that_did_not_diverge():
    rows = compare.table({("dch", 16): [{}], ("triplet", 16): runs(0.5)}).splitlines()
    assert [" ".join(row.split()[:4]) for row in rows[1:]] == [
        *("itq 16 0.2000 0.1000", "lsh 16 0.2000 0.1000", "pca 16 0.2000 0.1000"),
        *("dch (1 diverged) 16", "triplet 16 0.5000 0.4000"),
    ]
    rows = compare.table({("dch", 16): [{}], ("dch", 32): runs(0.5)}).splitlines()
    assert [row.split()[0] for row in rows[1:]] == ["dch", "itq", "lsh", "pca", "dch"]


def test_all_diverged():
    assert "all runs diverged" in compare.table({("dch", 16): [{}]})


def test_every_method_length_and_seed_is_a_run_and_finished_ones_are_kept(tmp_path, monkeypatch):
    small = {"data": "digits", "batch_size": 20, "batch_k": 4, "epoch_steps": 2, "epochs": 1}
    asked = HashOptions(**small, runs=tmp_path, name="all")
    text = compare.compare(asked, ["hashnet", "dch"], [8, 16], [1])
    names = {path.name for path in (tmp_path / "all").iterdir()}
    assert names == {"hashnet-8-1", "hashnet-16-1", "dch-8-1", "dch-16-1"}
    monkeypatch.setattr(compare, "train", lambda *_: pytest.fail("trained again"))
    assert compare.compare(asked, ["hashnet", "dch"], [8, 16], [1]) == text
