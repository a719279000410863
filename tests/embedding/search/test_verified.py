"""Answers verified: the thing before all others, positions as they were given; and every two compared once."""

import cv2
import numpy as np
import pytest
import small_things

from datasets.errors import InputError
from datasets.images.base import ImageSet
from embedding.search import inliers
from embedding.search.inliers import Inliers
from embedding.search.verified import Pictures, Verifier


def things(root) -> ImageSet:
    """Rows 0..2 are photographs of the things of rows 3..5; row 6 cannot be read."""
    paths = []
    for role in ("query", "reference"):
        for number in range(3):
            flat = small_things.flat(number)
            picture = small_things.photographed(flat, number) if role == "query" else flat
            paths.append(str(root / f"{role}{number}.png"))
            cv2.imwrite(paths[-1], picture)
    (root / "broken.png").write_text("no picture")
    rows = np.arange(7)
    return ImageSet("things", [*paths, str(root / "broken.png")], rows * 0, ("x",), rows[:0], rows[:3], rows[3:])


def test_the_thing_comes_first_and_what_is_none_stays_last(tmp_path):
    images = things(tmp_path)
    asking, answering = Pictures(images, images.query), Pictures(images, images.gallery)
    neighbors = np.array([[3, 2, 1, 0], [0, 2, 1, -1], [3, 2, -1, -1]])
    scores = np.where(neighbors < 0, -np.inf, np.float32([0.54, 0.53, 0.52, 0.51])).astype(np.float32)
    found = Verifier(tmp_path / "features")(asking, answering, neighbors, scores)
    assert found.neighbors[:, 0].tolist() == [0, 1, 2]
    for row, given in zip(found.neighbors, neighbors, strict=True):
        assert sorted(row) == sorted(given)
    assert found.neighbors[1, -1] == found.neighbors[2, -1] == found.neighbors[2, -2] == -1
    assert (found.inliers[:, 0] > 20).all() and found.inliers[0, found.neighbors[0].tolist().index(3)] == 0
    assert len(found.matches[0][0].query) == found.inliers[0, 0]


def test_two_pictures_are_compared_once(tmp_path, monkeypatch):
    images = things(tmp_path)
    verifier = Verifier(tmp_path / "features")
    asks, answers = images.query, np.array([[3, 4, 5]] * 3)
    first = Inliers(images, tmp_path, verifier).of(asks, answers)
    assert (first.argmax(axis=1) == [0, 1, 2]).all() and (first.max(axis=1) > 20).all()
    again = Inliers(images, tmp_path, verifier)
    monkeypatch.setattr(again, "_compare", None)  # cannot be called
    np.testing.assert_array_equal(again.of(asks, answers), first)
    some = images.with_split(
        train=images.train, query=np.array([1, 2]), gallery=np.array([4, 5])
    )  # of more that are not
    found = Inliers(some, tmp_path, verifier)
    np.testing.assert_array_equal(found.of(some.query, answers[:2, 1:]), first[1:, 1:])
    assert len(found._features) == 4
    cv2.imwrite(images.images[3], small_things.flat(9))
    assert Inliers(images, tmp_path, verifier).of(asks, answers)[0, 0] < 20  # another picture is another one


def test_a_table_is_whole_or_not_there_and_too_many_pictures_are_told(tmp_path, monkeypatch):
    images = things(tmp_path)

    def killed(file, array):
        file.write(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(np, "save", killed)
        Inliers(images, tmp_path, Verifier(tmp_path / "features"))
    assert not list(tmp_path.glob("inliers-*.npy"))
    monkeypatch.setattr(inliers, "_MOST", 6)
    with pytest.raises(InputError, match="7 pictures, more than 6, .* give --rerank=none"):
        Inliers(images, tmp_path, Verifier(tmp_path / "features"))
