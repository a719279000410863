"""Ground truth of Oxford and Paris in both of its forms, and what may be wrong with either."""

import datetime
import pickle

import pytest

from datasets.errors import InputError
from datasets.landmarks import ground_truth

NAMES = ["a", "b", "c", "d"]


@pytest.fixture
def texts(tmp_path):
    """``texts(good=, ok=, junk=)`` writes the ground truth of a query and returns its folder."""

    def write(query="oxc1_b 1 2.5 11 22.5", good="a\nb\n", ok="c\n", junk="d\n"):
        for grade, text in (("query", query), ("good", good), ("ok", ok), ("junk", junk)):
            (tmp_path / f"tower_1_{grade}.txt").write_text(text)
        return tmp_path

    return write


def test_text_files_tell_the_query_its_box_and_what_it_finds(texts):
    found = ground_truth.from_texts(texts(), NAMES)
    assert found.asked == ("b",) and found.gallery == NAMES and found.truth.protocol == "oxford"
    assert found.truth.boxes.tolist() == [[1, 2.5, 10, 20]]
    assert [rows[0].tolist() for rows in (found.truth.easy, found.truth.hard, found.truth.junk)] == [[0, 1], [2], [3]]


def test_a_name_counts_once_and_the_better_grade_counts(texts):
    found = ground_truth.from_texts(texts(good="a\na\n\n b \n", ok="b\nc\n", junk="c\na\nd\nd\n"), NAMES).truth
    assert [rows[0].tolist() for rows in (found.easy, found.hard, found.junk)] == [[0, 1], [2], [3]]


def test_what_nobody_can_read_is_neither_in_the_gallery_nor_found(texts):
    found = ground_truth.from_texts(texts(), NAMES, unreadable=["a", "z"])
    assert found.gallery == ["b", "c", "d"]
    assert [rows[0].tolist() for rows in (found.truth.easy, found.truth.hard, found.truth.junk)] == [[0], [1], [2]]
    assert ground_truth.from_texts(texts(), NAMES[1:], unreadable=["a"]).gallery == ["b", "c", "d"]


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ({"ok": "c\ne\n"}, "tower_1_ok.txt, line 2: picture e is not there"),
        ({"query": "b 1 2 3"}, "tower_1_query.txt, line 1: expected picture x1 y1 x2 y2, found 'b 1 2 3'"),
        ({"query": "b 9 2 3 4"}, "tower_1_query.txt, line 1: the box is empty"),
        ({"query": "b 1 2 x 4"}, "tower_1_query.txt, line 1: a box needs four numbers"),
        ({"query": ""}, "tower_1_query.txt is empty"),
    ],
)
def test_what_is_wrong_in_a_text_file_is_named_with_its_line(texts, lines, complaint):
    with pytest.raises(InputError, match=complaint):
        ground_truth.from_texts(texts(**lines), NAMES)


def test_a_missing_text_file_is_named(texts, tmp_path):
    with pytest.raises(InputError, match=r"has no <query>_query.txt"):
        ground_truth.from_texts(tmp_path, NAMES)
    (texts() / "tower_1_junk.txt").unlink()
    with pytest.raises(InputError, match="tower_1_junk.txt is missing"):
        ground_truth.from_texts(tmp_path, NAMES)


def entry(**changes):
    return {"bbx": [1, 2.5, 11, 22.5], "easy": [0], "hard": [2], "junk": [3, 3]} | changes


@pytest.fixture
def pickled(tmp_path):
    """``pickled(entries)`` writes a pickle of them as the ground truth of queries x, y, ..."""

    def write(*entries, **changes):
        content = {"imlist": NAMES, "qimlist": list("xyz"[: len(entries)]), "gnd": list(entries)} | changes
        file = tmp_path / "gnd.pkl"
        file.write_bytes(pickle.dumps(content, protocol=2))
        return file

    return write


def test_a_revisited_pickle_has_grades(pickled):
    found = ground_truth.from_pickle(pickled(entry(), entry(easy=[], hard=[1])), revisited=True)
    assert found.asked == ["x", "y"] and found.truth.protocol == "revisited"
    assert found.truth.boxes.tolist() == [[1, 2.5, 10, 20]] * 2
    lists = (found.truth.easy, found.truth.hard, found.truth.junk)
    assert [[row.tolist() for row in rows] for rows in lists] == [[[0], []], [[2], [1]], [[3], [3]]]


def test_an_old_pickle_has_what_is_ok(pickled):
    found = ground_truth.from_pickle(pickled({"ok": [1, 0], "junk": [2]}), revisited=False).truth
    assert found.protocol == "oxford" and found.boxes is None
    assert [rows[0].tolist() for rows in (found.easy, found.hard, found.junk)] == [[0, 1], [], [2]]


@pytest.mark.parametrize(
    ("entries", "changes", "complaint"),
    [
        ([entry()], {"imlist": None}, "gnd.pkl: has no list imlist"),
        ([entry()], {"imlist": ["a", 3]}, "gnd.pkl: its imlist has something else than names"),
        ([entry()], {"qimlist": ["x", "y"]}, "gnd.pkl: has 2 queries in qimlist, but 1 in gnd"),
        ([], {}, "gnd.pkl: has 0 queries in qimlist, but 0 in gnd"),
        ([entry(hard=[4])], {}, "gnd.pkl: query 0 names 4 as hard, of 4 pictures"),
        ([entry(), entry(easy=[-1])], {}, "gnd.pkl: query 1 names -1 as easy, of 4 pictures"),
        ([entry(easy=["a"])], {}, "gnd.pkl: query 0 names 'a' as easy"),
        ([entry(easy=[True])], {}, "gnd.pkl: query 0 names True as easy"),
        ([{"ok": [1], "junk": []}], {}, "gnd.pkl: has no list easy"),
        (["text"], {}, "gnd.pkl: has no list easy"),
        ([entry(bbx=[1, 2, 3])], {}, "gnd.pkl: query 0: a box needs four numbers"),
        ([entry(bbx=[9, 2, 3, 4])], {}, "gnd.pkl: query 0: the box is empty"),
        ([entry(), entry(bbx=None)], {}, "gnd.pkl: query 1 has no box"),
    ],
)
def test_what_is_wrong_in_a_pickle_is_named(pickled, entries, changes, complaint):
    with pytest.raises(InputError, match=complaint):
        ground_truth.from_pickle(pickled(*entries, **changes), revisited=True)


def test_a_pickle_that_is_no_dictionary_is_named(tmp_path):
    (tmp_path / "gnd.pkl").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(InputError, match="gnd.pkl: has no list imlist"):
        ground_truth.from_pickle(tmp_path / "gnd.pkl", revisited=True)


def test_a_pickle_that_asks_for_a_call_is_named(pickled):
    with pytest.raises(InputError, match=r"gnd.pkl asks for datetime.date, which is not run"):
        ground_truth.from_pickle(pickled(entry(easy=datetime.date(2018, 6, 18))), revisited=True)
