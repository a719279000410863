"""VehicleID: its three test lists, the draws that evaluation is told of, and lists that are not whole are named."""

import pytest

from datasets.errors import InputError
from datasets.images import vehicleid
from datasets.sources import image_source

COUNTS = {"train_list.txt": (6, 2), "test_list_800.txt": (6, 2), "test_list_1600.txt": (9, 3)}


@pytest.fixture
def tree(tmp_path, write, monkeypatch):
    monkeypatch.setattr(vehicleid, "COUNTS", COUNTS)
    return write.vehicleid(tmp_path / "VehicleID_V1.0")


def test_the_published_counts():
    assert vehicleid.COUNTS["train_list.txt"] == (113_346, 13_164)
    asked = {split: vehicleid.COUNTS[f"test_list_{split}.txt"] for split in vehicleid.SPLITS}
    assert {split: images - vehicles for split, (images, vehicles) in asked.items()} == {
        **{"800": 6_532, "1600": 11_395, "2400": 17_638}
    }


@pytest.mark.parametrize(("split", "vehicles"), [("", 2), ("800", 2), ("1600", 3), ("2400", 4)])
def test_lists_say_the_split(tree, split, vehicles):
    found = vehicleid.load(tree.parent, split=split)
    assert found.name == f"vehicleid-{split or 800}" and found.draws == 10 and found.leave_one_out
    assert found.train.tolist() == list(range(6)) and len(found.query) == 3 * vehicles
    assert found.class_names == tuple(map(str, (11, 12, *range(21, 21 + vehicles))))
    assert found.images[0] == str(tree / "image" / "0011000.jpg")
    assert found.labels.tolist() == [label for label in range(2 + vehicles) for _ in range(3)]


def test_a_name_asks_for_a_split(tree):
    assert image_source.load("vehicleid-1600", tree).name == "vehicleid-1600"
    assert image_source.load("VehicleID", tree, split="2400").name == "vehicleid-2400"


def test_what_is_not_whole_is_named(tree):
    lists = tree / "train_test_split"
    (lists / "test_list_800.txt").write_text("0021000 21\n0022000 22\n")
    with pytest.raises(InputError, match=r"test_list_800.txt: has 2 images of 2 vehicles, where VehicleID has 6 of 2"):
        vehicleid.load(tree)
    (lists / "test_list_800.txt").unlink()
    with pytest.raises(InputError, match=r"test_list_800.txt is missing: unpack the data set again"):
        vehicleid.load(tree)
    (tree / "image" / "0021001.jpg").unlink()
    with pytest.raises(InputError, match=r"image/0021001.jpg is missing, 1 of 15 images are not there"):
        vehicleid.load(tree, split="1600")


@pytest.mark.parametrize("line", ["0021000", "0021000 21 x", "0021000 red"])
def test_lines_of_another_kind_are_named(tree, line):
    (tree / "train_test_split" / "test_list_2400.txt").write_text(line + "\n")
    with pytest.raises(InputError, match=r"test_list_2400.txt, line 1: expected"):
        vehicleid.load(tree, split="2400")


def test_a_vehicle_that_trains_and_tests_is_named(tree):
    (tree / "train_test_split" / "test_list_2400.txt").write_text("0011000 11\n0011001 11\n")
    with pytest.raises(InputError, match=r"test_list_2400.txt: vehicle 11 stands in train_list.txt too"):
        vehicleid.load(tree, split="2400")


def test_mistakes_are_named(tree, tmp_path):
    with pytest.raises(InputError, match="VehicleID has no boxes"):
        vehicleid.load(tree, boxes=True)
    with pytest.raises(InputError, match=r"--split=13164: vehicleid has the splits 800, 1600, 2400"):
        vehicleid.load(tree, split="13164")
    with pytest.raises(InputError, match="dataset vehicleid needs its folder"):
        vehicleid.load(None)
