"""Lists of images: what they name is found or told to be missing, with file and line."""

import zipfile

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet, split_by_class
from datasets.lists import reading


def test_the_folder_is_root_or_stands_in_it(tmp_path, write):
    write.text(tmp_path / "Inner" / "b.txt", ["1"])
    for root in (tmp_path, str(tmp_path), tmp_path / "Inner"):
        assert reading.folder(root, "a.txt", "b.txt", name="some", inner="Inner") == tmp_path / "Inner"


def test_no_folder_is_told_with_the_source(tmp_path):
    with pytest.raises(InputError, match="dataset some needs its folder: .* holds a.txt; ask x.org"):
        reading.folder(None, "a.txt", "b.txt", name="some", inner="Inner", source="ask x.org")
    with pytest.raises(InputError, match=r"has no a.txt: name the unpacked folder Inner or the one .*; ask x.org"):
        reading.folder(tmp_path, "a.txt", name="some", inner="Inner", source="ask x.org")
    with pytest.raises(InputError, match=r"nowhere is not a folder: .* stands in$"):
        reading.folder(tmp_path / "nowhere", "a.txt", name="some", inner="Inner")


def test_a_folder_without_the_set_is_filled(tmp_path, write):
    asked = []

    def fetch(folder):
        asked.append(folder)
        write.text(folder / "Inner" / "a.txt", ["1"])

    for _ in range(2):
        found = reading.folder(tmp_path, "a.txt", name="some", inner="Inner", fetch=fetch)
        assert found == tmp_path / "some" / "Inner"
    assert asked == [tmp_path / "some"]


def test_nothing_is_fetched_for_a_wrong_root_or_into_a_half_unpacked_set(tmp_path):
    (tmp_path / "Inner").mkdir()
    for root, message in (
        (tmp_path / "nowhere", "is not a folder: .* or make a folder for it, and it is"),
        (tmp_path / "Inner", "has no a.txt: name the"),
    ):
        with pytest.raises(InputError, match=message):
            reading.folder(root, "a.txt", name="some", inner="Inner", fetch=pytest.fail)


def test_a_failed_fetch_says_what_was_looked_for(tmp_path):
    def fetch(folder):
        raise InputError("x.org: no connection")

    with pytest.raises(InputError, match=f"{tmp_path} has no a.txt, and x.org: no connection"):
        reading.folder(tmp_path, "a.txt", name="some", inner="Inner", fetch=fetch)
    with pytest.raises(InputError, match=f"{tmp_path} has no a.txt: name the unpacked folder Inner"):
        reading.folder(tmp_path, "a.txt", name="some", inner="Inner", fetch=str)


def test_cells_come_with_their_place(tmp_path, write):
    file = tmp_path / "list.txt"
    write.text(file, ["id path", "1  a.jpg ", "", "2 b.jpg"])
    assert reading.cells(file, "id path", skip=1) == [
        (f"{file}, line 2", ["1", "a.jpg"]),
        (f"{file}, line 4", ["2", "b.jpg"]),
    ]
    write.text(file, ["a b.jpg, 7"])
    assert reading.cells(file, "path number", cut=",") == [(f"{file}, line 1", ["a b.jpg", "7"])]


def test_faults_of_a_list_are_named(tmp_path, write):
    file = tmp_path / "list.txt"
    with pytest.raises(InputError, match=r"list.txt is missing"):
        reading.cells(file, "id path")
    write.text(file, ["id path", "1 a.jpg", "2"])
    with pytest.raises(InputError, match=r"list.txt, line 3: expected id path, found '2'"):
        reading.cells(file, "id path", skip=1)
    with pytest.raises(InputError, match=r"list.txt is empty"):
        reading.cells(file, "id path", skip=3)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"list.txt cannot be read"):
        reading.lines(file)


def test_a_box_of_corners_becomes_width_and_height():
    assert reading.box("here", ["3", "4.5", "10", "20"]) == [3.0, 4.5, 10.0, 20.0]
    assert reading.box("here", [3, 4.5, 10, 20], corners=True) == [3.0, 4.5, 7.0, 15.5]


@pytest.mark.parametrize("numbers", ["1 2 3", "1 2 3 4 5", "1 2 x 4"])
def test_a_box_takes_four_numbers(numbers):
    with pytest.raises(InputError, match=f"here: a box needs four numbers left top .* found '{numbers}'"):
        reading.box("here", numbers.split(), corners=True)


@pytest.mark.parametrize("numbers", ["1 2 0 4", "1 2 3 -4", "nan 2 3 4", "1 2 inf 4"])
def test_an_empty_box_is_refused(numbers):
    with pytest.raises(InputError, match="here: the box is empty"):
        reading.box("here", numbers.split())


def test_classes_are_numbered_in_their_order():
    labels, names = reading.classes(["10", "9", "10", "2"])
    assert names == ("10", "2", "9") and labels.tolist() == [0, 2, 0, 1] and labels.dtype == np.int64
    labels, names = reading.classes(["10", "9", "10", "2"], order=int)
    assert names == ("2", "9", "10") and labels.tolist() == [2, 1, 2, 0]


def test_what_is_missing_is_named_and_counted(tmp_path, write):
    paths = [str(tmp_path / place / f"{k}.jpg") for place in ("a", "b") for k in range(3)]
    for path in paths:
        write.picture(tmp_path / path)
    reading.check_present(paths)
    (tmp_path / "a" / "1.jpg").unlink()
    (tmp_path / "b" / "2.jpg").unlink()
    with pytest.raises(InputError, match=r"a/1.jpg is missing, 2 of 6 images are not there: the set is half unpacked"):
        reading.check_present(paths)
    for path in (tmp_path / "a").iterdir():
        path.unlink()
    (tmp_path / "a").rmdir()
    with pytest.raises(InputError, match=r"folder .*/a is missing, 4 of 6 images"):
        reading.check_present(paths)


def test_counts_are_those_of_every_part(tmp_path):
    labels = np.array([0, 0, 1, 1, 2, 2, 2])
    three = ImageSet("three", np.zeros((7, 2, 2, 3), np.uint8), labels, tuple("abc"), **split_by_class(labels, [0, 1]))
    right = {"train": (4, 2), "query": (3, 1), "all": (7, 3)}
    reading.check_counts(three, right, place=tmp_path, title="Three")
    for part, wrong, message in (
        ("train", (5, 2), "has 4 images of 2 classes in its train part, where Three has 5 of 2"),
        ("query", (3, 2), "has 3 images of 1 classes in its query part, where Three has 3 of 2"),
        ("all", (1_000, 3), "has 7 images of 3 classes, where Three has 1,000 of 3"),
    ):
        with pytest.raises(InputError, match=f"{tmp_path}: {message}"):
            reading.check_counts(three, right | {part: wrong}, place=tmp_path, title="Three")


def test_absent_looks_into_archives_and_leaves_addresses_alone(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packing:
        packing.writestr("cat/a.jpg", b"a")
        packing.writestr("b.jpg", b"b")
    (tmp_path / "c.jpg").touch()
    names = ("x.zip/cat/a.jpg", "x.zip/b.jpg", "x.zip/cat/b.jpg", "c.jpg", "d.jpg", "y.zip/a.jpg", "c.jpg/e.jpg")
    paths = [*(f"{tmp_path}/{name}" for name in names), "https://host/e.jpg"]
    assert reading.absent(paths) == [2, 4, 5, 6]
    monkeypatch.chdir(tmp_path)
    assert reading.absent(["c.jpg", "d.jpg"]) == [1]


def test_a_folder_that_cannot_be_listed_is_asked_for_each_file(tmp_path, monkeypatch):
    def refuse(place):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.jpg").touch()
    monkeypatch.setattr(reading, "entries", refuse)
    assert reading.absent([f"{tmp_path}/a.jpg", f"{tmp_path}/b.jpg"]) == [1]
