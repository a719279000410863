"""The judge keeps the protocol of an image set: its pairs, or the rule of its cameras; and a file tells as much."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet, Pairs
from datasets.images.pixels import Unreadable
from datasets.images.skipped import Skipped
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


def by_hand(vectors, labels, asking, k):
    """recall@k: of images that ask all others, the share with one of their class among the k nearest."""
    found = []
    for row in asking:
        distances = np.linalg.norm(vectors - vectors[row], axis=1)
        others = [other for other in np.argsort(distances, kind="stable") if other != row]
        found.append(any(labels[other] == labels[row] for other in others[:k]))
    return np.mean(found)


def test_a_class_with_one_image_asks_nothing_and_disturbs_the_others(net, tmp_path):
    rng = np.random.default_rng(3)
    labels = np.array([0, 0, 0, 1, 1, 2, 3, 3, 4, 5, 5, 5])
    pixels = np.repeat(rng.integers(0, 255, (12, 1, 1, 3)), 8, axis=1).repeat(8, axis=2).astype(np.uint8)
    rows = np.arange(12)
    whole = ImageSet("painted", pixels, labels, tuple("abcdef"), rows[:0], rows, rows, size=8)
    images = whole.with_lone_in_gallery().check(alone=True)
    assert images.query.tolist() == [0, 1, 2, 3, 4, 6, 7, 9, 10, 11] and images.gallery.tolist() == rows.tolist()
    judge = judge_of(images)
    vectors = judge.vectors(net)
    colours = pixels[:, 0, 0].astype(float)
    unit = colours / np.linalg.norm(colours, axis=1, keepdims=True)
    scores = judge.scores(net)
    for k in (1, 2):
        assert scores[f"recall@{k}"] == pytest.approx(by_hand(unit, labels, images.query, k))
    assert "queries left out" not in scores and scores["recall@1"] < 1
    # the same as the whole set asking itself, where queries without an answer are left out
    left = judge_of(whole.check(alone=True)).scores(net)
    assert left.pop("queries left out") == 2
    assert left == pytest.approx(scores)
    vectors_file.save(tmp_path / "vectors.h5", vectors)
    kept = vectors_file.load(tmp_path / "vectors.h5")
    assert judge.scores_of(kept) == scores
    assert kept.own_rows.tolist() == images.query.tolist()
    assert not (kept.neighbors == kept.own_rows[:, None]).any()


def test_queries_of_the_gallery_are_looked_at_once(net, monkeypatch):
    images = painted(query=np.array([1, 0, 4]), gallery=np.arange(10))
    judge, asked = judge_of(images), []
    extract = judge.extract
    monkeypatch.setattr(judge, "extract", lambda net, rows, size=None: asked.append(len(rows)) or extract(net, rows))
    queries, gallery = judge.embeddings(net)
    assert asked == [10]
    assert queries.paths == ("painted[1]", "painted[0]", "painted[4]")
    np.testing.assert_array_equal(queries.vectors, gallery.vectors[[1, 0, 4]])


BROKEN = (0, 5)


def on_disk(images: ImageSet, folder) -> ImageSet:
    """The same set as files, of which BROKEN are no pictures."""
    for row, image in enumerate(images.images):
        cv2.imwrite(str(folder / f"{row}.png"), image[..., ::-1])
    for row in BROKEN:
        (folder / f"{row}.png").write_text("no picture")
    return replace(images, images=[str(folder / f"{row}.png") for row in range(len(images))])


CAMERAS = np.array([1, 2, 1, 2, 1, 2, 3, 2, 1, 2])
SPLITS = {
    "leave-one-out": {},
    "apart": {"query": np.array([0, 2, 4, 7, 9]), "gallery": np.array([1, 3, 5, 6, 8])},
    "queries in the gallery": {"query": np.array([0, 3, 5, 9])},
    "cameras": {"cameras": CAMERAS},
    "cameras, apart": {"cameras": CAMERAS, "query": np.array([0, 2, 4, 7]), "gallery": np.array([1, 3, 5, 6, 8])},
    "pairs": {"query": np.arange(2, 10), "gallery": np.arange(2, 10), "pairs": PAIRS},
}


@pytest.mark.parametrize("split", SPLITS)
def test_what_cannot_be_read_is_as_if_the_set_did_not_have_it(split, net, tmp_path, caplog):
    images = on_disk(painted(**SPLITS[split]), tmp_path)
    skipped = Skipped(len(images))
    judge = Judge(images, size=8, ks=(1, 2), nmi=True, contexts=contexts(""), workers=2, skipped=skipped)
    scores, vectors = judge.scores(net), judge.vectors(net)
    judge.scores(net)
    asked = np.isin(BROKEN, np.concatenate([images.query, images.gallery])).sum()
    assert len(skipped) == asked and len(caplog.messages) == 1

    there = {part: np.setdiff1d(getattr(images, part), BROKEN) for part in ("query", "gallery")}
    keep = ~np.isin(PAIRS.rows, BROKEN).any(axis=1)
    pairs = images.pairs and Pairs(PAIRS.rows[keep], PAIRS.same[keep], PAIRS.folds[keep])
    mended = Judge(replace(images, **there, pairs=pairs), size=8, ks=(1, 2), nmi=True, contexts=contexts(""), workers=1)
    assert scores == mended.scores(net)
    wanted = mended.vectors(net)
    for name in ("gallery", "queries", "gallery_labels", "query_labels", "neighbors"):
        np.testing.assert_array_equal(getattr(vectors, name), getattr(wanted, name))
    assert vectors.query_paths == wanted.query_paths and vectors.gallery_paths == wanted.gallery_paths
    for name in ("query_cameras", "gallery_cameras"):
        np.testing.assert_array_equal(getattr(vectors, name), getattr(wanted, name))
    assert not pairs or vectors.pairs.rows.tolist() == wanted.pairs.rows.tolist()


def test_how_many_images_scores_are_of_is_told_once(net, tmp_path, caplog):
    images = on_disk(painted(query=np.array([0, 2, 4]), gallery=np.array([1, 3, 5, 6])), tmp_path)
    judge = Judge(images, size=8, nmi=False, contexts=contexts(""), skipped=Skipped(10))
    judge.scores(net)
    judge.vectors(net)
    assert caplog.messages == [
        "painted: scores are of 2 of 3 queries and 3 of 4 gallery images: the others cannot be read"
    ]
    with pytest.raises(Unreadable):
        judge_of(images).scores(net)  # without a ledger


def test_where_nothing_can_be_read_there_is_nothing_to_score(net, tmp_path):
    images = on_disk(painted(query=np.array(BROKEN), gallery=np.array([1, 3, 6])), tmp_path)
    judge = Judge(images, size=8, nmi=False, contexts=contexts(""), skipped=Skipped(10))
    with pytest.raises(InputError, match="dataset painted: none of 2 pictures can be read: .*0.png"):
        judge.scores(net)


def test_what_a_network_makes_nan_of_is_no_picture_that_cannot_be_read(tmp_path):
    images = on_disk(painted(), tmp_path)
    judge = Judge(images, size=8, nmi=False, contexts=contexts(""), skipped=Skipped(10))
    diverged = gluon.nn.Lambda(lambda pixels: pixels.astype("float32").mean(axis=(1, 2)) * float("nan"))
    with pytest.raises(InputError, match="8 of 8 embeddings hold NaN or infinity"):
        judge.scores(diverged)
