"""COCO: restval trains only where it is asked for, five captions of six, and the files of 2017."""

import json

import pytest

from datasets.captions import coco
from datasets.errors import InputError


@pytest.fixture
def tree(tmp_path, write, monkeypatch):
    monkeypatch.setattr(coco, "COUNTS", {"train": 2, "dev": 1, "test": 2})
    monkeypatch.setattr(coco, "RESTVAL", 1)
    return write.coco(tmp_path / "coco")


@pytest.fixture
def tree2017(tmp_path, write):
    return write.coco2017(tmp_path / "coco")


def test_restval_is_left_out(tree):
    found = coco.load(tree.parent)
    assert found.name == "coco" and len(found) == 5
    assert found.images[1] == str(tree / "train2014" / "11_b.jpg")
    assert found.images[4] == str(tree / "val2014" / "14_e.jpg")
    assert (found.train.tolist(), found.dev.tolist(), found.test.tolist()) == ([0, 1], [2], [3, 4])


def test_restval_trains_where_it_is_asked_for(tree):
    found = coco.load(tree, restval=True)
    assert found.name == "coco (restval)" and found.images[5] == str(tree / "val2014" / "16_g.jpg")
    assert (found.train.tolist(), found.dev.tolist(), found.test.tolist()) == ([0, 1, 5], [2], [3, 4])
    assert found.fingerprint() != coco.load(tree).fingerprint()


def test_of_six_captions_the_first_five_are_taken(tree, write):
    found = coco.load(tree)
    assert "A sixth caption ." not in found.captions
    assert list(found.captions[5:10]) == write.captions_of("11_b.jpg")


def test_the_file_may_stand_in_annotations_and_the_images_in_images(tree):
    (tree / "annotations").mkdir()
    (tree / "images").mkdir()
    (tree / "dataset_coco.json").rename(tree / "annotations" / "dataset_coco.json")
    for name in ("train2014", "val2014"):
        (tree / name).rename(tree / "images" / name)
    assert coco.load(tree).images[0] == str(tree / "images" / "train2014" / "10_a.jpg")


def test_a_set_of_other_counts_is_refused(tree, monkeypatch):
    monkeypatch.undo()
    with pytest.raises(InputError, match="2 images in its train part, where Karpathy's split of COCO has 82,783"):
        coco.load(tree)
    with pytest.raises(InputError, match=r"3 images in its train part, where .* COCO with restval has 113,287: unpack"):
        coco.load(tree, restval=True)


def test_half_unpacked_sets_are_named(tree):
    (tree / "train2014" / "11_b.jpg").unlink()
    with pytest.raises(InputError, match=r"dataset_coco.json, images\[1\] \(11_b.jpg\): image .* is missing, 1 of 5"):
        coco.load(tree)
    (tree / "val2014").rename(tree / "away")
    with pytest.raises(InputError, match="coco has no folder val2014 or images/val2014: unpack the images there"):
        coco.load(tree)


def test_the_files_of_2017_test_on_val_and_choose_by_the_last_of_train(tree2017):
    found = coco.load(tree2017)
    assert found.name == "coco2017 (of 24 images)"
    assert [found.images[row] for row in found.dev] == [
        str(tree2017 / "train2017" / f"{image:012d}.jpg") for image in (119, 120)
    ]
    assert [found.images[row] for row in found.train][:2] == [
        str(tree2017 / "train2017" / f"{image:012d}.jpg") for image in (101, 102)
    ]
    assert (len(found.train), len(found.test)) == (18, 4)
    assert [found.captions[place] for place in found.captions_of(found.test[-1:])] == [
        f"Caption {number} of val 104." for number in range(5)
    ]


def test_the_files_of_2017_have_no_restval(tree2017):
    with pytest.raises(InputError, match="has no dataset_coco.json, and COCO 2017 has no restval: leave it out"):
        coco.load(tree2017, restval=True)


def test_karpathys_file_comes_first(tree, write):
    before = coco.load(tree).fingerprint()
    write.coco2017(tree)
    assert coco.load(tree).fingerprint() == before


def drop(content, number):
    del content["annotations"][number]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda content: drop(content, 0), r"images\[0\]: image .*104.jpg has 4 caption\(s\), and 5 are wanted"),
        (
            lambda content: content["annotations"][5].update(caption=" "),
            r"images\[1\]: image .*103.jpg has an empty caption \(number 1\)",
        ),
        (
            lambda content: content["annotations"][5].update(image_id=77),
            r"images\[1\]: .* has 4 caption|captions of im",
        ),
        (
            lambda content: content["annotations"][5].pop("caption"),
            r"annotations\[5\]: its 'caption' is missing or not",
        ),
        (lambda content: content["images"][2].update(id="102"), r"images\[2\]: its 'id' is missing or not a whole num"),
        (lambda content: content["images"][2].update(id=104), r"images\[2\]: image 104 is described already"),
        (
            lambda content: content["images"][2].update(file_name="7.jpg"),
            r"images\[2\]: image .*7.jpg is missing, 1 of",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_place(tree2017, edit, message):
    file = tree2017 / "annotations" / "captions_val2017.json"
    content = json.loads(file.read_text())
    edit(content)
    file.write_text(json.dumps(content))
    with pytest.raises(InputError, match=f"{file}(: has|,) ({message})") as error:
        coco.load(tree2017)
    assert "\n" not in str(error.value)


def test_a_missing_or_other_file_of_2017_is_named(tree2017):
    file = tree2017 / "annotations" / "captions_val2017.json"
    file.write_text('{"images": []}')
    with pytest.raises(InputError, match="captions_val2017.json: its 'annotations' is missing or not a list"):
        coco.load(tree2017)
    file.unlink()
    with pytest.raises(InputError, match="captions_val2017.json is missing"):
        coco.load(tree2017)
