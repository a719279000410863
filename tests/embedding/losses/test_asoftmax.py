"""A-Softmax against its formula, value and gradients, and the fall of its lambda."""

import numpy as np
import pytest

from embedding.losses.asoftmax import ASoftmaxLoss, multiplied
from embedding.mx import autograd, nd


def psi(cosine, m):
    theta = np.arccos(np.clip(cosine, -1, 1))
    k = min(int(theta * m / np.pi), m - 1)
    return (-1) ** k * np.cos(m * theta) - 2 * k


def plain(embeddings, weight, labels, m, lam):
    """One image at a time, by angles."""
    total = 0.0
    for x, label in zip(embeddings, labels, strict=True):
        length = np.linalg.norm(x)
        logits = np.array([x @ w / np.linalg.norm(w) for w in weight])
        target = (lam * logits[label] + length * psi(logits[label] / max(length, 1e-30), m)) / (1 + lam)
        logits[label] = target
        total += np.log(np.exp(logits - target).sum())
    return total / len(labels)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("m", "lam"), [(1, 5.0), (2, 0.0), (3, 5.0), (4, 0.0), (4, 5.0)])
def test_equals_the_formula(equals_plain, batch, m, lam, compiled):
    embeddings, weight, labels = batch
    loss = ASoftmaxLoss(classes=6, dim=5, margin=m, lambda_start=lam, lambda_fall=0.0, lambda_floor=0.0)
    loss.initialize()
    loss.hybridize(compiled, static_alloc=True)
    embeddings = embeddings * np.linspace(0.2, 6, len(labels))[:, None]
    equals_plain(loss, lambda *numbers: plain(*numbers, m, lam), embeddings, weight, labels)


@pytest.mark.parametrize("m", [1, 2, 3, 4, 5])
def test_psi_falls_from_1_to_1_less_2m(m):
    theta = np.linspace(0, np.pi, 1000)
    found = multiplied(nd, nd.array(np.cos(theta)), margin=m).asnumpy()
    np.testing.assert_allclose(found, [psi(np.cos(angle), m) for angle in theta], atol=1e-4)
    np.testing.assert_allclose(found[[0, -1]], [1, 1 - 2 * m], atol=1e-5)
    assert (np.diff(found) < 1e-5).all()


def value(loss, *, training):
    x = nd.array(np.random.default_rng(0).standard_normal((6, 5)))
    with autograd.record(train_mode=training):
        return float(loss(x, nd.array([0, 1, 2, 2, 1, 0])).asscalar())


def at_lambda(weight, lam):
    x = np.random.default_rng(0).standard_normal((6, 5))
    return plain(x, weight.data().asnumpy(), [0, 1, 2, 2, 1, 0], 4, lam)


@pytest.mark.parametrize("compiled", [False, True])
def test_lambda_falls_with_each_step_of_training_to_its_floor(compiled):
    loss = ASoftmaxLoss(classes=3, dim=5, lambda_start=50.0, lambda_fall=0.5)
    loss.initialize()
    loss.hybridize(compiled, static_alloc=True)
    for step in range(1, 30):
        found = value(loss, training=True)
        assert found == pytest.approx(at_lambda(loss.weight, max(5, 50 / (1 + 0.5 * step))), abs=1e-5)
        assert value(loss, training=False) == pytest.approx(found, abs=1e-6)  # judging is no step
    assert loss.steps.data().asscalar() == 29
    assert at_lambda(loss.weight, 5) > at_lambda(loss.weight, 50) + 1e-3  # there was something to see


def test_the_steps_are_saved_and_no_optimizer_moves_them(tmp_path):
    loss = ASoftmaxLoss(classes=3, dim=5)
    loss.initialize()
    for _ in range(7):
        value(loss, training=True)
    loss.save_parameters(str(tmp_path / "loss.params"))
    other = ASoftmaxLoss(classes=3, dim=5)
    other.load_parameters(str(tmp_path / "loss.params"))
    assert other.steps.data().asscalar() == 7
    assert value(other, training=True) == value(loss, training=True)
    assert other.steps.grad_req == "null"


def test_an_embedding_at_0_has_a_finite_gradient():
    loss = ASoftmaxLoss(classes=3, dim=5, lambda_start=0.0, lambda_floor=0.0)
    loss.initialize()
    x = nd.zeros((3, 5))
    x.attach_grad()
    with autograd.record():
        found = loss(x, nd.array([0, 1, 2]))
    found.backward()
    assert np.isfinite(x.grad.asnumpy()).all()
    assert np.isfinite(loss.weight.grad().asnumpy()).all()
