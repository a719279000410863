"""A file written beside its place takes it whole, or leaves what was there."""

import pytest

from datasets.errors import InputError
from datasets.files.whole import beside, folder_beside, own_beside


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


def test_two_that_write_the_same_file_do_not_meet_and_leave_nothing_beside(tmp_path):
    with own_beside(tmp_path / "a.json") as part, pytest.raises(RuntimeError):
        part.write_text("mine")
        other = part.with_name("a.json.elsewhere-1.part")  # what another process calls its own
        other.write_text("other's")
        with own_beside(tmp_path / "b.json") as lost:
            lost.write_text("half")
            raise RuntimeError
    assert (tmp_path / "a.json").read_text() == "mine" and other.read_text() == "other's"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_is_there_whole_or_not_at_all(tmp_path):
    with pytest.raises(RuntimeError), folder_beside(tmp_path / "set") as part:
        (part / "a").write_text("half")
        raise RuntimeError
    assert not list(tmp_path.iterdir())
    with folder_beside(tmp_path / "set") as part:
        (part / "a").write_text("whole")
        assert not (tmp_path / "set").exists()
    assert (tmp_path / "set" / "a").read_text() == "whole" and len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_another_made_meanwhile_stays(tmp_path):
    with folder_beside(tmp_path / "set") as part:
        (part / "a").write_text("mine")
        (tmp_path / "set").mkdir()
        (tmp_path / "set" / "a").write_text("theirs")
    assert (tmp_path / "set" / "a").read_text() == "theirs" and len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file/set: cannot be written"), folder_beside(tmp_path / "file" / "set"):
        raise AssertionError("nothing is done")
