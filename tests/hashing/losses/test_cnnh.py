"""CNNH: the second stage against its formula, and the bits that the first stage makes for it."""

import numpy as np
import pytest
from gradients import close, slopes, value_and_gradient

from hashing.losses.cnnh import CNNHLoss


def plain(z, bits):
    """One image and bit at a time."""
    p = 1 / (1 + np.exp(-z))
    return np.mean([-np.log(q if bit else 1 - q) for q, bit in zip(p.ravel(), bits.ravel(), strict=True)])


@pytest.mark.parametrize("compiled", [False, True])
def test_equals_the_formula(batch, compiled):
    loss = CNNHLoss(bits=8, classes=batch.classes)
    loss.hybridize(compiled, static_alloc=True)
    bits = loss.prepare(batch.labels, np.random.default_rng(0))
    assert bits.shape == batch.activations.shape and set(np.unique(bits)) <= {0, 1}
    at = batch.activations.astype(np.float32).astype(float)
    found, gradient = value_and_gradient(loss, at, bits)
    close(found, plain(at, bits))
    close(gradient, slopes(lambda z: plain(z, bits), at))


def test_bits_depend_on_the_labels_of_all_images_and_on_chance():
    loss, labels = CNNHLoss(bits=32, classes=4), np.arange(80) % 4
    bits = loss.prepare(labels, np.random.default_rng(1))
    assert (bits == loss.prepare(labels, np.random.default_rng(1))).all()
    assert (bits != loss.prepare(labels, np.random.default_rng(2))).any()
    apart = (bits[:, None] != bits).sum(axis=2)
    same = labels[:, None] == labels
    assert apart[same].max() < apart[~same].min() and apart[~same].mean() > 16
