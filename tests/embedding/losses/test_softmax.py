"""Softmax, plain and NormFace, against its formula, value and gradients."""

import numpy as np
import pytest

from embedding.losses.softmax import SoftmaxLoss
from embedding.mx import autograd, mx, nd


def plain(embeddings, weight, labels, scale=None):
    """One image at a time; cosines times ``scale``, or inner products where it is None."""
    total = 0.0
    for x, label in zip(embeddings, labels, strict=True):
        logits = [x @ w if scale is None else scale * (x @ w) / np.linalg.norm(w) for w in weight]
        total -= np.log(np.exp(logits[label]) / np.sum(np.exp(logits)))
    return total / len(labels)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("scale", [None, 1.0, 64.0])
def test_equals_the_formula(equals_plain, batch, scale, compiled):
    embeddings, weight, labels = batch
    loss = SoftmaxLoss(classes=6, dim=5, normalize=scale is not None, scale=scale or 1.0)
    loss.initialize()
    loss.hybridize(compiled, static_alloc=True)
    if scale is None:
        embeddings = embeddings * np.linspace(0.2, 4, len(labels))[:, None]
    equals_plain(loss, lambda *numbers: plain(*numbers, scale=scale), embeddings, weight, labels, scale=scale or 1.0)


def test_only_cosines_want_unit_rows():
    assert SoftmaxLoss(classes=2, dim=3).unit_rows
    assert not SoftmaxLoss(classes=2, dim=3, normalize=False).unit_rows


def test_class_weights_start_in_all_directions_with_a_length_near_1():
    mx.random.seed(0)
    loss = SoftmaxLoss(classes=200, dim=128)
    loss.initialize()
    weight = loss.weight.data().asnumpy()
    lengths = np.linalg.norm(weight, axis=1)
    assert 0.7 < lengths.min() < lengths.max() < 1.3
    assert np.abs(np.triu(weight @ weight.T, 1)).max() < 0.5


def test_lr_classes_is_their_rate_and_the_networks_optimizer_theirs():
    loss = SoftmaxLoss(classes=2, dim=3, lr_classes=0.5)
    assert loss.learning_rate == 0.5
    assert loss.optimizer is None


def test_large_logits_do_not_overflow():
    loss = SoftmaxLoss(classes=2, dim=2, normalize=False)
    loss.initialize()
    loss.weight.set_data(nd.array([[1, 0], [0, 1]]))
    x = nd.array([[1e4, -1e4], [1e4, -1e4]])
    x.attach_grad()
    with autograd.record():
        value = loss(x, nd.array([0, 1]))
    value.backward()
    assert value.asscalar() == 1e4
    np.testing.assert_allclose(x.grad.asnumpy(), [[0, 0], [0.5, -0.5]], atol=1e-5)


def test_wrong_dimension_is_said():
    loss = SoftmaxLoss(classes=2, dim=3)
    loss.initialize()
    with pytest.raises(ValueError, match="4 dimensions"):
        loss(nd.zeros((2, 4)), nd.zeros(2))
