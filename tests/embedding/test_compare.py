"""Comparing losses: the table from hand-made runs, what is run again, and a whole small comparison."""

import json

import pytest

from datasets.errors import InputError, RunFailed
from embedding import compare
from embedding.options import TrainOptions


def line(recall, speed=None):
    scores = {"recall@1": recall, "map@r": recall / 2, "nmi": recall / 4}
    return scores if speed is None else {**scores, "images/s": speed}


def runs(*recalls):
    return [{"trunk features": line(0.1), "untrained": line(0.05), "last": line(r, 100.0)} for r in recalls]


def test_the_table_has_means_and_deviations_of_seeds():
    text = compare.table(TrainOptions(data="glyphs"), {"margin": runs(0.4, 0.5, 0.6), "npair": runs(0.3, 0.3, 0.3)})
    rows = [row.split() for row in text.splitlines()]
    assert rows[0][0] == "glyphs,"
    assert rows[1] == ["trunk", "features", "0.1000", "0.0500", "0.0250"]
    assert rows[3] == ["margin", *["0.5000", "+-", "0.1000", "0.2500", "+-", "0.0500", "0.1250", "+-", "0.0250", "100"]]
    assert rows[4][1:4] == ["0.3000", "+-", "0.0000"]


def test_a_run_that_diverged_is_said():
    text = compare.table(TrainOptions(data="glyphs"), {"margin": [*runs(0.4, 0.6), {}], "npair": [{}]})
    assert "margin (1 of 3 diverged) 0.5000" in text
    assert text.splitlines()[-1].strip() == "npair (1 of 1 diverged)"


@pytest.fixture
def asked(tmp_path):
    small = {"data": "digits", "batch_size": 12, "batch_k": 4, "epoch_steps": 2, "epochs": 1, "embed_dim": 16}
    return TrainOptions(**small, runs=tmp_path, name="all")


def test_every_loss_and_seed_is_a_run_and_finished_ones_are_kept(asked, monkeypatch):
    text = compare.compare(asked, ["margin", "npair"], [1, 2])
    assert {path.name for path in (asked.runs / "all").iterdir()} == {"margin-1", "margin-2", "npair-1", "npair-2"}
    stored = json.loads((asked.runs / "all" / "npair-2" / "options.json").read_text())
    assert (stored["seed"], stored["batch_k"]) == (2, 2)
    monkeypatch.setattr(compare, "train_with", lambda *_, **__: pytest.fail("trained again"))
    assert compare.compare(asked, ["margin", "npair"], [1, 2]) == text


def test_a_run_of_other_settings_of_the_loss_is_not_taken_for_one_of_these(asked, monkeypatch):
    monkeypatch.setitem(compare.SETTINGS, "margin", compare.Setting(own={"beta": 1.1}))
    compare.compare(asked, ["margin"], [1])
    stored = json.loads((asked.runs / "all" / "margin-1" / "options.json").read_text())
    assert (stored["beta"], stored["seed"]) == (1.1, 1)
    monkeypatch.setitem(compare.SETTINGS, "margin", compare.Setting(own={"beta": 0.9}))
    with pytest.raises(InputError, match="beta=1.1, not 0.9"):
        compare.compare(asked, ["margin"], [1])


def test_a_diverged_run_does_not_stop_the_others(asked, monkeypatch):
    true = compare.train_with

    def train_with(options, loss, **own):
        if loss == "margin":
            raise RunFailed("the loss became nan")
        return true(options, loss, **own)

    monkeypatch.setattr(compare, "train_with", train_with)
    text = compare.compare(asked, ["margin", "npair"], [1])
    assert "margin (1 of 1 diverged)" in text
    assert text.splitlines()[-1].startswith("npair ")
