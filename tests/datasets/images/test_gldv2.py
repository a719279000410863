"""Google Landmarks v2: what trains, what is asked, and lists in several folders."""

import csv
import shutil

import pytest

from datasets.errors import InputError
from datasets.images import gldv2


@pytest.fixture
def tree(tmp_path, write):
    return write.gldv2(tmp_path)


def names(found, rows):
    return [found.images[row].rpartition("/")[2].removesuffix(".jpg") for row in rows]


def test_the_clean_list_trains_and_the_index_is_asked(tree, caplog):
    found = gldv2.load(tree)
    assert names(found, found.train) == ["a0a0", "a0a1", "b0b0", "b1b1", "b2b2"]  # c0c0 is alone
    assert names(found, found.gallery) == ["d0d0", "d1d1", "e0e0", "f0f0"]
    assert names(found, found.query) == ["0aaa", "2ccc", "3ddd"]
    assert [names(found, found.gallery[rows]) for rows in found.truth.easy] == [["d0d0", "d1d1"], ["e0e0"], ["d1d1"]]
    assert found.truth.parts == ("Public", "Private", "Private") and found.truth.protocol == "landmarks"
    assert found.class_names == ("", "10", "3", "4") and found.images[0].endswith("/train/a/0/a/a0a0.jpg")
    assert "has 6 photographs (clean), where 1,580,470 are published" in caplog.text
    assert "has 3 queries, where 1,129 are published" in caplog.text


def test_the_whole_list_trains_where_it_is_asked_for(tree):
    found = gldv2.load(tree, split="all")
    assert found.name == "gldv2-all" and names(found, found.train) == ["a0a0", "a0a1", "b0b0", "b1b1"]


def test_a_landmark_may_have_very_many_photographs(tree):
    limit = csv.field_size_limit()
    with (tree / "train" / "train_clean.csv").open("a") as file:
        file.write("5," + " ".join(["a0a0"] * 30_000) + "\n")
    assert len(gldv2.load(tree).train) == 30_005 and csv.field_size_limit() == limit


def test_lists_lie_in_any_of_the_folders(tree):
    first = gldv2.load(tree).fingerprint()
    for place in ("metadata", "ground_truth", "."):
        (tree / place).mkdir(exist_ok=True)
        for file in [*tree.rglob("*.csv")]:
            file.rename(tree / place / file.name)
        assert gldv2.load(tree).fingerprint() == first


def test_a_part_of_the_set_is_enough(tree, caplog):
    (tree / "train" / "train_clean.csv").unlink()
    judged = gldv2.load(tree)
    assert not len(judged.train) and len(judged.query) == 3 and "no train_clean.csv: nothing trains" in caplog.text
    (tree / "retrieval_solution_v2.1.csv").unlink()
    trained = gldv2.load(tree, split="all")
    assert len(trained.train) == 4 and not len(trained.query) and trained.truth is None
    assert "no retrieval_solution_v2.1.csv: nothing is judged" in caplog.text


@pytest.mark.parametrize(
    ("file", "lines", "complaint"),
    [
        ("retrieval_solution_v2.1.csv", "id,images,Usage\n0aaa,d0d0,public", "line 2: Usage 'public' is none of"),
        (
            "retrieval_solution_v2.1.csv",
            "id,images,Usage\n0aaa,zzzz,Public",
            "has query 0aaa find zzzz, which is not in",
        ),
        ("retrieval_solution_v2.1.csv", "id,Usage\n0aaa,Public", "line 1: no column images"),
        ("retrieval_solution_v2.1.csv", "id,images,Usage\n0aaa,d0d0", "line 2: expected id,images,Usage"),
        ("index/index.csv", "id\nd0d0\nd1d1\ne0e0\nnone", "folder .*/index/n/o/n is missing, 1 of"),
        ("train/train_clean.csv", "", "train_clean.csv, line 1: no column landmark_id, images"),
        ("train/train_clean.csv", "landmark_id,images\n3,", "train_clean.csv, line 2: expected landmark_id,images"),
        ("train/train_clean.csv", b"landmark_id,images\n3,\xff\xfe", "train_clean.csv cannot be read"),
    ],
)
def test_what_is_wrong_in_a_list_is_named(tree, file, lines, complaint):
    (tree / file).write_bytes(lines if isinstance(lines, bytes) else lines.encode())
    with pytest.raises(InputError, match=complaint):
        gldv2.load(tree)


def test_a_wrong_root_and_boxes_are_named(tree, tmp_path):
    with pytest.raises(InputError, match="away is not a folder: .*; its lists and photographs come from https://"):
        gldv2.load(tmp_path / "away")
    with pytest.raises(InputError, match="used without boxes"):
        gldv2.load(tree, boxes=True)
    shutil.rmtree(tree / "test")
    with pytest.raises(InputError, match="/test/0/a/a is missing, 3 of 13"):
        gldv2.load(tree)
