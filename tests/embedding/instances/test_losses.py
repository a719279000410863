"""Losses over tuples against their formulas, value and gradient; pair losses by their names."""

import numpy as np
import pytest
from gradients import close, slopes, value_and_gradient

from datasets.errors import InputError
from embedding.instances import losses

TUPLES, NEGATIVES, DIM = 3, 5, 6


def rows(seed=0) -> np.ndarray:
    found = np.random.default_rng(seed).standard_normal((TUPLES * (2 + NEGATIVES), DIM))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def contrastive(x, margin):
    """One pair at a time."""
    total = 0.0
    for t in range(TUPLES):
        query, positive, *negatives = x[t * (2 + NEGATIVES) : (t + 1) * (2 + NEGATIVES)]
        total += ((query - positive + 1e-6) ** 2).sum() / 2
        for negative in negatives:
            total += max(margin - np.sqrt(((query - negative + 1e-6) ** 2).sum()), 0) ** 2 / 2
    return total


def triplet(x, margin):
    """One negative at a time."""
    total = 0.0
    for t in range(TUPLES):
        query, positive, *negatives = x[t * (2 + NEGATIVES) : (t + 1) * (2 + NEGATIVES)]
        for negative in negatives:
            total += max(((query - positive) ** 2).sum() - ((query - negative) ** 2).sum() + margin, 0)
    return total


def made(name, **how):
    loss = losses.build(name, negatives=NEGATIVES, classes=9, dim=DIM, **how)
    loss.initialize()
    loss.hybridize()
    return loss


@pytest.mark.parametrize(("name", "plain"), [("contrastive", contrastive), ("triplet", triplet)])
@pytest.mark.parametrize("margin", [0.1, 0.85, 1.5])
def test_equals_the_formula(name, plain, margin):
    x = rows()
    value, gradient = value_and_gradient(made(name, margin=margin), x, np.zeros(len(x)))
    close(value, np.array(plain(x, margin)))
    close(gradient, slopes(lambda at: plain(at, margin), x))


@pytest.mark.parametrize(("name", "margin", "plain"), [("contrastive", 0.7, contrastive), ("triplet", 0.1, triplet)])
def test_margins_that_are_usual(name, margin, plain):
    x = rows(1)
    close(value_and_gradient(made(name), x, np.zeros(len(x)))[0], np.array(plain(x, margin)))


@pytest.mark.parametrize("name", ["contrastive", "triplet"])
def test_equal_pictures_have_a_finite_gradient(name):
    value_and_gradient(made(name), np.ones_like(rows()), np.zeros(len(rows())))
    value_and_gradient(made(name), rows()[:1] - np.zeros_like(rows()), np.zeros(len(rows())))


@pytest.mark.parametrize("name", losses.names())
def test_every_loss_falls_when_positives_come_closer_and_negatives_go(name):
    labels = np.array([0, 0, 1, 2, 3, 4, 5, 6, 6, 1, 2, 3, 4, 5, 7, 7, 1, 2, 3, 4, 5])
    far = np.random.default_rng(0).standard_normal((len(labels), 9))
    far /= np.linalg.norm(far, axis=1, keepdims=True)
    loss = losses.build(name, negatives=NEGATIVES, classes=9, dim=9)
    loss.initialize()
    values = [value_and_gradient(loss, x, labels)[0] for x in (far, np.eye(9)[labels])]
    assert values[1] < values[0]


def test_a_margin_that_a_loss_does_not_have_is_refused():
    with pytest.raises(InputError, match="--loss-margin=0.5: multi_similarity has no margin"):
        made("multi_similarity", margin=0.5)
