"""Label lists: images with their labels and parts, found whatever folder their author had, and wrong lines named."""

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images import labelled
from datasets.lists import label_lists


@pytest.fixture
def tree(tmp_path, write):
    return write.label_lists(tmp_path / "set")


def names(image_set, rows):
    return [image_set.images[row].rpartition("/")[2] for row in rows]


def test_several_labels_are_columns_and_an_image_in_two_lists_is_one(tree):
    found = label_lists.load(tree, name="some")
    assert found.several_labels and len(found) == 8 and found.class_names == ("0", "1", "2")
    assert names(found, found.train) == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]
    assert names(found, found.query) == ["6.jpg", "7.jpg"]
    assert names(found, found.gallery) == ["0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg"]
    for path, labels in zip(found.images, found.labels, strict=True):
        row = int(path[-5])
        assert path == str(tree / "images" / f"{row}.jpg")
        expected = ("110", "100", "011", "010", "001", "000", "101", "000")[row]
        assert "".join(str(int(label)) for label in labels) == expected


def test_one_label_each_is_a_class(tmp_path, write):
    found = label_lists.load(write.labelled(tmp_path), name="some")
    assert found.labels.dtype == np.int64
    assert found.labels[found.train].tolist() == [0, 0, 1, 1]
    assert found.labels[found.query].tolist() == [0, 1]


def test_a_single_line_with_two_labels_makes_them_several(tmp_path, write):
    rows = "10 10 01 01 01 11 10 01"
    assert label_lists.load(write.label_lists(tmp_path, rows), name="some").several_labels


def test_queries_may_be_listed_in_query_txt_but_not_in_both(tree):
    before = label_lists.load(tree, name="some").fingerprint()
    text = (tree / "test.txt").read_text()
    (tree / "test.txt").rename(tree / "query.txt")
    assert label_lists.load(tree, name="some").fingerprint() == before
    (tree / "test.txt").write_text(text)
    with pytest.raises(InputError, match="set has test.txt and query.txt: keep the one"):
        label_lists.load(tree, name="some")


def test_names_stand_in_classes_txt(tree):
    (tree / "classes.txt").write_text("sky\nsea \ndog\n")
    assert label_lists.load(tree, name="some").class_names == ("sky", "sea", "dog")
    for text in ("sky\nsea\n", "sky\nsea\nsky\n", "sky\n\nsea\n"):
        (tree / "classes.txt").write_text(text)
        with pytest.raises(InputError, match=r"classes.txt: expected 3 different names, a line each, found 2"):
            label_lists.load(tree, name="some")


@pytest.mark.parametrize(
    ("before", "inner"),
    [
        ("/home/them/data/coco/", "val2014"),
        ("./data/nuswide_81/", "images"),
        ("../elsewhere/", "images"),
        ("", "images"),
        ("", "some/deep/folder"),
    ],
)
def test_leading_folders_that_are_not_there_are_dropped(tmp_path, write, before, inner):
    tree = write.label_lists(tmp_path, before=before, inner=inner)
    found = label_lists.load(tree, name="some")
    assert sorted(found.images) == [str(tree / inner / f"{row}.jpg") for row in range(8)]


def test_images_are_looked_for_in_the_folder_images_too(tmp_path, write):
    write.label_lists(tmp_path, before="/home/them/nus_wide/", inner="flat")
    (tmp_path / "flat").rename(tmp_path / "images")
    assert label_lists.load(tmp_path, name="some").images[0] == str(tmp_path / "images" / "0.jpg")
    (tmp_path / "images" / "0.jpg").rename(tmp_path / "0.jpg")
    assert label_lists.load(tmp_path, name="some").images[0] == str(tmp_path / "0.jpg")


def test_an_absolute_path_that_is_there_is_taken_as_it_is(tmp_path, write):
    away = write.label_lists(tmp_path / "away")
    lists = tmp_path / "lists"
    write.label_lists(lists, before=f"{away}/")
    assert label_lists.load(lists, name="some").images[0] == str(away / "images" / "0.jpg")


def test_one_image_written_in_two_ways_is_one(tree):
    text = (tree / "database.txt").read_text()
    (tree / "database.txt").write_text(text.replace("images/", "/home/them/images/"))
    assert len(label_lists.load(tree, name="some")) == 8


def test_a_folder_that_is_there_is_not_looked_past(tree, write):
    write.picture(tree / "3.jpg")
    (tree / "images" / "3.jpg").unlink()
    with pytest.raises(InputError, match=r"train.txt, line 4: image images/3.jpg is missing, 2 of 12 listed are not"):
        label_lists.load(tree, name="some")


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("database", "images/6.jpg 1 0", r"database.txt, line 7: has 2 label\(s\), where line 1 has 3"),
        ("database", "images/6.jpg 1 0 1 0", r"database.txt, line 7: has 4 label\(s\), where line 1 has 3"),
        ("test", "images/1.jpg 1 0 2", "test.txt, line 3: expected 0 or 1 behind the path, .*, found '2'"),
        ("test", "images/1.jpg 1 0 01", "test.txt, line 3: expected 0 or 1 .*, found '01'"),
        ("test", "my images/1.jpg 1 0 0", "test.txt, line 3: expected 0 or 1 .* no spaces, found 'images/1.jpg'"),
        ("train", "", "train.txt, line 5: is empty, where 'path 0 1 0 ...' is expected: remove it"),
        ("train", "   ", "train.txt, line 5: is empty"),
        ("test", "images/9.jpg 1 0 0", "test.txt, line 3: image images/9.jpg is missing, 1 of 13 listed are not there"),
        ("test", "away/9.jpg 1 0 0", "test.txt, line 3: image away/9.jpg is missing"),
        (
            "test",
            "images/0.jpg 1 0 0",
            "test.txt, line 3: image images/0.jpg has other labels than in .*train.txt, line 1",
        ),
        (
            "database",
            "images/4.jpg 0 0 1",
            r"database.txt, line 7: image images/4.jpg stands in line 5 already \(1 such",
        ),
        ("database", "images/4.jpg 1 1 1", "database.txt, line 7: image images/4.jpg stands in line 5 already"),
    ],
)
def test_wrong_lines_are_named(tree, name, line, message):
    with (tree / f"{name}.txt").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(InputError, match=f"{tree}/{message}") as error:
        label_lists.load(tree, name="some")
    assert "\n" not in str(error.value)


def test_lists_that_are_missing_empty_or_of_another_set_are_named(tree):
    text = (tree / "test.txt").read_text()
    (tree / "test.txt").write_text(text.replace("1 0 1", "1 0").replace("0 0 0", "0 1"))
    with pytest.raises(InputError, match=r"test.txt, line 1: has 2 label\(s\), where .*train.txt has 3: take lists of"):
        label_lists.load(tree, name="some")
    (tree / "test.txt").write_text("images/6.jpg 1\n")
    with pytest.raises(InputError, match=r"test.txt, line 1: has 1 label\(s\), where 'path 0 1 0 ...' has two or more"):
        label_lists.load(tree, name="some")
    (tree / "test.txt").write_text("")
    with pytest.raises(InputError, match=r"test.txt is empty: it takes a line"):
        label_lists.load(tree, name="some")
    (tree / "test.txt").unlink()
    with pytest.raises(InputError, match=r"test.txt is missing: a set has the lists train.txt, test.txt and database"):
        label_lists.load(tree, name="some")


def test_there_are_no_boxes(tree):
    with pytest.raises(InputError, match="its lists have no boxes"):
        label_lists.load(tree, name="some", boxes=True)


def test_the_set_labelled_is_called_as_its_folder(tree):
    assert labelled.load(tree).name == "set"
    with pytest.raises(InputError, match="labelled needs the folder of train.txt, test.txt and database.txt: name it"):
        labelled.load(None)
    with pytest.raises(InputError, match="database.txt: .*nowhere is none"):
        labelled.load(tree / "nowhere")


def test_many_lines_equal_a_plain_reading(tmp_path):
    rng = np.random.default_rng(0)
    labels = rng.random((500, 37)) < 0.2
    rows = [f"a/{row}.jpg {' '.join(map(str, map(int, line)))}" for row, line in enumerate(labels)]
    (tmp_path / "train.txt").write_text("\n".join(rows).replace(" ", "\t", 3) + " \r\n")
    found = label_lists.read(tmp_path / "train.txt")
    np.testing.assert_array_equal(found.labels, labels)
    assert found.paths == [f"a/{row}.jpg" for row in range(500)]
