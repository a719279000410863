"""A file written beside its place takes it whole, or leaves what was there."""

import pytest

from datasets.files.whole import beside


def test_it_takes_the_place(tmp_path):
    (tmp_path / "a.json").write_text("old")
    with beside(tmp_path / "a.json") as part:
        part.write_text("new")
        assert (tmp_path / "a.json").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert (tmp_path / "a.json").read_text() == "new"


def test_an_error_leaves_what_was_there(tmp_path):
    (tmp_path / "a.json").write_text("old")
    with pytest.raises(RuntimeError), beside(tmp_path / "a.json") as part:
        part.write_text("half")
        raise RuntimeError
    assert (tmp_path / "a.json").read_text() == "old"
