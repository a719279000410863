import re
from dataclasses import replace

import cv2
import numpy as np
import pytest

from datasets.errors import InputError
from embedding.reranking.geometry import fit
from embedding.reranking.local_features import Sift, find, none
from embedding.reranking.matching import Matcher
from embedding.reranking.verify import DEFAULT, Verification, joined, parsed, verify
from tests.embedding.reranking.test_local_features import blobs


def seen_from_elsewhere(picture: np.ndarray, seed: int) -> np.ndarray:
    """A photograph of it, turned, in perspective and darker."""
    rng = np.random.default_rng(seed)
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(-40, 40)), 0.8)
    moved = cv2.transform(corners[None], matrix)[0] + rng.normal(0, 8, (4, 2))
    perspective = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    seen = cv2.warpPerspective(picture, perspective, (width, height), borderValue=(90, 120, 90))
    return (seen * 0.8 + rng.normal(0, 4, seen.shape)).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def pictures() -> tuple[list, list]:
    """Features of 3 queries and of a gallery of 8, of which the first 3 show what the queries do."""
    drawn = [blobs(seed=seed) for seed in range(8)]
    how = Sift(count=300)
    return [find(seen_from_elsewhere(one, i), how) for i, one in enumerate(drawn[:3])], [
        find(one, how) for one in drawn
    ]


def test_what_shows_the_same_comes_first(pictures):
    queries, gallery = pictures
    neighbors = np.array([[7, 6, 5, 0], [3, 4, 1, 2], [2, 1, 0, 3]])
    scores = np.tile(np.array([0.6, 0.55, 0.5, 0.45], np.float32), (3, 1))
    verified = verify(neighbors, scores, queries, gallery)
    assert verified.neighbors.tolist() == [[0, 7, 6, 5], [1, 3, 4, 2], [2, 1, 0, 3]]
    assert (verified.inliers[:, 0] > 30).all()
    assert (verified.inliers[:, 1:] <= 8).all()
    assert (np.diff(verified.scores, axis=1) <= 0).all()
    assert verified.scores.dtype == np.float32


def test_scores_and_matches_are_those_of_each_pair_alone(pictures):
    queries, gallery = pictures
    neighbors, scores = np.array([[1, 5, 0]]), np.array([[0.9, 0.8, 0.7]], np.float32)
    verified = verify(neighbors, scores, queries[:1], gallery, workers=1)
    cosines = dict(zip(neighbors[0].tolist(), scores[0].tolist(), strict=True))
    for place, position in enumerate(verified.neighbors[0].tolist()):
        pairs = Matcher(queries[0]).match(gallery[position], ratio=DEFAULT.ratio)
        kept = fit(queries[0], gallery[position], pairs, DEFAULT.movement).inliers
        count = verified.inliers[0, place]
        assert count == kept.sum()
        own = cosines[position] + DEFAULT.weight * np.log(1 + max(0, count - DEFAULT.floor))
        assert verified.scores[0, place] == pytest.approx(own, abs=1e-6)
        match = verified.matches[0][place]
        np.testing.assert_allclose(match.query, queries[0].places[pairs.query[kept]] / 320, rtol=1e-6)
        np.testing.assert_allclose(match.found, gallery[position].places[pairs.found[kept]] / 320, rtol=1e-6)


def test_no_more_inliers_than_chance_change_nothing():
    scores = np.array([0.5, 0.4, 0.3])
    assert joined(scores, np.array([0, 2, 3]), Verification(floor=3)).tolist() == pytest.approx([0.5, 0.4, 0.3])
    many = joined(scores, np.array([0, 0, 4]), Verification(floor=3, weight=0.5))
    assert many.tolist() == pytest.approx([0.5, 0.4, 0.3 + 0.5 * np.log(2)])


def test_without_features_the_order_stays_and_what_is_none_is_last(pictures):
    queries, gallery = pictures
    blank = [none((10, 10))] * 8
    neighbors, scores = np.array([[4, 2, 6]]), np.array([[0.5, 0.5, 0.1]], np.float32)
    assert verify(neighbors, scores, queries[:1], blank).neighbors.tolist() == [[4, 2, 6]]
    assert verify(neighbors, scores, [none((5, 5))], gallery).inliers.tolist() == [[0, 0, 0]]
    missing = verify(np.array([[3, 0, -1]]), np.array([[0.5, 0.4, -np.inf]], np.float32), queries[:1], gallery)
    assert missing.neighbors.tolist() == [[0, 3, -1]]


def test_threads_change_nothing(pictures):
    queries, gallery = pictures
    neighbors, scores = np.tile(np.arange(8), (3, 1)), np.zeros((3, 8), np.float32)
    one, four = (verify(neighbors, scores, queries, gallery, workers=count) for count in (1, 4))
    np.testing.assert_array_equal(one.neighbors, four.neighbors)
    np.testing.assert_array_equal(one.scores, four.scores)


@pytest.mark.parametrize("shape", [(0, 5), (2, 0)])
def test_nothing_asked_or_nothing_found_is_nothing(shape):
    verified = verify(np.empty(shape, np.int64), np.empty(shape, np.float32), [none((5, 5))] * shape[0], [])
    assert verified.neighbors.shape == verified.inliers.shape == shape
    assert len(verified.matches) == shape[0]


def test_settings_are_read_from_a_word():
    assert [parsed(text, "--rerank") for text in ("100", "0")] == [(100, DEFAULT), (0, DEFAULT)]
    assert parsed(" 20:6", "--rerank") == (20, replace(DEFAULT, floor=6))
    assert parsed("20:0:0.25", "--rerank") == (20, replace(DEFAULT, floor=0, weight=0.25))


@pytest.mark.parametrize("text", ["", "-1", "ten", "10:", "10:4:", "10:4:x", "10:-4", "10:4:0.3:1", "1.5", "10:4:inf"])
def test_a_word_that_is_no_setting_is_told(text):
    with pytest.raises(InputError, match=f"--rerank={re.escape(text)}: give how many of the first"):
        parsed(text, "--rerank")
