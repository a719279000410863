"""The layout of CUB-200-2011 is read as it is, split by halves of the classes, and its faults are named."""

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images import cub200


@pytest.fixture
def cub(tmp_path, write):
    return write.cub200(tmp_path / "CUB_200_2011")


def edit(file, number, line):
    """Put ``line`` (None: nothing) in the place of line ``number``, which counts from 1."""
    lines = file.read_text().splitlines()
    lines[number - 1 : number] = [] if line is None else [line]
    file.write_text("\n".join(lines) + "\n")


def test_first_half_of_the_classes_trains(cub):
    birds = cub200.load(cub)
    assert birds.labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert birds.train.tolist() == [0, 1, 2, 3, 4, 5]
    assert birds.query.tolist() == birds.gallery.tolist() == [6, 7, 8, 9, 10, 11]
    assert birds.class_names[2] == "003.Bird of class 3"
    assert birds.images[4] == str(cub / "images" / "002.Bird" / "Bird_0001.jpg")
    assert birds.boxes is None


def test_the_folder_around_it_does_as_well(cub):
    assert cub200.load(cub.parent).fingerprint() == cub200.load(str(cub)).fingerprint()


def test_boxes_are_x_y_width_height_and_named_in_the_title(cub):
    birds = cub200.load(cub, boxes=True)
    assert birds.boxes.dtype == np.float32 and birds.boxes.shape == (12, 4)
    assert birds.boxes[4].tolist() == [5.0, 2.0, 30.5, 40.0]
    assert birds.title == "CUB_200_2011 (cropped to boxes)"


def test_a_pack_without_images_folder_and_boxes_is_read_under_its_own_name(tmp_path, write):
    pack = write.cub200(tmp_path / "cars196_train_half", inner=".")
    (pack / "bounding_boxes.txt").unlink()
    cars = cub200.load(pack)
    assert cars.name == "cars196_train_half"
    assert cars.images[0] == str(pack / "001.Bird" / "Bird_0000.jpg")
    with pytest.raises(InputError, match=r"bounding_boxes.txt is missing"):
        cub200.load(pack, boxes=True)


def test_lines_in_another_order_say_the_same(cub):
    before = cub200.load(cub, boxes=True)
    for name in ("classes.txt", "image_class_labels.txt", "bounding_boxes.txt"):
        file = cub / name
        file.write_text("\n".join(reversed(file.read_text().splitlines())) + "\n\n")
    assert cub200.load(cub, boxes=True).fingerprint() == before.fingerprint()


def test_200_classes_with_other_counts_are_refused(tmp_path, write):
    cub = write.cub200(tmp_path / "cub", classes=200, per_class=2)
    with pytest.raises(
        InputError, match="200 images of 100 classes in its train part, where CUB-200-2011 has 5,864 of"
    ):
        cub200.load(cub)


def test_200_classes_of_the_right_counts_are_called_cub200(tmp_path, write, monkeypatch):
    assert sum(images for images, _ in cub200.COUNTS.values()) == 11_788
    monkeypatch.setattr(cub200, "COUNTS", {"train": (200, 100), "query": (200, 100)})
    assert cub200.load(write.cub200(tmp_path / "any", classes=200, per_class=2)).name == "cub200"


def test_a_class_without_images_is_named(cub):
    for number in (4, 5, 6):
        edit(cub / "image_class_labels.txt", number, f"{number} 1")
    with pytest.raises(InputError, match="no image is of class 2 of"):
        cub200.load(cub)


@pytest.mark.parametrize(
    ("file", "number", "line", "message"),
    [
        ("images.txt", 3, "three 003.jpg", r"images.txt, line 3: expected a number, .* found 'three 003.jpg'"),
        ("images.txt", 3, "3", r"images.txt, line 3: expected a number"),
        ("images.txt", 3, "2 003.jpg", r"images.txt, line 3: number 2 stands twice"),
        ("images.txt", 3, None, r"image_class_labels.txt: image 3 is not in images.txt"),
        ("image_class_labels.txt", 5, None, r"image_class_labels.txt: no line for image 5 of images.txt \(1 such"),
        ("image_class_labels.txt", 5, "5 77", r"image_class_labels.txt: image 5 is of class '77'"),
        ("image_class_labels.txt", 5, "5 bird", r"image_class_labels.txt: image 5 is of class 'bird'"),
        ("classes.txt", 4, "4 Bird\n5 Dodo", r"no image is of class 5 of classes.txt"),
        (
            "bounding_boxes.txt",
            2,
            "2 1.0 1.0 5.0",
            r"bounding_boxes.txt, image 2: a box needs four numbers x y width height, found",
        ),
        ("bounding_boxes.txt", 2, "2 1.0 1.0 0.0 5.0", r"bounding_boxes.txt, image 2: the box is empty"),
        ("bounding_boxes.txt", 2, "2 nan 1.0 5.0 5.0", r"bounding_boxes.txt, image 2: the box is empty"),
        ("bounding_boxes.txt", 2, None, r"bounding_boxes.txt: no line for image 2"),
    ],
)
def test_wrong_lines_are_named(cub, file, number, line, message):
    edit(cub / file, number, line)
    with pytest.raises(InputError, match=message):
        cub200.load(cub, boxes=True)


def test_missing_images_are_named(cub):
    (cub / "images" / "003.Bird" / "Bird_0001.jpg").unlink()
    with pytest.raises(InputError, match=r"003.Bird/Bird_0001.jpg is missing, 1 of 12 images are not there"):
        cub200.load(cub)


@pytest.mark.parametrize("file", ["classes.txt", "image_class_labels.txt"])
def test_missing_files_are_named(cub, file):
    (cub / file).unlink()
    with pytest.raises(InputError, match=f"{file} is missing"):
        cub200.load(cub)


def test_files_that_are_no_text_are_named(cub):
    (cub / "classes.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"classes.txt cannot be read"):
        cub200.load(cub)
    (cub / "classes.txt").write_text("\n")
    with pytest.raises(InputError, match=r"classes.txt is empty"):
        cub200.load(cub)


def test_it_is_downloaded_and_unpacked_once(tmp_path, write, offer):
    target = tmp_path / "data"
    target.mkdir()
    write.cub200(tmp_path / "content" / "CUB_200_2011")
    server = offer(cub200, "CUB_200_2011.tgz", tmp_path / "content")
    for _ in range(2):
        assert cub200.load(target).images[0].startswith(str(target / "cub200" / "CUB_200_2011" / "images"))
    assert len(server.asked) == 1


def test_a_wrong_root_is_named(tmp_path, server, monkeypatch):
    monkeypatch.setattr(cub200, "URL", f"{server.address}/CUB_200_2011.tgz")
    with pytest.raises(InputError, match=r"has no images.txt, and .*CUB_200_2011.tgz: the server answered 404"):
        cub200.load(tmp_path)
    with pytest.raises(InputError, match="nowhere is not a folder: name the unpacked folder CUB_200_2011"):
        cub200.load(tmp_path / "nowhere")
    with pytest.raises(InputError, match="needs its folder"):
        cub200.load(None)


def test_a_half_unpacked_folder_is_named_and_nothing_downloaded(cub):
    (cub / "images.txt").unlink()
    with pytest.raises(InputError, match=r"images.txt is missing: unpack the data set again"):
        cub200.load(cub)
