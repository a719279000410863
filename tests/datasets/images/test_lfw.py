"""LFW: pairs.txt says who is asked and in which fold, and broken lines and missing images are named."""

import shutil

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images import lfw


@pytest.fixture
def tree(tmp_path, write, monkeypatch):
    monkeypatch.setattr(lfw, "COUNTS", {"all": (8, 4)})
    return write.lfw(tmp_path / "faces")


def test_the_pairs_are_the_task(tree):
    faces = lfw.load(tree)
    assert faces.name == "lfw-deepfunneled" and faces.class_names == ("Ann_Lee", "Bo", "Cy_De_La_Cruz", "Di")
    assert faces.labels.tolist() == [0, 0, 0, 1, 2, 2, 3, 3]
    rows = [[0, 2], [6, 7], [0, 3], [3, 7], [4, 5], [2, 0], [6, 2], [5, 6]]
    assert faces.pairs.rows.tolist() == rows and faces.pairs.rows.dtype == np.int64
    assert faces.pairs.same.tolist() == [True, True, False, False] * 2
    assert faces.pairs.folds.tolist() == [0] * 4 + [1] * 4
    assert faces.images[7] == str(tree / "lfw-deepfunneled" / "Di" / "Di_0002.jpg")
    same = faces.labels[faces.pairs.rows[:, 0]] == faces.labels[faces.pairs.rows[:, 1]]
    np.testing.assert_array_equal(same, faces.pairs.same)


def test_images_in_pairs_ask_and_nobody_trains(tree):
    faces = lfw.load(tree)
    assert not len(faces.train) and faces.leave_one_out
    assert faces.query.tolist() == [0, 2, 3, 4, 5, 6, 7]  # without the second of Ann Lee, with Bo's only one


def test_every_alignment_has_its_name(tree, write):
    deep = lfw.load(tree).fingerprint()
    write.lfw(tree, inner="lfw")
    write.lfw(tree, inner="lfw_funneled")
    assert lfw.load(tree).fingerprint() == deep
    names = []
    for name in lfw.ALIGNMENTS:
        names.append(lfw.load(tree).name)
        shutil.rmtree(tree / name)
    assert names == ["lfw-deepfunneled", "lfw_funneled", "lfw"]


def test_the_folder_around_it_and_pairs_beside_the_people_do_as_well(tree, tmp_path):
    before = lfw.load(tree)
    (tree / "pairs.txt").rename(tree / "lfw-deepfunneled" / "pairs.txt")
    assert lfw.load(tree).fingerprint() == before.fingerprint()
    tree.rename(tmp_path / "lfw")
    assert lfw.load(tmp_path / "lfw").pairs.rows.tolist() == before.pairs.rows.tolist()
    inner = tmp_path / "lfw" / "lfw-deepfunneled"
    inner.rename(tmp_path / "people")
    inner.mkdir()
    (tmp_path / "people").rename(inner / "lfw-deepfunneled")
    assert lfw.load(tmp_path / "lfw").images[0] == str(inner / "lfw-deepfunneled" / "Ann_Lee" / "Ann_Lee_0001.jpg")


def edit(tree, number, line):
    """Put ``line`` (None: nothing) in the place of line ``number``, which counts from 1."""
    lines = (tree / "pairs.txt").read_text().splitlines()
    lines[number - 1 : number] = [] if line is None else [line]
    (tree / "pairs.txt").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("number", "line", "message"),
    [
        (1, "500", r"line 1: expected the numbers of folds and of pairs, as 10 300, found '500'"),
        (1, "2\t0", r"line 1: expected the numbers"),
        (1, "2\t3", r"line 1 tells of 2 folds of 3 \+ 3 pairs, that is 12 lines, but 8 follow"),
        (9, None, r"line 1 tells of 2 folds of 2 \+ 2 pairs, that is 8 lines, but 7 follow"),
        (3, "Di\t1", r"line 3: expected name number number, found 'Di\t1'"),
        (3, "Di\t1\tBo\t1", r"line 3: expected name number number,"),
        (4, "Di\t1\t2", r"line 4: expected name number name number, found 'Di\t1\t2'"),
        (8, "Di\tone\tBo\t1", r"line 8: expected name number name number"),
        (7, "Ann_Lee\t3\t4", r"line 7: .*/Ann_Lee/Ann_Lee_0004.jpg is missing \(1 such images\): unpack the images"),
    ],
)
def test_broken_pairs_are_told_by_file_and_line(tree, number, line, message):
    edit(tree, number, line)
    with pytest.raises(InputError, match=rf"faces/pairs\.txt.*{message}"):
        lfw.load(tree)


def test_a_missing_image_of_a_pair_is_named(tree):
    shutil.rmtree(tree / "lfw-deepfunneled" / "Di")
    with pytest.raises(InputError, match=r"pairs.txt, line 3: .*/Di/Di_0001.jpg is missing \(2 such images\)"):
        lfw.load(tree)


def test_other_counts_are_refused(tree):
    (tree / "lfw-deepfunneled" / "Ann_Lee" / "Ann_Lee_0002.jpg").unlink()
    with pytest.raises(InputError, match="has 7 images of 4 classes, where LFW has 8 of 4"):
        lfw.load(tree)


def test_mistakes_are_named(tree, tmp_path):
    with pytest.raises(InputError, match="LFW has no boxes"):
        lfw.load(tree, boxes=True)
    with pytest.raises(InputError, match="dataset lfw needs its folder"):
        lfw.load(None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty has no lfw-deepfunneled"):
        lfw.load(tmp_path / "empty")
    (tmp_path / "empty" / "lfw").touch()
    with pytest.raises(InputError, match="empty/lfw is a file and no folder"):
        lfw.load(tmp_path / "empty")
    (tree / "pairs.txt").unlink()
    with pytest.raises(InputError, match=r"faces/pairs.txt is missing: it is a download of its own"):
        lfw.load(tree)
