"""Precomputed features: a row an image or a row a caption, found by their folder, and wrong files named."""

import numpy as np
import pytest

from datasets.captions import precomputed
from datasets.errors import InputError


@pytest.fixture
def tree(tmp_path, write):
    return write.precomputed(tmp_path) / "f8k_precomp"


def test_features_captions_and_parts(tree, write):
    found = precomputed.load(tree)
    assert found.name == "f8k_precomp" and found.precomputed and found.images.dtype == np.float32
    np.testing.assert_array_equal(found.images, np.concatenate([write.features(p) for p in ("train", "dev", "test")]))
    assert (found.train.tolist(), found.dev.tolist(), found.test.tolist()) == ([0, 1, 2], [3], [4, 5])
    assert [found.captions[place] for place in found.captions_of(found.test[1:])] == write.captions_of("test 1")


def test_a_row_a_caption_is_the_same_set(tree, tmp_path, write, monkeypatch):
    monkeypatch.setattr(precomputed, "BLOCK", 2)
    before = precomputed.load(tree)
    rows_a_caption = write.precomputed(tmp_path / "other", rows_an_image=5)
    assert precomputed.load(rows_a_caption).fingerprint() == before.fingerprint()


def test_testall_is_another_test_part(tree, write):
    found = precomputed.load(tree, testall=True)
    assert found.name == "f8k_precomp (testall)" and found.test.tolist() == [4, 5, 6, 7]
    np.testing.assert_array_equal(found.images[found.test], write.features("testall"))


def test_the_folder_is_found_by_its_name_or_by_being_the_only_one(tree, write):
    expected = precomputed.load(tree).fingerprint()
    for root, inner in ((tree.parent, ""), (tree.parent, "f8k_precomp"), (tree, "f8k_precomp")):
        assert precomputed.load(root, inner=inner).fingerprint() == expected
    write.precomputed(tree.parent, inner="coco_precomp")
    assert precomputed.load(tree.parent, inner="coco_precomp").name == "coco_precomp"
    with pytest.raises(InputError, match=r"has several folders .* \(coco_precomp, f8k_precomp\): name one of them"):
        precomputed.load(tree.parent)
    with pytest.raises(InputError, match=r"f30k_precomp/train_caps.txt is missing"):
        precomputed.load(tree.parent, inner="f30k_precomp")
    with pytest.raises(InputError, match=r"has no train_ims.npy, nor a folder \*_precomp with one: name the folder"):
        precomputed.load(_empty(tree))
    with pytest.raises(InputError, match="nowhere is not a folder"):
        precomputed.load(tree / "nowhere")


def _empty(tree):
    (tree / "empty").mkdir()
    return tree / "empty"


def test_other_numbers_become_float32(tree, write):
    np.save(tree / "train_ims.npy", write.features("train").astype(np.float64))
    np.save(tree / "dev_ims.npy", np.asfortranarray(write.features("dev")))
    found = precomputed.load(tree)
    assert found.images.dtype == np.float32
    np.testing.assert_array_equal(found.images[:3], write.features("train"))


def refused(tree, message):
    with pytest.raises(InputError, match=f"{tree}/{message}") as error:
        precomputed.load(tree)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kept", [0, 5, 40, 130, -1])
def test_a_cut_file_is_named(tree, kept):
    content = (tree / "test_ims.npy").read_bytes()
    (tree / "test_ims.npy").write_bytes(content[:kept])
    refused(tree, "test_ims.npy: (not a whole .npy file|the file is empty)")


def test_what_is_no_features_is_named(tree, write):
    file = tree / "train_ims.npy"
    for wrong in (np.zeros(3), np.zeros((3, 0)), np.zeros((3, 2, 2))):
        np.save(file, wrong)
        refused(tree, r"train_ims.npy: expected vectors as rows \(N, D\)")
    np.save(file, np.full((3, 6), "a"))
    refused(tree, "train_ims.npy: features must be numbers, not <U1")
    np.save(file, np.array([[{}]]), allow_pickle=True)
    refused(tree, "train_ims.npy: not a whole .npy file")
    with file.open("wb") as stream:
        np.savez(stream, np.zeros((3, 6)))
    refused(tree, "train_ims.npy: not a whole .npy file")
    np.save(file, write.features("train"))
    (tree / "dev_ims.npy").unlink()
    refused(tree, "dev_ims.npy: there is no such file")


def test_numbers_that_are_not_finite_are_named_by_their_image(tree, write):
    rows = write.features("train")
    rows[1, 3] = np.nan
    np.save(tree / "train_ims.npy", rows)
    refused(tree, "train_ims.npy: the features of image 1 are not all finite numbers")


def test_counts_that_do_not_fit_are_named(tree, write):
    np.save(tree / "train_ims.npy", write.features("train")[:2])
    refused(tree, "train_ims.npy: has 2 rows, where train_caps.txt has 15 captions: neither a row an image")
    np.save(tree / "train_ims.npy", write.features("train", dim=5))
    refused(tree, "dev_ims.npy: has features of 6 numbers, where those of train have 5")


def test_rows_of_an_image_that_differ_are_named(tree, write):
    rows = np.repeat(write.features("train"), 5, axis=0)
    rows[7, 2] += 1
    np.save(tree / "train_ims.npy", rows)
    refused(tree, "train_ims.npy: has a row a caption, but rows 5 to 9 are not equal")


def test_wrong_captions_are_named(tree):
    file = tree / "dev_caps.txt"
    lines = file.read_bytes().split(b"\n")
    file.write_bytes(b"\n".join(lines[1:]))
    refused(tree, "dev_caps.txt: has 4 captions, which are not 5 an image")
    file.write_bytes(b"\n".join([*lines[:2], b" ", *lines[3:]]))
    refused(tree, "dev_caps.txt, line 3: the caption is empty; write one")
    file.write_bytes(b"\n".join([*lines[:2], b"caf\xe9", *lines[3:]]))
    refused(tree, "dev_caps.txt, line 3: is no UTF-8 text")
    file.write_bytes(b"")
    refused(tree, "dev_caps.txt: has 0 captions")
    file.unlink()
    refused(tree, "dev_caps.txt is missing")
