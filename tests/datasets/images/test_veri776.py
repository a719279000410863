"""VeRi-776: names of files say vehicle and camera, lists say the split, and what is not whole is named."""

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images import veri776


@pytest.fixture
def tree(tmp_path, write, monkeypatch):
    monkeypatch.setattr(veri776, "COUNTS", {"name_train.txt": 4, "name_query.txt": 2, "name_test.txt": 5})
    return write.veri776(tmp_path / "VeRi")


def test_the_published_counts():
    assert sum(veri776.COUNTS.values()) == 49_357 + 1_678  # a query is one of the 51,035


def test_names_say_vehicle_and_camera(tree):
    vehicles = veri776.load(tree.parent)
    assert vehicles.name == "veri776" and vehicles.class_names == ("0001", "0002", "0005", "0007")
    assert vehicles.train.tolist() == [0, 1, 2, 3] and vehicles.query.tolist() == [4, 5]
    assert vehicles.gallery.tolist() == [6, 7, 8, 9, 10] and not vehicles.leave_one_out
    assert vehicles.labels.tolist() == [1, 1, 3, 3, 0, 2, 0, 0, 2, 2, 2]
    assert vehicles.cameras.tolist() == [2, 3, 1, 1, 1, 6, 1, 2, 1, 6, 20] and vehicles.cameras.dtype == np.int64
    assert vehicles.images[4] == str(tree / "image_query" / "0001_c001_00016450_0.jpg")


def test_what_is_not_whole_is_named(tree, monkeypatch):
    (tree / "image_test" / "0005_c020_00000990_2.jpg").unlink()
    with pytest.raises(InputError, match=r"image_test/0005_c020_00000990_2.jpg is missing, 1 of 11 images"):
        veri776.load(tree)
    lines = (tree / "name_test.txt").read_text().splitlines()
    (tree / "name_test.txt").write_text("\n".join(lines[:-1]))
    with pytest.raises(InputError, match=r"name_test.txt: has 4 images, where VeRi-776 has 5: unpack it again"):
        veri776.load(tree)
    monkeypatch.setattr(veri776, "COUNTS", {})
    assert len(veri776.load(tree)) == 10
    (tree / "name_query.txt").unlink()
    with pytest.raises(InputError, match=r"name_query.txt is missing"):
        veri776.load(tree)


@pytest.mark.parametrize("name", ["0001_c1s1_001051_03.jpg", "0001.jpg", "0001_c001_00016450_0.png"])
def test_strange_names_are_named(tree, name):
    (tree / "name_query.txt").write_text(f"{name}\n0005_c006_00000926_0.jpg\n")
    with pytest.raises(
        InputError, match=r"name_query.txt, line 1: a name of VeRi-776 is like 0002_c002_00030600_0.jpg"
    ):
        veri776.load(tree)


def test_a_vehicle_that_trains_and_tests_is_named(tree):
    name = "0007_c006_00000926_0.jpg"
    (tree / "name_query.txt").write_text(f"0001_c001_00016450_0.jpg\n{name}\n")
    (tree / "image_query" / name).write_bytes((tree / "image_query" / "0005_c006_00000926_0.jpg").read_bytes())
    with pytest.raises(InputError, match=r"vehicle 0007 stands in name_train.txt and in a test list"):
        veri776.load(tree)


def test_mistakes_are_named(tree, tmp_path):
    with pytest.raises(InputError, match="VeRi-776 has no boxes"):
        veri776.load(tree, boxes=True)
    with pytest.raises(InputError, match="dataset veri776 needs its folder"):
        veri776.load(None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty has no name_train.txt"):
        veri776.load(tmp_path / "empty")
