"""Sets of pairs that are not what they should be, each refused with a line that names the file."""

import h5py
import numpy as np
import pair_trees
import pytest
from scipy.io import savemat

from datasets.errors import InputError
from datasets.images import pixels
from datasets.pairs import flickr8k, mirflickr25k, nuswide, pairs, wiki

STRANGERS = pair_trees.STRANGE


def test_true_counts_are_asked_for(tmp_path):
    with pytest.raises(InputError, match="4 pairs in its train part, where Wiki has 2,173"):
        wiki.load(pair_trees.write_wiki(tmp_path))
    with pytest.raises(InputError, match="MIRFlickr-25k has 2,000"):
        mirflickr25k.load(pair_trees.write_mirflickr25k(tmp_path))
    assert wiki.COUNTS == {"train": 2_173, "query": 693, "gallery": 2_173}
    assert mirflickr25k.COUNTS == {"query": 2_000, "train": 10_000, "gallery": 18_015}
    assert nuswide.COUNTS == {"query": 2_100, "train": 10_500, "gallery": 193_734}


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda root: (root / "raw_features.mat").write_bytes(b"no"), "raw_features.mat cannot be read"),
        (lambda root: savemat(root / "raw_features.mat", {"I_tr": np.ones((4, 2))}), "has no features"),
        (lambda root: (root / "testset_txt_img_cat.list").write_text("a\tb\t11\n"), "line 1: category 11 is none of"),
        (lambda root: (root / "testset_txt_img_cat.list").write_text("a\tb\n"), "line 1: expected text image category"),
        (lambda root: (root / "testset_txt_img_cat.list").write_text("a\tb\t1\n"), "I_te has 2 rows, and testset"),
        (lambda root: (root / "trainset_txt_img_cat.list").unlink(), "trainset_txt_img_cat.list is missing"),
    ],
)
def test_wiki(tmp_path, small, spoil, words):
    spoil(pair_trees.write_wiki(tmp_path))
    with pytest.raises(InputError, match=words):
        wiki.load(tmp_path)


def test_wiki_has_two_kinds_of_texts(tmp_path, small):
    root = pair_trees.write_wiki(tmp_path)
    assert [wiki.load(root, texts=kind).texts.shape[1] for kind in ("", "tfidf", "topics")] == [9, 9, 3]
    assert wiki.load(root, texts="topics").name == "wiki-topics"


def test_nuswide(tmp_path, small):
    root = pair_trees.write_nuswide(tmp_path / "nus")
    (root / "YAll").mkdir()
    (root / "nus-wide-tc21-yall.mat").rename(root / "YAll" / "nus-wide-tc21-yall.mat")  # as they are packed
    assert len(nuswide.load(root)) == 7
    savemat(root / "nus-wide-tc21-lall.mat", {"LAll": np.ones((6, 3))})
    with pytest.raises(InputError, match="lall.mat: LAll has 6 rows, and .*iall.mat 7 pictures"):
        nuswide.load(root)
    (root / "nus-wide-tc21-lall.mat").unlink()
    with pytest.raises(InputError, match="nus-wide-tc21-lall.mat is missing"):
        nuswide.load(root)


def test_pictures_of_another_kind(tmp_path, small):
    with h5py.File(tmp_path / "FLICKR-25K.mat", "w") as file:
        file["images"] = np.zeros((7, 4, 4, 3), np.uint8)
    with pytest.raises(InputError, match="images is .*not pictures"):
        mirflickr25k.load(tmp_path)
    root = pair_trees.write_mirflickr25k(tmp_path / "other")
    with pytest.raises(pixels.Unreadable, match="row 7 of images cannot be read"):
        pixels.read(f"{root}/FLICKR-25K.mat/images/7")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["images/0.png\tcar\n"], "train.tsv, line 1: expected path<TAB>label<TAB>text"),
        (["images/0.png\tcar\ta\tb\n"], "train.tsv, line 1: expected"),
        (["images/0.png\t,\tred\n"], "train.tsv, line 1: has no label"),
        (["images/9.png\tcar\tred\n"], "9.png is missing"),
        (["images/0.png\t0\tred\n"] * 2, "line 2: the pair is there already, in .*line 1"),
        (["images/0.png\t7\tred\n"], "categories.txt: names 2 labels, and the lists have label 7"),
        (["\n"], "train.tsv is empty"),
    ],
)
def test_own_pairs(tmp_path, lines, words):
    with pytest.raises(InputError, match=words):
        pairs.load(pair_trees.write_pairs(tmp_path, lines=lines))


def test_own_pairs_without_their_list(tmp_path):
    pair_trees.write_pairs(tmp_path)
    (tmp_path / "test.tsv").unlink()
    with pytest.raises(InputError, match="test.tsv is not there"):
        pairs.load(tmp_path)


def test_own_pairs_have_one_label_or_several(tmp_path):
    found = pairs.load(pair_trees.write_pairs(tmp_path))
    assert found.pictures.class_names == ("vehicles", "animals") and found.pictures.labels.tolist() == [0, 1, 0, 1]
    assert found.texts[1:3] == STRANGERS
    lines = ["images/0.png\tcar, red ,car\ta red car\n", "images/1.png\tdog\ta dog\n"]
    several = pairs.load(pair_trees.write_pairs(tmp_path, lines=lines)).pictures
    assert several.class_names == ("0", "1", "car", "dog", "red")
    assert several.labels[0].tolist() == [False, False, True, False, True]


def test_labels_of_flickr8k_are_words_that_two_captions_have(tmp_path, small):
    found = flickr8k.load(pair_trees.write_flickr8k(tmp_path))
    assert found.name == "flickr8k-shared-words"
    assert "caption" in found.pictures.class_names and "the" not in found.pictures.class_names
    assert found.pictures.labels[:, found.pictures.class_names.index("caption")].all()
    assert found.texts[0].count("\n") == 4
