"""Instances: who asks whom, what is junk, and lists as people write them."""

import shutil

import numpy as np
import pytest

from datasets import images
from datasets.errors import InputError
from datasets.images import instances
from datasets.sources import image_source

HEADER = "path,instance,role"


@pytest.fixture
def listed(tmp_path):
    """``listed(lines, header=)`` writes a list with its pictures and loads it."""

    def load(*lines, header=HEADER, boxes=False, encoding="utf-8", end="\n", between=","):
        for line in lines:
            file = tmp_path / line.partition(",")[0].strip()
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        text = end.join([header, *lines]).replace(",", between)
        (tmp_path / "own.csv").write_bytes(text.encode(encoding))
        return instances.load(tmp_path / "own.csv", boxes=boxes)

    return load


def told(found):
    """For each query (its file, the files it is to find, those that are junk), as text."""
    name = [path.rpartition("/")[2].removesuffix(".jpg") for path in found.images]
    for row, right, junk in zip(found.query, found.truth.easy, found.truth.junk, strict=True):
        yield name[row], *("".join(sorted(name[place] for place in found.gallery[rows])) for rows in (right, junk))


def test_a_query_asks_all_but_the_queries(listed):
    found = listed("a.jpg,x,query", "b.jpg,x,reference", "c.jpg,x,query", "d.jpg,,distractor", "e.jpg,y,reference")
    assert list(told(found)) == [("a", "b", ""), ("c", "b", "")]
    assert found.gallery.tolist() == [1, 3, 4] and found.truth.protocol == "instances"
    assert found.truth.boxes is None and found.truth.parts == () == found.parts


def test_a_view_asks_all_others_and_queries_stay_hidden_from_each_other(listed):
    found = listed("a.jpg,x,query", "b.jpg,x,view", "c.jpg,x,query", "d.jpg,x,view", "e.jpg,,distractor")
    assert list(told(found)) == [("a", "bd", "ac"), ("b", "acd", "b"), ("c", "bd", "ac"), ("d", "abc", "d")]
    assert found.gallery.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("seed", range(3))
def test_who_finds_whom_equals_a_slow_second_way(listed, seed):
    rng = np.random.default_rng(seed)
    rows = [(f"{k:02}", rng.choice(list("xyz")), rng.choice(["query", "view", "reference"])) for k in range(20)]
    found = listed(*(f"{name}.jpg,{instance},{role}" for name, instance, role in rows))
    expected = []
    for name, instance, role in rows:
        if role == "reference":
            continue
        seen = [one for one in rows if one[0] != name and not (role == "query" and one[2] == "query")]
        junk = {one[0] for one in rows} - {one[0] for one in seen}
        expected.append((name, "".join(one[0] for one in seen if one[1] == instance), "".join(sorted(junk))))
    assert list(told(found)) == expected


def test_classes_are_instances_and_distractors_have_none(listed):
    found = listed("a.jpg,x,query", "b.jpg,x,reference", "c.jpg,,reference", "d.jpg,,Distractor", "e.jpg,y,reference")
    assert found.class_names == ("", "x", "y") and found.labels.tolist() == [1, 1, 0, 0, 2]
    assert found.train.tolist() == [0, 1]  # what is seen twice


def test_what_has_the_role_train_trains_alone(listed):
    found = listed("a.jpg,x,query", "b.jpg,x,reference", "c.jpg,y,train", "d.jpg,y,train", "e.jpg,z,train")
    assert found.train.tolist() == [2, 3] and found.gallery.tolist() == [1]


def test_the_set_column_tells_the_parts(listed):
    found = listed(
        "a.jpg,x,query,books", "b.jpg,x,reference,covers", "c.jpg,y,view,", "d.jpg,y,view,doors", header=HEADER + ",set"
    )
    assert found.truth.parts == ("books", "", "doors") and found.parts == ("books", "covers", "", "doors")


def test_queries_are_cropped_to_their_boxes_and_others_where_asked(listed):
    lines = ("a.jpg,x,query,1,2,11,22", "b.jpg,x,reference,0.5,1,4,5", "c.jpg,x,query,,,,")
    header = HEADER + ",x_1,y_1,x_2,y_2"
    found = listed(*lines, header=header)
    assert found.boxes is None and found.title == "own"
    assert np.array_equal(found.truth.boxes, [(1, 2, 10, 20), (np.nan,) * 4], equal_nan=True)
    cropped = listed(*lines, header=header, boxes=True)
    assert np.array_equal(cropped.boxes, [(1, 2, 10, 20), (0.5, 1, 3.5, 4), (np.nan,) * 4], equal_nan=True)
    assert cropped.title == "own (cropped to boxes)" and np.isnan(cropped.truth.boxes[1]).all()


def test_a_photograph_never_finds_itself_under_another_role(listed):
    found = listed("a.jpg,x,query", "a.jpg,x,reference", "b.jpg,x,reference")
    assert list(told(found)) == [("a", "b", "a")]


def test_a_photograph_of_two_instances_is_no_wrong_answer_for_either(listed):
    found = listed("a.jpg,x,query", "b.jpg,y,query", "c.jpg,x,reference", "c.jpg,y,reference", "d.jpg,y,reference")
    assert list(told(found)) == [("a", "c", "c"), ("b", "cd", "c")]
    assert [row.tolist() for row in found.truth.easy] == [[0], [1, 2]]


def test_two_things_of_one_photograph_ask_apart(listed):
    header = HEADER + ",x_1,y_1,x_2,y_2"
    lines = ("a.jpg,x,query,0,0,5,5", "a.jpg,y,query,5,5,9,9", "b.jpg,x,reference,,,,", "c.jpg,y,reference,,,,")
    assert list(told(listed(*lines, header=header))) == [("a", "b", ""), ("a", "c", "")]


def test_lines_that_say_the_same_again_are_told(listed, caplog):
    found = listed("a.jpg,x,query", "b.jpg,x,reference", "b.jpg,x,reference")
    assert len(found) == 2 and "1 line(s) that say the same again" in caplog.text


def test_a_query_with_nothing_to_find_is_told(listed, caplog):
    found = listed("a.jpg,x,query", "b.jpg,x,reference", "c.jpg,lone,view")
    assert len(found.truth) == 2
    assert "1 of 2 queries have nothing to find, such as" in caplog.text and "instance 'lone'" in caplog.text


def test_lists_as_spreadsheets_write_them(listed):
    lines = (" my pics/a 1.jpg , x , Query ", "my pics/b 2.jpg,x,reference", "")
    plain = listed(*lines)
    for encoding, end, between in (("utf-8-sig", "\r\n", ";"), ("utf-16", "\n", "\t"), ("utf-8", "\r\n", ",")):
        found = listed(*lines, header="Path,Instance,ROLE", encoding=encoding, end=end, between=between)
        assert found.fingerprint() == plain.fingerprint()
    assert plain.images[0].endswith("/my pics/a 1.jpg")


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["a.jpg,x,querry"], "own.csv, line 2: role 'querry' is none of query, view, reference, distractor, train"),
        (["a.jpg,,query"], "own.csv, line 2: a photograph of role query needs an instance"),
        (["a.jpg,,view"], "own.csv, line 2: a photograph of role view needs an instance"),
        (["a.jpg,x,distractor"], "own.csv, line 2: a distractor shows no instance, and this one shows 'x'"),
        (["a.jpg,x,"], "own.csv, line 2: no role"),
        (["a.jpg,x,query", "b.jpg,y,reference"], "dataset own: none of its 1 queries has anything to find"),
        (["a.jpg,x,query"], "dataset own: none of its 1 queries has anything to find"),
        (["a.jpg,x,query", "b.jpg,x,reference", "b.jpg,x,train"], "b.jpg is train here and reference in line 3"),
        ([], "own.csv has a header, but no line"),
    ],
)
def test_odd_lines_are_named(listed, lines, complaint):
    with pytest.raises(InputError, match=complaint):
        listed(*lines)


@pytest.mark.parametrize(
    ("header", "line", "complaint"),
    [
        ("path,role", "a.jpg,query", "own.csv, line 1: no column instance"),
        ("path,instance", "a.jpg,x", "own.csv, line 1: no column role"),
        (HEADER + ",x_1,y_1", "a.jpg,x,query,1,2", "only x_1, y_1 are there: give all or none"),
        (HEADER + ",x_1,y_1,x_2,y_2", "a.jpg,x,query,9,2,3,4", "line 2: the box is empty"),
        (HEADER + ",x_1,y_1,x_2,y_2", "a.jpg,x,query,1,2,3,", "line 2: a box needs four numbers"),
    ],
)
def test_odd_columns_are_named(listed, header, line, complaint):
    with pytest.raises(InputError, match=complaint):
        listed(line, header=header)


def test_a_missing_picture_is_named_with_its_line(write, tmp_path):
    write.instances(tmp_path)
    (tmp_path / "book 1" / "r.jpg").unlink()
    with pytest.raises(InputError, match=r"images.csv, line 3: .*book 1/r.jpg is not there"):
        instances.load(tmp_path)


def test_a_folder_an_archive_and_the_file_are_the_same_set(write, tmp_path):
    tree = write.instances(tmp_path / "shelf")
    by_file, by_folder = instances.load(tree / "images.csv"), instances.load(tree)
    assert by_file.name == by_folder.name == "shelf" and by_file.fingerprint() == by_folder.fingerprint()
    packed = shutil.make_archive(str(tmp_path / "shelf"), "zip", tmp_path, "shelf")
    inside = instances.load(packed)
    assert inside.name == "shelf" and [row.tolist() for row in inside.truth.easy] == [
        row.tolist() for row in by_file.truth.easy
    ]
    assert image_source.load("instances", tree).fingerprint() == by_file.fingerprint()


def test_a_folder_without_one_list_is_refused(write, tmp_path):
    with pytest.raises(InputError, match=r"has no images.csv: name by --data-path a CSV file with the columns"):
        instances.load(tmp_path)
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"has 2 CSV files, as a.csv and b.csv"):
        instances.load(tmp_path)
    write.instances(tmp_path)
    assert len(instances.load(tmp_path)) == 12
    with pytest.raises(InputError, match="away is not there: dataset instances needs a CSV file"):
        instances.load(tmp_path / "away")
    with pytest.raises(InputError, match="book 1/q.jpg is neither a CSV file nor a folder"):
        instances.load(tmp_path / "book 1" / "q.jpg")


def test_it_needs_a_path():
    with pytest.raises(InputError, match="dataset instances needs a CSV file with the columns path,instance,role"):
        images.get("instances").load(None)
