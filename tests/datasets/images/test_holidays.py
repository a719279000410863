"""Holidays: the first photograph of each scene asks for the others, itself not counted."""

import pytest

from datasets.errors import InputError
from datasets.images import holidays


@pytest.fixture
def tree(tmp_path, write, monkeypatch):
    monkeypatch.setattr(holidays, "COUNTS", {"all": (7, 3), "query": (3, 3)})
    return write.holidays(tmp_path)


def test_the_first_of_a_scene_asks_for_the_others(tree):
    found = holidays.load(tree)
    number = [path.rpartition("/")[2].removesuffix(".jpg") for path in found.images]
    easy, junk = ([[number[row] for row in rows] for rows in lists] for lists in (found.truth.easy, found.truth.junk))
    assert easy == [["100001", "100002"], ["100101"], ["123401"]] and junk == [["100000"], ["100100"], ["123400"]]
    assert found.class_names == ("1000", "1001", "1234") and len(found.gallery) == 7 and not len(found.train)
    assert found.truth.protocol == "holidays"


def test_it_is_found_in_its_folder_and_above(tree, tmp_path):
    first = holidays.load(tree).fingerprint()
    assert holidays.load(tree / "jpg").fingerprint() == first
    (tmp_path / "holidays").mkdir()
    (tmp_path / "jpg").rename(tmp_path / "holidays" / "jpg")
    assert [len(holidays.load(root)) for root in (tmp_path, tmp_path / "holidays")] == [7, 7]


def test_the_counts_are_those_that_are_published():
    assert holidays.COUNTS == {"all": (1491, 500), "query": (500, 500)}


def test_other_counts_and_names_are_refused(tree):
    (tree / "jpg" / "100103.jpg").touch()
    with pytest.raises(InputError, match="has 8 images of 3 classes, where Holidays has 7 of 3: unpack"):
        holidays.load(tree)
    (tree / "jpg" / "100103.jpg").rename(tree / "jpg" / "beach.jpg")
    with pytest.raises(InputError, match="beach.jpg: a photograph of Holidays is called like 100000.jpg"):
        holidays.load(tree)


def test_a_wrong_root_and_boxes_are_named(tree, tmp_path):
    (tmp_path / "empty").mkdir()
    for root, what in ((tmp_path / "empty", "holds no photograph"), (tmp_path / "away", "is not a folder")):
        with pytest.raises(InputError, match=rf"{root.name} {what}.*come from https://"):
            holidays.load(root)
    with pytest.raises(InputError, match="holidays needs its folder"):
        holidays.load(None)
    with pytest.raises(InputError, match="Holidays has no boxes"):
        holidays.load(tree, boxes=True)
