"""SfM-120k and SfM-30k: pairs that train, models that are judged, and lists that are wrong."""

import pickle
import shutil

import pytest
from instance_trees import SFM, as_sfm

from datasets import images
from datasets.errors import InputError
from datasets.images import sfm30k, sfm120k
from datasets.sources import image_source


def names(found, rows):
    return [found.images[row].rpartition("/")[2] for row in rows]


def test_pairs_train_and_pairs_are_judged(tmp_path, write):
    found = sfm120k.load(write.sfm120k(tmp_path))
    assert found.matches.tolist() == [[0, 1], [2, 3], [3, 2]] and names(found, found.train) == SFM["train"]["cids"]
    assert [names(found, pair) for pair in found.matches[:2]] == [["a000000", "a000001"], ["b000002", "b010203"]]
    assert found.images[3].endswith("/ims/03/02/01/b010203")
    assert names(found, found.query) == ["c000000", "d000001"] and names(found, found.gallery) == SFM["val"]["cids"]
    easy, junk = (
        [names(found, found.gallery[rows]) for rows in lists] for lists in (found.truth.easy, found.truth.junk)
    )
    assert easy == [["c000001"], ["d000000"]] and junk == [["c000000", "c000002"], ["d000001"]]
    assert found.truth.protocol == "instances"
    assert found.class_names == ("7", "8", "val 2", "val 7") and found.labels.tolist() == [0, 0, 1, 1, 3, 3, 3, 2, 2]


def test_the_other_list_is_to_learn_a_whitening_from(tmp_path, write):
    found = sfm120k.load(write.sfm120k(tmp_path), split="whiten")
    assert found.name == "sfm120k-whiten" and found.matches.tolist() == [[0, 1], [2, 3], [3, 2]]
    assert names(found, found.train) == SFM["train"]["cids"] and found.labels.tolist() == [0, 0, 1, 1]
    assert found.truth is None and not len(found.query)


def test_a_whitening_is_learned_from_the_pairs_that_are_published_for_it(tmp_path, write):
    write.instances(write.sfm120k(tmp_path))
    for name in ("sfm120k", "retrieval-SfM-120k", "sfm120k-whiten"):
        assert image_source.load_for_whitening(name, tmp_path).name == "sfm120k-whiten"
    assert image_source.load("sfm120k-whiten", tmp_path).name == "sfm120k-whiten"
    assert image_source.load("retrieval-SfM-120k", tmp_path).name == "sfm120k"
    assert len(image_source.load_for_whitening("instances", tmp_path)) == 12


def test_the_smaller_set_has_the_pictures_of_the_larger(tmp_path, write):
    write.sfm120k(tmp_path)
    write.sfm30k(tmp_path)
    shutil.rmtree(tmp_path / "train" / "retrieval-SfM-30k" / "ims")
    found = sfm30k.load(tmp_path)
    assert found.name == "sfm30k-whiten" and "/retrieval-SfM-120k/ims/" in found.images[0]
    assert sfm30k.load(tmp_path, split="tuples").name == "sfm30k"


def test_it_is_found_in_every_layout(tmp_path, write):
    first = sfm120k.load(write.sfm120k(tmp_path / "a"))
    place = tmp_path / "a" / "train" / "retrieval-SfM-120k"
    layouts = [(tmp_path / "a" / "train", None), (place, None)]
    shutil.copytree(place, tmp_path / "b" / "sfm120k")
    layouts.append((tmp_path / "b", None))
    for lists in ("dbs", "train/dbs"):  # as its server has it
        root = tmp_path / lists.replace("/", " ")
        shutil.copytree(place, root / lists)
        (root / lists / "ims").rename((root / lists).parent / "ims")
        layouts.append((root, None))
    for root, _ in layouts:
        found = images.get("retrieval-SfM-120k").load(root)
        assert names(found, range(9)) == names(first, range(9)) and found.matches.tolist() == first.matches.tolist()


def changed(**changes):
    return {"train": as_sfm(SFM["train"]) | changes, "val": as_sfm(SFM["val"])}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ([], "120k.pkl: has no train: it is no list of retrieval-SfM"),
        ({"train": as_sfm(SFM["train"])}, "120k.pkl: has no val"),
        (changed(cids=None), "120k.pkl: train: has no cids"),
        (changed(qidxs=[0]), "120k.pkl: train: has 1 qidxs, but 3 pidxs"),
        (changed(qidxs=[0, 1, 4]), "120k.pkl: train: a pair names picture 4 of 4"),
        (changed(pidxs=[0, 1, -1]), "120k.pkl: train: a pair names picture -1 of 4"),
        (changed(pidxs=[0, 1, 2.0]), "120k.pkl: train: a pair names picture 2.0 of 4"),
        (changed(cluster=[1, 2]), "120k.pkl: train: its cluster is no list of 4 numbers"),
        (changed(cluster=["a"] * 4), "120k.pkl: train: its cluster is no list of 4 numbers"),
        (changed(cids=["../../../x", "b", "c", "d"]), "120k.pkl: train: '../../../x' is no id of a picture"),
        (changed(cids=["a000000", "a000001", 3, "b010203"]), "120k.pkl: train: 3 is no id of a picture"),
        (changed(cids=["a000000", "a000001", "gone000", "b010203"]), "gone000 is missing, 1 of 9 images"),
        (changed(cids=print), "120k.pkl asks for .*print, which is not run"),
    ],
)
def test_what_is_wrong_in_a_list_is_named(tmp_path, write, content, complaint):
    file = write.sfm120k(tmp_path) / "train" / "retrieval-SfM-120k" / "retrieval-SfM-120k.pkl"
    file.write_bytes(pickle.dumps(content))
    (file.parent / "ims" / "00" / "e0" / "on").mkdir(parents=True)
    with pytest.raises(InputError, match=complaint):
        sfm120k.load(tmp_path)


def test_what_is_missing_is_named(tmp_path, write):
    with pytest.raises(
        InputError, match=r"has no retrieval-SfM-120k.pkl, and no train/retrieval-SfM-120k or train/dbs"
    ):
        sfm120k.load(tmp_path)
    write.sfm120k(tmp_path)
    with pytest.raises(InputError, match=r"has no retrieval-SfM-30k-whiten.pkl"):
        sfm30k.load(tmp_path)
    shutil.rmtree(tmp_path / "train" / "retrieval-SfM-120k" / "ims")
    with pytest.raises(InputError, match=r"ims is missing: unpack ims.tar.gz there"):
        sfm120k.load(tmp_path)
    with pytest.raises(InputError, match="sfm120k needs its folder"):
        sfm120k.load(None)
    with pytest.raises(InputError, match="has no boxes"):
        sfm120k.load(tmp_path, boxes=True)
