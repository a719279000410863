"""DeepFashion In-shop: queries and gallery are different images of the same garments."""

import pytest

from datasets.errors import InputError
from datasets.images import inshop

COUNTS = {"train": (4, 2), "query": (2, 1), "gallery": (4, 2), "all": (10, 4)}


@pytest.fixture
def tree(tmp_path, write, monkeypatch):
    monkeypatch.setattr(inshop, "COUNTS", COUNTS)
    return write.inshop(tmp_path / "In-shop Clothes Retrieval Benchmark")


def test_the_partition_says_train_query_and_gallery(tree):
    clothes = inshop.load(tree.parent)
    assert clothes.name == "inshop" and clothes.boxes is None and not clothes.leave_one_out
    assert clothes.class_names == ("id_00000001", "id_00000002", "id_00000003", "id_00000004")
    assert clothes.labels.tolist() == [0, 0, 2, 2, 1, 1, 1, 1, 3, 3]
    assert clothes.train.tolist() == [0, 1, 2, 3]
    assert clothes.query.tolist() == [4, 5] and clothes.gallery.tolist() == [6, 7, 8, 9]
    assert clothes.images[4] == str(tree / "Img" / "img" / "MEN" / "Denim" / "id_00000002" / "02_1_front.jpg")


def test_training_garments_with_one_photograph_are_counted_but_not_trained_on(tree, monkeypatch):
    file = tree / "Eval" / "list_eval_partition.txt"
    file.write_text(file.read_text().replace("id_00000003  train", "id_00000005  train", 1))
    with pytest.raises(InputError, match="has 4 images of 3 classes in its train part"):
        inshop.load(tree)
    monkeypatch.setattr(inshop, "COUNTS", COUNTS | {"train": (4, 3), "all": (10, 5)})
    clothes = inshop.load(tree)
    assert clothes.train.tolist() == [0, 1] and len(clothes) == 10
    assert clothes.query.tolist() == [4, 5] and clothes.gallery.tolist() == [6, 7, 8, 9]


def test_boxes_are_found_by_name(tree):
    clothes = inshop.load(tree, boxes=True)
    assert clothes.boxes[[0, 7]].tolist() == [[0.0, 2.0, 50.0, 78.0], [7.0, 2.0, 50.0, 78.0]]
    assert clothes.title == "inshop (cropped to boxes)"


def test_all_in_one_folder_is_read_as_well(tree):
    before = inshop.load(tree, boxes=True)
    (tree / "Eval" / "list_eval_partition.txt").rename(tree / "list_eval_partition.txt")
    (tree / "Anno" / "list_bbox_inshop.txt").rename(tree / "list_bbox_inshop.txt")
    (tree / "Img" / "img").rename(tree / "img")
    after = inshop.load(tree, boxes=True)
    assert after.images[3] == str(tree / "img" / "MEN" / "Denim" / "id_00000003" / "01_2_front.jpg")
    assert after.boxes.tolist() == before.boxes.tolist()


def test_high_resolution_is_taken_where_it_is_all_there_is_and_has_no_boxes(tree, write):
    (tree / "Img" / "img").rename(tree / "Img" / "img_highres")
    clothes = inshop.load(tree)
    assert clothes.name == "inshop (img_highres)"
    assert "/Img/img_highres/MEN/Denim/" in clothes.images[0]
    with pytest.raises(InputError, match="boxes are those of the images in img, not of img_highres"):
        inshop.load(tree, boxes=True)
    write.inshop(tree)
    assert inshop.load(tree).name == "inshop"


def test_a_set_of_other_counts_is_refused(tree, monkeypatch):
    monkeypatch.undo()
    with pytest.raises(
        InputError, match="4 images of 2 classes in its train part, where DeepFashion .* 25,882 of 3,997"
    ):
        inshop.load(tree)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("Eval/list_eval_partition.txt", "10\n", "11\n", r"partition.txt: line 1 tells of 11 images, but 10 follow"),
        ("Eval/list_eval_partition.txt", "id_00000003  train", "train", r"line 5: expected image_name item_id eval"),
        ("Eval/list_eval_partition.txt", "id_00000003  train", "id_00000003  val", r"line 5: status 'val' is none of"),
        ("Anno/list_bbox_inshop.txt", "10\n", "9\n", r"bbox_inshop.txt: line 1 tells of 9 images, but 10 follow"),
        (
            "Anno/list_bbox_inshop.txt",
            "id_00000004/03_2",
            "id_4/03_2",
            r"bbox_inshop.txt: no line for image .*03_2.*1 such",
        ),
        ("Anno/list_bbox_inshop.txt", "008 002 058 080", "008 002 008 080", r"inshop.txt, line 4: the box is empty"),
    ],
)
def test_wrong_lines_are_named(tree, file, old, new, message):
    text = (tree / file).read_text()
    assert old in text
    (tree / file).write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        inshop.load(tree, boxes=True)


def test_half_unpacked_sets_are_named(tree):
    (tree / "Anno" / "list_bbox_inshop.txt").unlink()
    with pytest.raises(InputError, match=r"Anno/list_bbox_inshop.txt is missing"):
        inshop.load(tree, boxes=True)
    item = tree / "Img" / "img" / "MEN" / "Denim" / "id_00000003"
    item.rename(tree / "away")
    with pytest.raises(InputError, match=r"folder .*id_00000003 is missing, 2 of 10 images are not there"):
        inshop.load(tree)
    (tree / "Img").rename(tree / "gone")
    with pytest.raises(InputError, match=r"has no Img/img and no Img/img_highres"):
        inshop.load(tree)
    with pytest.raises(InputError, match=r"gone has no Eval/list_eval_partition.txt: .* asked for at https"):
        inshop.load(tree / "gone")
