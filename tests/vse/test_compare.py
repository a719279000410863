"""Comparing losses of image-text embedding: the table from hand-made runs, and a whole small comparison."""

import pytest

from vse import compare


def line(rsum, seconds=3.0):
    return {"data": "tiny", "i2t r@1": rsum / 6, "i2t meanr": 9.0, "t2i medr": 2.0, "rsum": rsum, "seconds": seconds}


def test_the_table_has_a_row_a_loss():
    found = {"max_hinge": [{"test": line(60)}, {"test": line(66, 6)}], "order": [{}, {"test": line(30)}]}
    rows = [" ".join(row.split()) for row in compare.table(found).splitlines()]
    assert rows == [
        "tiny, 2 seed(s) i2t r@1 t2i medr rsum seconds",
        "max_hinge 10.5 +- 0.7 2.0 +- 0.0 63.0 +- 4.2 4",
        "order (1 of 2 diverged) 5.0 2.0 30.0 3",
    ]


def test_all_diverged():
    assert "all runs diverged" in compare.table({"order": [{}]})


def test_every_loss_and_seed_is_a_run_and_finished_ones_are_kept(small, features, tmp_path, monkeypatch):
    asked = small(data="tiny_precomp", data_path=features, name="all", epochs=1)
    text = compare.compare(asked, ["max_hinge", "sum_hinge"], [1, 2])
    names = {path.name for path in (tmp_path / "runs" / "all").iterdir()}
    assert names == {"max_hinge-1", "max_hinge-2", "sum_hinge-1", "sum_hinge-2"}
    monkeypatch.setattr(compare, "train", lambda *_: pytest.fail("trained again"))
    assert compare.compare(asked, ["max_hinge", "sum_hinge"], [1, 2]) == text


def test_every_way_of_parting_words_is_a_row(small, features, tmp_path):
    asked = small(data="tiny_precomp", data_path=features, name="all", epochs=1)
    rows = compare.compare(asked, ["max_hinge"], [1], splits=["characters", "spaces"]).splitlines()
    assert [row.split()[:2] for row in rows[1:]] == [["max_hinge,", "characters"], ["max_hinge,", "spaces"]]
    folder = tmp_path / "runs" / "all"
    assert '"split_words": "characters"' in (folder / "characters" / "max_hinge-1" / "vocabulary.json").read_text()
    assert '"split_words": "spaces"' in (folder / "spaces" / "max_hinge-1" / "vocabulary.json").read_text()
