"""Street2Shop: what is present asks and is searched, and the log says how much that is of what is listed."""

import json
import logging

import pytest

from datasets.errors import InputError
from datasets.images import street2shop


@pytest.fixture
def tree(tmp_path, write):
    return write.street2shop(tmp_path / "street2shop")


def shown(found, rows):
    """The images of ``rows`` as (number of the photograph, name of the class)."""
    return [(int(found.images[row][-13:-4]), found.class_names[found.labels[row]]) for row in rows]


def test_streets_ask_shops_in_one_gallery(tree):
    found = street2shop.load(tree)
    assert found.name == "street2shop (all 2 categories in one gallery)"
    assert shown(found, found.query) == [(111, "4"), (113, "4"), (111, "24")]
    assert shown(found, found.gallery) == [
        (1, "1"), (2, "2"), (4, "4"), (6, "6"), (7, "1"), (21, "21"), (24, "24"), (25, "24"),
    ]  # fmt: skip
    assert shown(found, found.train) == [(101, "1"), (102, "2"), (104, "21"), (1, "1"), (2, "2"), (7, "1"), (21, "21")]
    assert street2shop.load(tree.parent).fingerprint() == found.fingerprint()


def test_one_category_is_that_of_its_file(tree):
    found = street2shop.load(tree / "meta" / "json" / "retrieval_hats.json")
    assert found.name == "street2shop (hats)"
    assert shown(found, found.query) == [(111, "24")]
    assert shown(found, found.gallery) == [(21, "21"), (24, "24"), (25, "24")]
    assert shown(found, found.train) == [(104, "21"), (21, "21")]


def test_products_that_are_asked_for_do_not_train(tree):
    file = tree / "meta" / "json" / "train_pairs_bags.json"
    entries = json.loads(file.read_text())
    file.write_text(json.dumps([*entries, {**entries[0], "product": 4}]))
    found = street2shop.load(tree)
    assert "4" not in {name for _, name in shown(found, found.train)}


def test_coverage_is_told_for_every_category_and_in_all(tree, write, caplog):
    (tree / "images" / "000000113.jpg").rename(tree / "images" / "000000112.jpg")
    caplog.set_level(logging.INFO)
    street2shop.load(tree)
    assert [record.getMessage() for record in caplog.records] == [
        "street2shop bags: present are train 3 of 3, test 2 of 3, shop 5 of 7 photographs",
        "street2shop hats: present are train 1 of 1, test 1 of 1, shop 3 of 3 photographs",
        "street2shop: 14 of 17 listed photographs are present",
        "street2shop: 1 of 3 queries left out, their product is in no present photograph",
    ]


def test_photographs_are_called_by_their_id_whatever_the_zeros_folder_and_ending(tree):
    before = street2shop.load(tree)
    for number, path in enumerate(sorted((tree / "images").iterdir())):
        name = f"{int(path.stem)}" + ("", ".JPEG", ".png")[number % 3]
        (tree / "images" / "deep").mkdir(exist_ok=True)
        path.rename(tree / "images" / ("deep" if number % 2 else ".") / name)
    (tree / "images" / "readme.txt").write_text("no photograph")
    (tree / "images" / "999.jpg").write_text("not listed")
    after = street2shop.load(tree)
    assert after.labels.tolist() == before.labels.tolist()
    assert after.images[0] == str(tree / "images" / "101.png")
    assert after.images[-1] == str(tree / "images" / "deep" / "25.JPEG")


def test_empty_files_and_broken_links_are_missing(tree):
    (tree / "images" / "000000006.jpg").write_bytes(b"")
    (tree / "images" / "000000025.jpg").unlink()
    (tree / "images" / "000000025.jpg").symlink_to(tree / "nowhere.jpg")
    found = street2shop.load(tree)
    assert {number for number, _ in shown(found, found.gallery)} == {1, 2, 4, 7, 21, 24}


def test_boxes_crop_the_streets_only(tree):
    found = street2shop.load(tree, boxes=True)
    assert found.boxes[found.query].tolist() == [[photo % 4, 3.0, 2.0, 4.0] for photo in (111, 113, 111)]
    assert (found.boxes[found.gallery] == street2shop.WHOLE).all()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("retrieval_bags.json", "[{", "retrieval_bags.json is no list of photographs"),
        ("retrieval_bags.json", "7", "retrieval_bags.json is no list of photographs"),
        ("retrieval_bags.json", '[{"photo": 1}]', r"retrieval_bags.json is no list .* \(no 'product'\)"),
        ("test_pairs_hats.json", '[{"photo": 1, "product": 2}]', r"test_pairs_hats.json is no list .* \(no 'bbox'\)"),
        (
            "test_pairs_hats.json",
            '[{"photo": 1, "product": 2, "bbox": {"left": 1, "top": 1, "width": 0, "height": 2}}]',
            "test_pairs_hats.json, entry 1: the box is empty",
        ),
        ("test_pairs_hats.json", None, "test_pairs_hats.json is missing"),
        ("../../photos/photos.txt", "one,http://", "photos.txt, line 1: expected id,address, found 'one,http://'"),
        ("../../photos/photos.txt", None, "photos.txt is missing"),
    ],
)
def test_wrong_and_missing_lists_are_named(tree, name, content, message):
    file = tree / "meta" / "json" / name
    file.unlink() if content is None else file.write_text(content)
    with pytest.raises(InputError, match=message):
        street2shop.load(tree)


def test_too_little_on_the_disk_is_named(tree):
    (tree / "images").rename(tree / "away")
    with pytest.raises(InputError, match="images holds no photograph that photos.txt lists: download them there as"):
        street2shop.load(tree)
    (tree / "images").mkdir()
    (tree / "away" / "000000001.jpg").rename(tree / "images" / "000000001.jpg")
    with pytest.raises(InputError, match="no query and photograph of its product are both present"):
        street2shop.load(tree)


def test_a_wrong_root_is_named(tree):
    with pytest.raises(InputError, match=r"has no meta/json: .* folder street2shop .* photos.tar and meta.zip come"):
        street2shop.load(tree / "images")
    for path in (tree / "meta" / "json").glob("retrieval_*"):
        path.unlink()
    with pytest.raises(InputError, match="has no retrieval_<category>.json"):
        street2shop.load(tree)
