"""Stanford Online Products: the two lists say the split, and what is wrong or missing is named."""

import pytest

from datasets.errors import InputError
from datasets.images import sop

COUNTS = {"train": (5, 2), "query": (9, 2)}


@pytest.fixture
def tree(tmp_path, write, monkeypatch):
    monkeypatch.setattr(sop, "COUNTS", COUNTS)
    return write.sop(tmp_path / "Stanford_Online_Products")


def test_the_lists_say_the_split(tree):
    products = sop.load(tree)
    assert products.name == "sop" and products.class_names == ("1", "2", "3", "4")
    assert products.labels.tolist() == [0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3]
    assert products.train.tolist() == [0, 1, 2, 3, 4]
    assert products.leave_one_out and products.query.tolist() == list(range(5, 14))
    assert products.images[0] == str(tree / "chair_final" / "111_0.JPG")
    assert products.images[5] == str(tree / "chair_final" / "113_0.JPG")


def test_the_folder_around_it_does_as_well(tree):
    assert sop.load(tree.parent).fingerprint() == sop.load(str(tree)).fingerprint()


def test_classes_are_numbers_not_words(tree, write):
    file = tree / "Ebay_train.txt"
    file.write_text(file.read_text().replace(" 2 1 ", " 22634 1 "))
    assert sop.load(tree).class_names == ("1", "3", "4", "22634")


def test_a_set_of_other_counts_is_refused(tree, monkeypatch):
    monkeypatch.undo()
    with pytest.raises(InputError, match="5 images of 2 classes in its train part, where Stanford .* 59,551 of 11,318"):
        sop.load(tree)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("6 2 1", "Ebay_train.txt, line 7: expected image_id class_id super_class_id path, found '6 2 1'"),
        ("6 two 1 a.JPG", "Ebay_train.txt, line 7: expected the number of a class, found 'two'"),
        ("6 1 2 chair_final/9.JPG", "6 images of 2 classes in its train part, where Stanford"),
        ("6 3 2 chair_final/9.JPG", "class 3 stands in Ebay_train.txt and in Ebay_test.txt"),
    ],
)
def test_wrong_lines_are_named(tree, line, message):
    with (tree / "Ebay_train.txt").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(InputError, match=message):
        sop.load(tree)


def test_half_unpacked_sets_are_named(tree):
    (tree / "sofa_final" / "114_2.JPG").unlink()
    with pytest.raises(InputError, match=r"sofa_final/114_2.JPG is missing, 1 of 14 images are not there"):
        sop.load(tree)
    (tree / "Ebay_test.txt").unlink()
    with pytest.raises(InputError, match=r"Ebay_test.txt is missing: unpack the data set again"):
        sop.load(tree)


def test_there_are_no_boxes(tree):
    with pytest.raises(InputError, match="sop has no boxes"):
        sop.load(tree, boxes=True)


def test_it_is_downloaded_and_unpacked_once(tmp_path, tree, offer):
    before, target = sop.load(tree), tmp_path / "data"
    target.mkdir()
    (tmp_path / "content").mkdir()
    tree.rename(tmp_path / "content" / tree.name)
    server = offer(sop, "Stanford_Online_Products.zip", tmp_path / "content")
    for _ in range(2):
        assert sop.load(target).labels.tolist() == before.labels.tolist()
    assert (target / "sop" / "Stanford_Online_Products" / "Ebay_test.txt").is_file()
    assert len(server.asked) == 1


def test_without_a_network_the_way_out_is_said(tmp_path, server, monkeypatch):
    monkeypatch.setattr(sop, "URL", f"{server.address}/Stanford_Online_Products.zip")
    message = r"has no Ebay_train.txt, and http.*answered 404.* \(or put Stanford_Online_Products.zip into .* means\)"
    with pytest.raises(InputError, match=message):
        sop.load(tmp_path)
