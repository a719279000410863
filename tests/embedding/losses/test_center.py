"""Center loss against its formula, value and gradients, and the centres against a plain loop over steps."""

import numpy as np
import pytest

from embedding.losses.center import CenterLoss
from embedding.mx import autograd, nd


def plain(embeddings, weight, labels, centres, pull):
    """One image at a time."""
    total = 0.0
    for x, label in zip(embeddings, labels, strict=True):
        logits = weight @ x
        total += np.log(np.exp(logits - logits[label]).sum())
        total += pull / 2 * ((x - centres[label]) ** 2).sum()
    return total / len(labels)


def moved(centres, embeddings, labels, alpha):
    """The centres after one step, a class at a time."""
    found = centres.copy()
    for label in range(len(centres)):
        members = [x for x, other in zip(embeddings, labels, strict=True) if other == label]
        delta = sum((centres[label] - x for x in members), np.zeros(centres.shape[1])) / (1 + len(members))
        found[label] -= alpha * delta
    return found


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("pull", [0.0, 0.008, 1.0])
def test_equals_the_formula_with_the_centres_before_they_move(equals_plain, batch, pull, compiled):
    embeddings, weight, labels = batch
    loss = CenterLoss(classes=6, dim=5, pull=pull)
    loss.initialize()
    loss.hybridize(compiled, static_alloc=True)
    centres = np.random.default_rng(1).standard_normal((6, 5))
    loss.centres.centres.set_data(nd.array(centres))
    embeddings = embeddings * np.linspace(0.2, 4, len(labels))[:, None]
    equals_plain(loss, lambda *numbers: plain(*numbers, centres, pull), embeddings, weight, labels, block=loss.softmax)


@pytest.mark.parametrize("dtype", ["float32", "int32", "int64"])
@pytest.mark.parametrize("alpha", [0.5, 0.1])
def test_centres_follow_the_embeddings_step_by_step(alpha, dtype):
    loss = CenterLoss(classes=6, dim=5, alpha=alpha)
    loss.initialize()
    loss.hybridize(static_alloc=True)
    expected = np.zeros((6, 5))
    rng = np.random.default_rng(0)
    for count in (8, 8, 3, 1, 12, 8):
        embeddings, labels = rng.standard_normal((count, 5)) + 2, rng.integers(0, 5, count)
        with autograd.record():
            value = loss(nd.array(embeddings), nd.array(labels, dtype=dtype))
        value.backward()
        expected = moved(expected, embeddings, labels, alpha)
        np.testing.assert_allclose(loss.centres.centres.data().asnumpy(), expected, atol=1e-5)
    assert not expected[5].any()
    assert np.abs(expected[:5]).min() > 0


def test_centres_come_to_rest_at_the_means():
    loss = CenterLoss(classes=2, dim=3)
    loss.initialize()
    embeddings, labels = np.random.default_rng(0).standard_normal((6, 3)), np.array([0, 1, 0, 1, 1, 1])
    for _ in range(80):
        with autograd.record():
            loss(nd.array(embeddings), nd.array(labels))
    means = [embeddings[labels == label].mean(axis=0) for label in (0, 1)]
    np.testing.assert_allclose(loss.centres.centres.data().asnumpy(), means, atol=1e-5)


def test_centres_stay_where_nothing_is_trained_and_no_optimizer_moves_them(tmp_path):
    loss = CenterLoss(classes=2, dim=3)
    loss.initialize()
    embeddings, labels = nd.ones((4, 3)), nd.array([0, 0, 1, 1])
    loss(embeddings, labels)
    assert not loss.centres.centres.data().asnumpy().any()
    with autograd.record():
        loss(embeddings, labels)
    loss.save_parameters(str(tmp_path / "loss.params"))
    other = CenterLoss(classes=2, dim=3)
    other.load_parameters(str(tmp_path / "loss.params"))
    np.testing.assert_allclose(other.centres.centres.data().asnumpy(), 0.5 * 2 / 3, atol=1e-6)
    assert other.centres.centres.grad_req == "null"
