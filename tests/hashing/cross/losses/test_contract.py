"""What every loss across two kinds of things promises, over all of them by name."""

import numpy as np
import pytest

from embedding.mx import autograd, mx, nd
from hashing.cross import losses
from hashing.cross.losses.base import CrossLoss
from hashing.losses.csq import hash_centres

CLASSES, BITS = 4, 16
LABELS = np.repeat(np.arange(CLASSES), 3)
CODES = hash_centres(CLASSES, BITS, seed=0)[LABELS]
SEVERAL = np.eye(CLASSES)[LABELS] + np.eye(CLASSES)[LABELS[::-1]] > 0


@pytest.fixture(params=losses.names())
def loss(request) -> CrossLoss:
    mx.random.seed(0)
    found = losses.get(request.param).Loss(bits=BITS, classes=CLASSES)
    found.initialize()
    found.hybridize(static_alloc=True)
    return found


def rows(loss: CrossLoss, spread: float, seed: int = 0) -> np.ndarray:
    """Activations (2, 12, 16) of both kinds around four codes far apart, one a class."""
    noisy = 0.9 * CODES + spread * np.random.default_rng(seed).standard_normal((2, 12, BITS))
    return np.clip(noisy, -0.999, 0.999) if loss.tanh else noisy


def value(loss: CrossLoss, activations: np.ndarray, labels: np.ndarray = LABELS) -> float:
    return loss(*(nd.array(one) for one in activations), nd.array(labels)).asscalar()


def gradients(loss: CrossLoss, activations: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
    given = [nd.array(one) for one in activations]
    for one in given:
        one.attach_grad()
    with autograd.record():
        found = loss(*given, nd.array(labels))
    found.backward()
    assert found.shape == (1,)
    assert np.isfinite(found.asnumpy()).all()
    return [one.grad.asnumpy() for one in given]


def test_it_is_a_loss_across_two_kinds(loss):
    assert isinstance(loss, CrossLoss)
    assert not loss.unit_rows


@pytest.mark.parametrize("labels", [LABELS, SEVERAL, SEVERAL * (LABELS > 1)[:, None]], ids=["one", "several", "none"])
@pytest.mark.parametrize("spread", [0.1, 0.5, 3.0])
def test_values_and_gradients_of_both_are_finite_and_there(loss, spread, labels):
    for gradient in gradients(loss, rows(loss, spread), labels):
        assert np.isfinite(gradient).all()
        assert np.abs(gradient).max() > 0


@pytest.mark.parametrize("labels", [[0, 1, 2, 3], [2], [2, 1], [3, 3, 3]], ids=str)
def test_batches_without_a_similar_pair_or_without_another_are_finite(loss, labels):
    found = gradients(loss, rows(loss, 0.5)[:, : len(labels)], np.array(labels))
    assert all(np.isfinite(gradient).all() for gradient in found)


@pytest.mark.parametrize("what", [0.0, 1.0, 50.0])
def test_identical_and_opposite_activations_are_finite(loss, what):
    same = np.full((2, 12, BITS), what)
    for given in (same, same * np.array([1, -1])[:, None, None], same * np.tile([[1], [-1]], (6, 1))):
        assert all(np.isfinite(gradient).all() for gradient in gradients(loss, given, LABELS))


@pytest.mark.parametrize("labels", [LABELS, SEVERAL], ids=["one", "several"])
def test_the_order_of_the_batch_does_not_matter(loss, labels):
    order = np.random.default_rng(1).permutation(12)
    given = rows(loss, 0.5)
    assert value(loss, given[:, order], labels[order]) == pytest.approx(value(loss, given, labels), rel=1e-4)


@pytest.mark.parametrize("labels", [LABELS, SEVERAL], ids=["one", "several"])
def test_it_falls_when_what_belongs_together_comes_closer(loss, labels):
    apart, near = rows(loss, 0.1), rows(loss, 0.1)
    apart[1] = np.roll(apart[1], 3, axis=0)  # every text has the activations of another class
    assert value(loss, near, labels) < value(loss, apart, labels)


def test_one_label_and_the_same_as_ones_and_zeros_cost_the_same(loss):
    given = rows(loss, 0.5)
    assert value(loss, given, np.eye(CLASSES)[LABELS]) == pytest.approx(value(loss, given), rel=1e-5)
