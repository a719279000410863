"""DLBHC against its formula: a softmax over sigmoid units, value and gradient."""

import numpy as np
import pytest
from gradients import close, slopes, value_and_gradient

from embedding.mx import mx
from hashing.losses.dlbhc import DLBHCLoss


def plain(z, labels, weight, bias):
    """One image at a time."""
    costs = []
    for row, label in zip(z, labels, strict=True):
        wanted = [label] if labels.ndim == 1 else np.flatnonzero(label)
        scores = weight @ (1 / (1 + np.exp(-row))) + bias
        likely = scores - np.log(np.exp(scores).sum())
        if len(wanted):
            costs.append(-np.mean(likely[wanted]))
    return np.mean(costs or [0])


@pytest.mark.parametrize("compiled", [False, True])
def test_equals_the_formula(batch, compiled):
    mx.random.seed(2)
    loss = DLBHCLoss(bits=8, classes=batch.classes)
    loss.initialize()
    loss.hybridize(compiled, static_alloc=True)
    loss.classifier.bias.set_data(mx.nd.random.normal(shape=batch.classes))
    weight, bias = (param.data().asnumpy().astype(float) for param in (loss.classifier.weight, loss.classifier.bias))
    at = batch.activations.astype(np.float32).astype(float)
    found, gradient = value_and_gradient(loss, at, batch.labels)
    close(found, plain(at, batch.labels, weight, bias))
    close(gradient, slopes(lambda z: plain(z, batch.labels, weight, bias), at))
