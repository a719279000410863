"""Parts of a set judged: each by its own queries, in a gallery without what asks, by the published scores."""

import json

import cv2
import numpy as np
import pytest
import small_things

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.parts import of_parts
from datasets.images.truth import Truth, positions
from datasets.sources import image_source
from embedding.instances import judged
from embedding.reranking import methods


def two_parts():
    """Books: queries 0, 1 find 4, 5 and must not find each other. Doors: views 2, 3 find each other among all."""
    rows = np.arange(6)
    easy = positions([[4], [5], [3], [2]])
    junk = positions([[0, 1], [0, 1], [2], [3]])
    truth = Truth("instances", easy, positions([()] * 4), junk, parts=("books", "books", "doors", "doors"))
    names = [f"{row}.jpg" for row in rows]
    return ImageSet("own", names, rows * 0, ("x",), rows[:0], rows[:4], rows, truth=truth)


def angles(*degrees):
    turns = np.deg2rad(degrees)
    return np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)


VECTORS = angles(0, 40, 170, 160, 10, 52)


def test_each_part_has_its_own_gallery_and_scores():
    books, doors = judged.parts(two_parts(), np.ones(6, bool))
    assert (books.part, doors.part) == ("books", "doors")
    assert books.images.gallery.tolist() == [2, 3, 4, 5] and doors.images.gallery.tolist() == [0, 1, 2, 3, 4, 5]
    assert [rows.tolist() for rows in books.truth.easy] == [[2], [3]]
    assert books.scores(books.ranking(VECTORS)) == {"mAP": 1.0, "recall@1": 1.0}
    assert doors.scores(doors.ranking(VECTORS))["recall@1"] == 1.0
    assert [rows.tolist() for rows in doors.exclude] == [[2], [3]]


def test_what_is_excluded_has_no_say_in_an_expansion():
    (_, doors) = judged.parts(two_parts(), np.ones(6, bool))
    ranking = doors.ranking(VECTORS, steps=methods.parse("aqe=1", "--expand"))
    plain, _ = doors.ranking(VECTORS).first(6)
    expanded, _ = ranking.first(6)
    assert plain[0, 0] == 2 and set(expanded[0, :2]) == {2, 3}


def test_a_part_with_nothing_to_find_is_left_out_where_others_have(caplog):
    readable = np.ones(6, bool)
    readable[3] = False  # the one answer of the one door that is left
    (books,) = judged.parts(two_parts(), readable)
    assert books.part == "books"
    assert "own: part doors is left out, for none of its 1 queries has anything to find" in caplog.text


def test_what_cannot_be_read_takes_no_part():
    readable = np.ones(6, bool)
    readable[[1, 5]] = False
    books, _ = judged.parts(two_parts(), readable)
    assert books.images.query.tolist() == [0] and books.images.gallery.tolist() == [2, 3, 4]
    readable[:4] = False
    with pytest.raises(InputError, match="none of its queries"):
        judged.parts(two_parts(), readable)


def test_a_set_without_a_truth_is_judged_by_its_classes():
    rows = np.arange(4)
    images = ImageSet("kinds", [str(row) for row in rows], np.array([0, 0, 1, 1]), ("x", "y"), rows[:0], rows, rows)
    (whole,) = judged.parts(images, np.ones(4, bool))
    assert whole.part == "" and whole.scores(whole.ranking(angles(0, 1, 90, 91)))["mAP"] == 1.0


def test_crops_of_one_picture_have_no_say_where_junk_is_told_by_a_judge():
    rows = np.arange(4)
    truth = Truth("oxford", positions([[1]]), positions([()]), positions([[2]]))
    images = ImageSet("ox", ["a", "a", "b", "c"], rows * 0, ("x",), rows[:0], rows[:1], rows[1:], truth=truth)
    (whole,) = judged.parts(images, np.ones(4, bool))
    assert [found.tolist() for found in whole.exclude] == [[0]]


def test_how_much_of_it_a_run_was_trained_on_is_told(tmp_path, caplog):
    csv, run = small_things.write(tmp_path / "photos"), tmp_path / "run"
    run.mkdir()
    told = {"data": "instances", "data_path": str(csv), "train_parts": "books, signs"}
    (run / "options.json").write_text(json.dumps(told))
    images = image_source.load("instances", csv)
    judged.tell_trained_on(run, of_parts(images, judge=["doors"]))
    assert not caplog.text
    judged.tell_trained_on(run, images)
    assert "6 of 9 queries are pictures that" in caplog.text
    (run / "options.json").write_text(json.dumps({**told, "data_path": str(tmp_path / "gone")}))
    caplog.clear()
    judged.tell_trained_on(run, images)
    judged.tell_trained_on(tmp_path, images)
    assert not caplog.text


def test_a_query_lost_by_its_box_is_told_and_one_by_its_file_takes_no_part(tmp_path):
    paths, rows = [str(tmp_path / name) for name in ("a.png", "broken.png", "b.png")], np.arange(3)
    for path in (paths[0], paths[2]):
        cv2.imwrite(path, np.zeros((20, 30, 3), np.uint8))
    (tmp_path / "broken.png").write_text("no picture")
    none = positions([()] * 2)

    def boxed(left):
        boxes = np.float32([[left, 0, 10, 10], [0, 0, 10, 10]])
        truth = Truth("oxford", positions([[0], [0]]), none, none, boxes=boxes)
        return ImageSet("ox", paths, rows * 0, ("x",), rows[:0], rows[:2], rows[2:], truth=truth)

    (found,) = judged.parts(boxed(0), np.array([True, False, True]))
    assert found.images.query.tolist() == [0]
    with pytest.raises(InputError, match=r"dataset ox: query .*a\.png: its box \[40.* none .* mend the ground truth"):
        judged.parts(boxed(40), np.array([False, False, True]))
