"""Stanford Dogs: half of the breeds trains, which the name says; a box holds all dogs of an image."""

import pytest

from datasets.errors import InputError
from datasets.images import stanford_dogs


@pytest.fixture
def tree(tmp_path, write, monkeypatch):
    monkeypatch.setattr(stanford_dogs, "COUNTS", {"all": (12, 4)})
    return write.stanford_dogs(tmp_path / "stanford_dogs")


def test_first_half_of_the_breeds_trains(tree):
    dogs = stanford_dogs.load(tree.parent)
    assert dogs.name == "stanford_dogs (first 60, last 60 breeds)" and dogs.boxes is None
    assert dogs.class_names[1] == "n02085782-Japanese_spaniel" and len(dogs.class_names) == 4
    assert dogs.labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert dogs.train.tolist() == [0, 1, 2, 3, 4, 5]
    assert dogs.leave_one_out and dogs.query.tolist() == [6, 7, 8, 9, 10, 11]
    assert dogs.images[3] == str(tree / "Images" / "n02085782-Japanese_spaniel" / "n02085782_105.jpg")


def test_the_box_is_that_around_all_dogs(tree):
    dogs = stanford_dogs.load(tree, boxes=True)
    assert [path.rpartition("_")[2] for path in dogs.images[:3]] == ["105.jpg", "23.jpg", "7.jpg"]
    assert dogs.boxes[:3].tolist() == [[105.0, 10.0, 30.0, 50.0], [1.0, 10.0, 52.0, 80.0], [7.0, 10.0, 30.0, 50.0]]
    assert dogs.title == "stanford_dogs (first 60, last 60 breeds) (cropped to boxes)"


def test_a_set_of_other_counts_is_refused(tree, monkeypatch):
    monkeypatch.undo()
    with pytest.raises(InputError, match="12 images of 4 classes, where Stanford Dogs has 20,580 of 120"):
        stanford_dogs.load(tree)


def test_images_that_are_marked_but_not_there_are_named(tree):
    (tree / "Images" / "n02085936-Maltese_dog" / "n02085936_23.jpg").unlink()
    with pytest.raises(InputError, match=r"n02085936_23.jpg is missing, 1 of 12 images are not there"):
        stanford_dogs.load(tree)


def test_half_unpacked_images_are_named(tree):
    for path in (tree / "Annotation").rglob("n*/n*"):
        path.unlink()
    for path in (tree / "Images" / "n02085936-Maltese_dog").iterdir():
        path.unlink()
    with pytest.raises(InputError, match=r"n02085936-Maltese_dog has no images: the set is half unpacked"):
        stanford_dogs.load(tree)
    (tree / "Images").rename(tree / "away")
    with pytest.raises(InputError, match=r"Images is missing: unpack http://vision.stanford.*/images.tar there"):
        stanford_dogs.load(tree)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<annotation></annotation>", r"n02085936_23 marks no dog"),
        ("<annotation><object>", r"n02085936_23 cannot be read"),
        ("<a><object><bndbox><xmin>1</xmin></bndbox></object></a>", r"n02085936_23 cannot be read"),
        (None, r"n02085936_23 is missing: the set is half unpacked, unpack annotation.tar"),
    ],
)
def test_wrong_boxes_are_named(tree, content, message):
    file = tree / "Annotation" / "n02085936-Maltese_dog" / "n02085936_23"
    file.unlink() if content is None else file.write_text(content)
    with pytest.raises(InputError, match=message):
        stanford_dogs.load(tree, boxes=True)


def test_boxes_take_the_annotation(tree):
    (tree / "Annotation").rename(tree / "away")
    assert len(stanford_dogs.load(tree)) == 12
    with pytest.raises(InputError, match=r"Annotation is missing, there the boxes stand: unpack http.*/annotation.tar"):
        stanford_dogs.load(tree, boxes=True)


def test_the_images_are_downloaded_and_unpacked_once(tmp_path, tree, offer):
    target = tmp_path / "data"
    target.mkdir()
    (tree / "Annotation").rename(tmp_path / "Annotation")
    server = offer(stanford_dogs, "images.tar", tree)
    for _ in range(2):
        assert stanford_dogs.load(target).images[0].startswith(str(target / "stanford_dogs" / "Images"))
    assert len(server.asked) == 1
