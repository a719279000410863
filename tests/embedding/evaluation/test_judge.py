"""The judge keeps the protocol of an image set: its pairs, or the rule of its cameras; and a file tells as much."""

from dataclasses import replace

import numpy as np
import pytest

from datasets.images.base import ImageSet, Pairs
from datasets.stored import vectors_file
from embedding.evaluation.judge import Judge, table
from embedding.mx import contexts, gluon


def painted(**changes) -> ImageSet:
    """Ten images of five classes, of one colour each; a class's colours are alike but for the last class's."""
    colours = [(250, 9, 9), (240, 30, 9), (9, 250, 9), (30, 240, 9), (9, 9, 250), (9, 30, 240)]
    colours += [(200, 200, 9), (200, 220, 9), (9, 200, 200), (200, 9, 200)]
    images = np.broadcast_to(np.array(colours, np.uint8)[:, None, None], (10, 8, 8, 3)).copy()
    rows = np.arange(10)
    labels = np.repeat(np.arange(5), 2)
    return replace(ImageSet("painted", images, labels, tuple("abcde"), rows[:0], rows, rows, size=8), **changes)


def judge_of(images: ImageSet) -> Judge:
    return Judge(images, size=8, ks=(1, 2), nmi=False, contexts=contexts(""), workers=1)


@pytest.fixture
def net() -> gluon.Block:
    return gluon.nn.Lambda(lambda pixels: pixels.astype("float32").mean(axis=(1, 2)))


def pairs_of(*folds: list[tuple[int, int, bool]]) -> Pairs:
    rows = [(i, j) for fold in folds for i, j, _ in fold]
    same = [kind for fold in folds for _, _, kind in fold]
    return Pairs(np.array(rows), np.array(same), np.repeat(np.arange(len(folds)), [len(fold) for fold in folds]))


# Of the second fold 8 and 9 are of one class, and far apart.
PAIRS = pairs_of(
    [(2, 3, True), (4, 5, True), (2, 4, False), (3, 5, False)],
    [(6, 7, True), (8, 9, True), (4, 8, False), (6, 2, False)],
)


def test_a_set_with_pairs_is_judged_by_them(net, tmp_path):
    asked = np.unique(PAIRS.rows)  # 2 to 9: rows of the images are not rows of the queries
    images = painted(query=asked, gallery=asked, pairs=PAIRS).check()
    judge = judge_of(images)
    scores = judge.scores(net)
    assert list(scores) == ["accuracy", "standard error", "roc auc", "eer"]
    assert scores["accuracy"] == pytest.approx((4 / 4 + 3 / 4) / 2)
    vectors = judge.vectors(net)
    assert vectors.gallery_embeddings.paths[vectors.pairs.rows[5, 1]] == "painted[9]"
    vectors_file.save(tmp_path / "vectors.h5", vectors)
    assert judge.scores_of(vectors_file.load(tmp_path / "vectors.h5")) == scores
    lines = table([{"row": "best", "data": judge.title, **scores}]).splitlines()
    assert lines[1].split() == ["accuracy", "standard", "error", "roc", "auc", "eer"]
    assert lines[2].split()[:3] == ["best", "0.8750", "0.1250"]


def test_a_table_of_rows_that_were_asked_for_other_scores():
    rows = [{"row": "untrained", "data": "birds", "recall@1": 0.5, "queries left out": 3.0}]
    rows.append({"row": "last", "data": "birds", "recall@1": 0.75, "recall@5": 1.0})
    lines = [line.split() for line in table(rows).splitlines()[1:]]
    assert lines == [["recall@1", "recall@5"], ["untrained", "0.5000", "-"], ["last", "0.7500", "1.0000"]]


def test_another_split_is_judged_by_retrieval_where_it_lacks_images_of_pairs(net):
    images = painted(pairs=PAIRS)
    everything = images.with_split(train=images.train, query=images.query, gallery=images.gallery)
    assert everything.pairs is PAIRS
    some = images.with_split(train=images.train, query=np.arange(4), gallery=np.arange(4))
    assert some.pairs is None
    assert judge_of(some).scores(net)["recall@1"] == 1


def test_a_set_with_cameras_is_judged_under_their_rule(net, tmp_path):
    images = painted(cameras=np.array([1, 1, 1, 2, 1, 2, 1, 2, 1, 2]))
    judge = judge_of(images)
    scores = judge.scores(net)
    # Class a was seen by camera 1 only and is left out; each of b, c, d finds its other image first, and neither of e.
    assert scores["queries left out"] == 2
    assert scores["recall@1"] == pytest.approx(6 / 8) and 6 / 8 < scores["map"] < 1
    vectors = judge.vectors(net)
    vectors_file.save(tmp_path / "vectors.h5", vectors)
    assert judge.scores_of(vectors_file.load(tmp_path / "vectors.h5")) == scores
    assert vectors.query_cameras.tolist() == images.cameras.tolist()
    split = replace(images, query=np.array([3, 5]), gallery=np.array([2, 4, 6]))
    assert judge_of(split).vectors(net).gallery_cameras.tolist() == [1, 1, 1]
    assert judge_of(split).vectors(net).query_cameras.tolist() == [2, 2]
