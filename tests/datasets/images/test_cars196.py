"""Cars196 is read from one folder or from the two of the devkit, and split by halves of the classes."""

import numpy as np
import pytest
from numpy.lib.recfunctions import drop_fields
from scipy.io import loadmat, savemat

from datasets.errors import InputError
from datasets.images import cars196

COUNTS = {"train": (6, 2), "query": (6, 2)}


@pytest.fixture
def tree(tmp_path, write, monkeypatch):
    monkeypatch.setattr(cars196, "COUNTS", COUNTS)
    return write.cars196(tmp_path / "cars196")


@pytest.fixture
def devkit(tmp_path, write, monkeypatch):
    monkeypatch.setattr(cars196, "COUNTS", {"train": (4, 2), "query": (4, 2)})
    return write.cars196(tmp_path / "stanford_cars", devkit=True)


def change(file, **variables):
    """Write a MATLAB file again with other ``variables``; None drops one."""
    found = {name: value for name, value in loadmat(file).items() if not name.startswith("__")} | variables
    savemat(file, {name: value for name, value in found.items() if value is not None})


def test_first_half_of_the_classes_trains(tree):
    found = cars196.load(tree)
    assert found.name == "cars196" and found.boxes is None
    assert found.class_names == ("Car of class 1", "Car of class 2", "Car of class 3", "Car of class 4")
    assert found.labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert found.train.tolist() == [0, 1, 2, 3, 4, 5]
    assert found.leave_one_out and found.query.tolist() == [6, 7, 8, 9, 10, 11]
    assert found.images[4] == str(tree / "car_ims" / "0000021.jpg")
    assert cars196.load(tree.parent).fingerprint() == found.fingerprint()


def test_boxes_are_x_y_width_height(tree):
    boxes = cars196.load(tree, boxes=True).boxes
    assert boxes.dtype == np.float32 and boxes.shape == (12, 4)
    assert boxes[4].tolist() == [5.0, 2.0, 30.0, 40.0]


def test_the_devkit_gives_both_folders(devkit):
    found = cars196.load(devkit, boxes=True)
    assert found.labels.tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    assert found.train.tolist() == [0, 1, 4, 5] and found.query.tolist() == [2, 3, 6, 7]
    assert found.images[3] == str(devkit / "cars_train" / "00004.jpg")
    assert found.images[4] == str(devkit / "cars_test" / "00001.jpg")
    assert found.boxes[5].tolist() == [2.0, 2.0, 30.0, 40.0]


def test_a_file_of_the_devkit_may_stand_beside_it(devkit):
    before = cars196.load(devkit).fingerprint()
    name = "cars_test_annos_withlabels.mat"
    (devkit / "devkit" / name).rename(devkit / name)
    assert cars196.load(devkit).fingerprint() == before


def test_a_set_of_other_counts_is_refused(tree, monkeypatch):
    monkeypatch.undo()
    with pytest.raises(InputError, match="6 images of 2 classes in its train part, where Cars196 has 8,054 of 98"):
        cars196.load(tree)


def test_wrong_annotations_are_named(tree):
    file = tree / "cars_annos.mat"
    annotations = loadmat(file)["annotations"]
    empty, strange = annotations.copy(), annotations.copy()
    empty[0, 3]["bbox_x2"] = 1.0
    strange[0, 2]["class"] = 5
    for variables, message in (
        ({"annotations": strange}, "cars_annos.mat: image 3 is of class 5, but there are names for 4 classes"),
        ({"annotations": empty}, "cars_annos.mat, image 4: the box is empty"),
        ({"annotations": np.zeros(3)}, "cars_annos.mat: its annotations have no bbox_x1, .* class"),
        ({"class_names": None}, "cars_annos.mat has no variable 'class_names'"),
    ):
        change(file, **({"annotations": annotations} | variables))
        with pytest.raises(InputError, match=message):
            cars196.load(tree, boxes=True)


def test_test_annotations_without_labels_are_of_no_use(devkit):
    file = devkit / "devkit" / "cars_test_annos_withlabels.mat"
    annotations = loadmat(file)["annotations"]
    change(file, annotations=drop_fields(annotations, "class"))
    with pytest.raises(InputError, match="have no class: .* takes cars_test_annos_withlabels.mat"):
        cars196.load(devkit)


def test_half_unpacked_sets_are_named(tree):
    (tree / "car_ims" / "0000030.jpg").unlink()
    with pytest.raises(InputError, match=r"car_ims/0000030.jpg is missing, 1 of 12 images are not there"):
        cars196.load(tree)
    (tree / "cars_annos.mat").write_bytes(b"MATLAB")
    with pytest.raises(InputError, match=r"cars_annos.mat cannot be read"):
        cars196.load(tree)


def test_half_unpacked_devkits_are_named(devkit):
    (devkit / "cars_test").rename(devkit / "away")
    with pytest.raises(InputError, match=r"folder .*cars_test is missing, 4 of 8 images are not there"):
        cars196.load(devkit)
    (devkit / "devkit" / "cars_meta.mat").unlink()
    with pytest.raises(InputError, match=r"cars_meta.mat is missing"):
        cars196.load(devkit)


def test_a_wrong_root_is_named(tmp_path):
    with pytest.raises(InputError, match=r"has no cars_annos.mat: name the unpacked folder cars196"):
        cars196.load(tmp_path)
