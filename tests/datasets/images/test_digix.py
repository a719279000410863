"""DIGIX 2020: training classes are held out for the test, which the name says, and all is counted from the disk."""

import pytest

from datasets.errors import InputError
from datasets.images import digix


@pytest.fixture
def tree(tmp_path, write):
    return write.digix(tmp_path / "train_data")


def test_the_first_half_of_the_class_numbers_trains(tree):
    devices = digix.load(tree)
    assert devices.name == "digix (first, second half of the training classes)"
    assert devices.class_names == ("0", "2", "7", "10")
    assert devices.labels.tolist() == [3, 3, 3, 1, 1, 1, 0, 0, 0, 2, 2, 2]
    assert devices.train.tolist() == [3, 4, 5, 6, 7, 8]
    assert devices.leave_one_out and devices.query.tolist() == [0, 1, 2, 9, 10, 11]
    assert devices.images[3] == str(tree / "DIGIX_000002" / "0W97AIZ2CE43XHQD.jpg")
    assert digix.load(tree.parent).fingerprint() == devices.fingerprint()


def test_the_class_of_one_image_is_left_out(tree, write):
    with (tree / "label.txt").open("a") as file:
        file.write("DIGIX_000005/another.jpg,5\n")
    write.picture(tree / "DIGIX_000005" / "another.jpg")
    assert digix.load(tree).class_names == ("0", "2", "5", "7", "10")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("DIGIX_000005/another.jpg", "label.txt, line 14: expected path number, found 'DIGIX_000005/another.jpg'"),
        ("DIGIX_000005/another.jpg,five", "label.txt, line 14: expected the number of a class, found 'five'"),
        ("DIGIX_000005/another.jpg,5", "DIGIX_000005/another.jpg is missing, 1 of 14 images are not there"),
        ("DIGIX_000099/a.jpg,99\nDIGIX_000099/b.jpg,99", "folder .*DIGIX_000099 is missing, 2 of 14 images"),
    ],
)
def test_wrong_lines_and_missing_images_are_named(tree, line, message):
    with (tree / "label.txt").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(InputError, match=message):
        digix.load(tree)


def test_too_few_classes_are_refused(tree):
    (tree / "label.txt").write_text("a.jpg,1\nb.jpg,1\nc.jpg,2\n")
    with pytest.raises(InputError, match="of 2 classes 1 have two images or more, it takes two"):
        digix.load(tree)


def test_a_wrong_root_and_boxes_are_named(tree):
    with pytest.raises(
        InputError, match=r"has no label.txt: .* folder train_data .*; it comes from https://www.kaggle"
    ):
        digix.load(tree / "DIGIX_000002")
    with pytest.raises(InputError, match="digix has no boxes"):
        digix.load(tree, boxes=True)
