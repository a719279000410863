"""Verification: a case worked out by hand, every threshold tried in plain loops, and scikit-learn's curve."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

import embedding.mx  # noqa: F401
from datasets.errors import InputError
from datasets.images.base import Pairs
from datasets.vectors.base import Embeddings
from embedding.evaluation.scores import evaluate_pairs
from embedding.evaluation.verification import best_threshold, verification_scores

DISTANCES = np.array([0.1, 0.3, 0.2, 0.6, 0.2, 0.4, 0.5, 0.9])
SAME = np.array([True, True, False, False] * 2)
FOLDS = np.repeat([0, 1], 4)


def test_by_hand():
    # Fold 1 is parted by 0.45, halfway between 0.4 and 0.5; of fold 0 that calls 0.1, 0.3, 0.6 rightly, 0.2 wrongly.
    # On fold 0, 0.15 (0.1 below) and 0.45 (0.1, 0.2, 0.3 below) make one mistake each, and the lower is taken; of
    # fold 1 that calls no pair the same: half is right.
    scores = verification_scores(DISTANCES, SAME, FOLDS)
    assert scores["accuracy"] == pytest.approx((3 / 4 + 2 / 4) / 2)
    # The deviations from 5/8 are 1/8 each: sqrt(2 / 64 / (2 - 1)) / sqrt(2).
    assert scores["standard error"] == pytest.approx(1 / 8)
    # Of 4 x 4 comparisons 13 are right, and 0.2 against 0.2 is a tie.
    assert scores["roc auc"] == pytest.approx(13.5 / 16)
    # Between 0.3 and 0.4, one of four different pairs is accepted and one of four same ones is not.
    assert scores["eer"] == pytest.approx(1 / 4)


def random_pairs(seed: int, folds: int = 10, count: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distances as of unit rows, rounded so that many are the same."""
    rng = np.random.default_rng(seed)
    same = np.tile(np.repeat([True, False], count), folds)
    distances = np.round(rng.normal(np.where(same, 0.9, 1.2), 0.2), 1 + seed).astype(np.float32)
    return distances, same, np.repeat(np.arange(folds), 2 * count)


@pytest.mark.parametrize("seed", range(4))
def test_against_every_threshold_in_plain_loops(seed):
    distances, same, folds = random_pairs(seed)
    values = sorted({float(value) for value in distances})
    cuts = [-np.inf, *((one + other) / 2 for one, other in itertools.pairwise(values)), np.inf]

    # right[cut][fold] : how many pairs of the fold are called rightly
    right = {cut: np.zeros(10, int) for cut in cuts}
    for cut, of_fold in right.items():
        for distance, kind, fold in zip(distances, same, folds, strict=True):
            of_fold[fold] += (float(distance) < cut) == kind
    accuracies = []
    for fold in range(10):
        others = [of_fold.sum() - of_fold[fold] for of_fold in right.values()]
        best = cuts[others.index(max(others))]  # the lowest
        accuracies.append(right[best][fold] / 24)
    scores = verification_scores(distances, same, folds)
    assert scores["accuracy"] == pytest.approx(np.mean(accuracies))
    error = sum((a - np.mean(accuracies)) ** 2 for a in accuracies) / 9
    assert scores["standard error"] == pytest.approx((error / 10) ** 0.5)
    assert 0.6 < scores["accuracy"] < 0.95  # neither chance nor certainty


@pytest.mark.parametrize("seed", range(4))
def test_the_curve_against_scikit_learn(seed):
    distances, same, folds = random_pairs(seed)
    scores = verification_scores(distances, same, folds)
    assert scores["roc auc"] == pytest.approx(roc_auc_score(same, -distances))
    false, true, _ = roc_curve(same, -distances, drop_intermediate=False)
    after = int(np.argmax(false >= 1 - true))  # the curve crosses the diagonal of equal errors just before this point
    (x0, y0), (x1, y1) = (false[after - 1], 1 - true[after - 1]), (false[after], 1 - true[after])
    share = (y0 - x0) / ((y0 - x0) + (x1 - y1))
    assert scores["eer"] == pytest.approx(x0 + share * (x1 - x0))


def test_pairs_that_are_parted_score_one():
    distances = np.where(SAME, 0.3, 0.8)
    expected = {"accuracy": 1, "standard error": 0, "roc auc": 1, "eer": 0}
    assert verification_scores(distances, SAME, FOLDS) == pytest.approx(expected)
    swapped = verification_scores(-distances, SAME, FOLDS)
    assert swapped["roc auc"] == 0 and swapped["eer"] == 1 and swapped["accuracy"] == 0.5


def test_pairs_at_one_distance_score_as_chance():
    expected = {"accuracy": 0.5, "standard error": 0, "roc auc": 0.5, "eer": 0.5}
    assert verification_scores(np.ones(8, np.float32), SAME, FOLDS) == pytest.approx(expected)


def test_a_threshold_stands_between_neighbors_in_single_precision():
    one = np.float32(1)
    distances = np.array([one, np.nextafter(one, np.float32(2))])
    scores = verification_scores(np.tile(distances, 2), np.tile([True, False], 2), np.array([0, 0, 1, 1]))
    assert scores["accuracy"] == 1
    assert best_threshold(np.array([1.0, 2.0]), np.array([True, True])) == np.inf
    assert best_threshold(np.array([1.0, 2.0]), np.array([False, False])) == -np.inf


def test_too_few_folds_and_pairs_of_one_kind_are_refused():
    with pytest.raises(InputError, match=r"1 fold\(s\)"):
        verification_scores(DISTANCES, SAME, np.zeros(8, np.int64))
    with pytest.raises(InputError, match="all of one kind"):
        verification_scores(DISTANCES, np.ones(8, bool), FOLDS)


@pytest.mark.parametrize("metric", ["euclidean", "inner_product", "angular"])
def test_embeddings_of_pairs(metric):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(20, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = rng.integers(0, 20, (40, 2))
    pairs = Pairs(rows, rng.random(40) < 0.5, np.arange(40) % 4)
    images = Embeddings(vectors, np.zeros(20, np.int64), tuple(map(str, range(20))))
    between = [float(np.linalg.norm(vectors[i].astype(float) - vectors[j])) for i, j in rows]
    expected = verification_scores(np.round(between, 5), pairs.same, pairs.folds)  # of unit rows, all order alike
    assert evaluate_pairs(images, pairs, metric=metric) == pytest.approx(expected)
    vectors[3, 2] = np.nan
    with pytest.raises(InputError, match="1 of 20 embeddings hold NaN"):
        evaluate_pairs(images, pairs, metric=metric)
