"""SuBiC against its formula: softmax over blocks, two entropies and the classes, value and gradient."""

import numpy as np
import pytest
from gradients import close, slopes, value_and_gradient

from datasets.errors import InputError
from embedding.mx import mx
from hashing.losses import subic
from hashing.losses.subic import SuBiCLoss

UNITS = 4  # of a block, in place of 256


def entropy(shares):
    return -sum(p * np.log(p + 1e-12) for p in shares) / np.log(UNITS)


def plain(z, labels, weight, bias, gamma, mu):
    """One image and one block at a time."""
    classes, found = [], []
    for row, label in zip(z, labels, strict=True):
        wanted = [label] if labels.ndim == 1 else np.flatnonzero(label)
        blocks = [np.exp(block) / np.exp(block).sum() for block in row.reshape(-1, UNITS)]
        scores = weight @ np.concatenate(blocks) + bias
        likely = scores - np.log(np.exp(scores).sum())
        if len(wanted):
            classes.append(-np.mean(likely[wanted]))
        found.append(blocks)
    found = np.array(found)  # (B, M, units)
    of_images = np.mean([entropy(block) for blocks in found for block in blocks])
    of_batch = np.mean([entropy(block) for block in found.mean(axis=0)])
    return np.mean(classes or [0]) + gamma * of_images - mu * of_batch


@pytest.mark.parametrize(("gamma", "mu"), [(0.0, 0.0), (1.0, 0.0), (0.7, 1.3)])
def test_equals_the_formula(batch, monkeypatch, gamma, mu):
    monkeypatch.setattr(subic, "BLOCK", UNITS)
    mx.random.seed(2)
    loss = SuBiCLoss(bits=16, classes=batch.classes, gamma=gamma, mu=mu)  # two blocks, of the 8 activations
    loss.initialize()
    loss.hybridize(static_alloc=True)
    weight, bias = (param.data().asnumpy().astype(float) for param in (loss.classifier.weight, loss.classifier.bias))
    at = 3 * batch.activations.astype(np.float32).astype(float)
    found, gradient = value_and_gradient(loss, at, batch.labels)
    close(found, plain(at, batch.labels, weight, bias, gamma, mu))
    close(gradient, slopes(lambda z: plain(z, batch.labels, weight, bias, gamma, mu), at))


def test_what_is_taken_from_a_block_changes_nothing():
    """Which the head makes use of."""
    loss = SuBiCLoss(bits=8, classes=3)
    loss.initialize()
    rows = np.random.default_rng(0).normal(size=(5, 256))
    moved = rows - np.arange(5)[:, None]
    labels = np.array([0, 1, 2, 0, 1])
    assert value_and_gradient(loss, rows, labels)[0] == pytest.approx(value_and_gradient(loss, moved, labels)[0], 1e-5)


def test_codes_longer_than_can_be_scored_are_refused():
    with pytest.raises(InputError, match="--bits=520: a block of subic has 256 units, give 512 bits or fewer"):
        SuBiCLoss(bits=520, classes=3)
