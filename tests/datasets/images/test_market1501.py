"""Market-1501: names of files say person and camera, junk is left out, and a folder that is not whole is named."""

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images import market1501

COUNTS = {"bounding_box_train": 4, "query": 2, "bounding_box_test": 7}


@pytest.fixture
def tree(tmp_path, write, monkeypatch):
    monkeypatch.setattr(market1501, "COUNTS", COUNTS)
    return write.market1501(tmp_path / "Market-1501-v15.09.15")


def test_the_published_counts():
    assert sum(market1501.COUNTS.values()) == 32_668 + 3_368  # queries are no detections


def test_names_say_person_and_camera(tree):
    people = market1501.load(tree)
    assert people.name == "market1501" and people.class_names == ("0000", "0001", "0002", "0005", "0007")
    assert people.train.tolist() == [0, 1, 2, 3] and people.query.tolist() == [4, 5]
    assert people.gallery.tolist() == [6, 7, 8, 9, 10, 11] and not people.leave_one_out
    named = [people.class_names[label] for label in people.labels]
    assert named[:6] == ["0002", "0002", "0007", "0007", "0001", "0005"]
    assert named[6:] == ["0000", "0000", "0001", "0001", "0005", "0005"]
    assert people.cameras.tolist() == [1, 2, 3, 3, 1, 6, 1, 4, 1, 2, 1, 6] and people.cameras.dtype == np.int64
    assert people.images[0] == str(tree / "bounding_box_train" / "0002_c1s1_000451_03.jpg")


def test_junk_is_left_out_and_nobody_asks_for_distractors(tree):
    people = market1501.load(tree)
    assert len(people) == 12 and not any("-1_" in path for path in people.images)
    assert 0 in people.labels[people.gallery] and 0 not in people.labels[people.query]


def test_the_folder_around_it_does_as_well(tree):
    assert market1501.load(tree.parent).fingerprint() == market1501.load(str(tree)).fingerprint()


def test_other_files_are_passed_over(tree):
    before = market1501.load(tree).fingerprint()
    (tree / "query" / "._0001_c1s1_001051_00.jpg").touch()
    (tree / "query" / "readme.txt").touch()
    (tree / "gt_bbox").mkdir()
    assert market1501.load(tree).fingerprint() == before


def test_half_unpacked_sets_are_named(tree):
    (tree / "bounding_box_test" / "0005_c6s2_000926_02.jpg").unlink()
    with pytest.raises(InputError, match=r"bounding_box_test: has 6 images, where Market-1501 has 7: unpack it again"):
        market1501.load(tree)
    (tree / "query").rename(tree / "asking")
    with pytest.raises(InputError, match=r"folder .*query is missing: unpack Market-1501 again"):
        market1501.load(tree)


@pytest.mark.parametrize("name", ["0001_c1_f0044158.jpg", "0001.jpg", "-2_c1s1_000401_03.jpg"])
def test_strange_names_are_named(tree, monkeypatch, name):
    monkeypatch.setattr(market1501, "COUNTS", {})
    (tree / "query" / name).touch()
    with pytest.raises(InputError, match=rf"query/{name}: a name of Market-1501 is like 0002_c1s1_000451_03.jpg"):
        market1501.load(tree)


def test_mistakes_are_named(tree, tmp_path):
    with pytest.raises(InputError, match="Market-1501 has no boxes"):
        market1501.load(tree, boxes=True)
    with pytest.raises(InputError, match="dataset market1501 needs its folder"):
        market1501.load(None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty has no bounding_box_train"):
        market1501.load(tmp_path / "empty")
