"""Margin loss against a plain loop over triplets, value and gradients."""

import numpy as np
import pytest

from embedding.losses.margin import MarginLoss
from embedding.mining.distance_weighted import DistanceWeightedMiner
from embedding.mx import autograd, mx, nd


def rows(count: int, dim: int, seed: int = 0) -> np.ndarray:
    found = np.random.default_rng(seed).standard_normal((count, dim)) + 0.7
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def plain(embeddings, labels, triplets, beta, margin=0.2, nu=0.0):
    """Value, gradient of the embeddings and gradient of beta, in double precision, one triplet at a time."""
    x = embeddings.astype(np.float64)
    gradient, of_beta, total, active = np.zeros_like(x), np.zeros_like(beta, np.float64), 0.0, 0
    for a, p, n in triplets:
        for other, sign in ((p, 1), (n, -1)):
            d = np.sqrt(((x[a] - x[other]) ** 2).sum() + 1e-8)
            term = sign * (d - beta[labels[a]]) + margin
            if term > 0:
                total, active = total + term, active + 1
                gradient[a] += sign * (x[a] - x[other]) / d
                gradient[other] -= sign * (x[a] - x[other]) / d
                of_beta[labels[a]] -= sign
        total += nu * beta[labels[a]]
        of_beta[labels[a]] += nu
    active = max(active, 1)
    return total / active, gradient / active, of_beta / active


def triplets_of(embeddings, labels, reach, seed, loss_cutoff=1.4):
    """The triplets that the loss draws after the same seed, as rows of the batch."""
    mx.random.seed(seed)
    miner = DistanceWeightedMiner(dim=embeddings.shape[1], reach=reach, loss_cutoff=loss_cutoff)
    anchor, partner, weight = (a.asnumpy().astype(int).ravel() for a in miner(nd.array(embeddings), nd.array(labels)))
    found = []
    for a in range(len(labels)):
        positives = [p for p in range(len(labels)) if labels[p] == labels[a] and p != a]
        negatives = partner[(anchor == a) & (weight < 0)].tolist()
        found += [(a, p, n) for p, n in zip(positives, negatives, strict=True)]
    return found


def run(loss, embeddings, labels, seed):
    mx.random.seed(seed)
    x = nd.array(embeddings)
    x.attach_grad()
    with autograd.record():
        value = loss(x, nd.array(labels))
    value.backward()
    return float(value.asscalar()), x.grad.asnumpy(), loss.beta.grad().asnumpy()


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("nu", [0.0, 0.05])
@pytest.mark.parametrize(
    ("labels", "batch_k"),
    [
        (np.repeat(np.arange(6), 4), 4),
        (np.array([2, 0, 1, 1, 2, 0, 2, 4, 4, 2]), None),
        (np.array([1, 1, 1, 0, 3, 3]), 3),
    ],
)
def test_equals_a_plain_loop(labels, batch_k, nu, compiled):
    embeddings = rows(len(labels), 6, seed=1)
    loss = MarginLoss(classes=6, dim=6, batch_k=batch_k, nu=nu)
    loss.initialize()
    loss.hybridize(compiled)
    beta = np.linspace(0.8, 1.3, 6).astype(np.float32)
    loss.beta.set_data(nd.array(beta))
    value, gradient, of_beta = run(loss, embeddings, labels, seed=5)
    triplets = triplets_of(embeddings, labels, (batch_k or len(labels)) - 1, seed=5)
    expected = plain(embeddings, labels, triplets, beta, nu=nu)
    assert len(triplets) == sum(n * (n - 1) for n in np.bincount(labels))
    np.testing.assert_allclose(value, expected[0], atol=1e-5)
    np.testing.assert_allclose(gradient, expected[1], atol=1e-5)
    np.testing.assert_allclose(of_beta, expected[2], atol=1e-5)


def test_no_nan_at_distance_0_and_2():
    labels = np.array([0, 0, 1, 1])
    for embeddings in (np.eye(4)[[0, 0, 0, 0]], np.array([[1, 0, 0, 0], [-1, 0, 0, 0], [1, 0, 0, 0], [-1, 0, 0, 0]])):
        loss = MarginLoss(classes=2, dim=4, batch_k=2)
        loss.initialize()
        value, gradient, of_beta = run(loss, embeddings.astype(np.float32), labels, seed=0)
        assert np.isfinite([value, *gradient.ravel(), *of_beta]).all()


def test_one_class_only_has_no_negative_terms():
    loss = MarginLoss(classes=1, dim=3, batch_k=2)
    loss.initialize()
    embeddings = np.array([[1, 0, 0], [-1, 0, 0]], np.float32)
    value, _, _ = run(loss, embeddings, np.zeros(2, int), seed=0)
    np.testing.assert_allclose(value, 2 - 1.2 + 0.2, atol=1e-6)


def test_all_terms_satisfied_costs_nothing():
    loss = MarginLoss(classes=2, dim=3, batch_k=2)
    loss.initialize()
    embeddings = np.array([[1, 0, 0], [1, 0, 0], [-1, 0, 0], [-1, 0, 0]], np.float32)
    value, gradient, _ = run(loss, embeddings, np.array([0, 0, 1, 1]), seed=0)
    assert value == 0
    assert not gradient.any()


def test_wrong_dimension_is_said():
    loss = MarginLoss(classes=2, dim=3)
    loss.initialize()
    with pytest.raises(ValueError, match="4 dimensions"):
        loss(nd.zeros((2, 4)), nd.zeros(2))
