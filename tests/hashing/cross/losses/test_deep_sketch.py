"""The loss of Deep Sketch Hashing against its formula, one pair and one row at a time."""

import numpy as np
import pytest

from embedding.mx import nd
from hashing.cross.losses.deep_sketch import DeepSketchLoss


def plain(asking, answering, batch, quantization, semantic=0.0, basis=None):
    bits, costs = asking.shape[1], ([], [])
    for i, f in enumerate(asking):
        for j, g in enumerate(answering):
            similar = int(batch.similar(i, j))
            costs[similar].append((1 - f @ g / bits if similar else 1 + f @ g / bits) ** 2)
    value = sum(np.mean(each) for each in costs if each) / 2
    labels = batch.labels if batch.labels.ndim == 2 else np.eye(batch.classes)[batch.labels]
    for rows in (asking, answering):
        value += quantization / 2 * np.mean([(abs(h) - 1) ** 2 for row in rows for h in row])
        if semantic:
            known = [y / max(y.sum(), 1) for y in labels.astype(float)]
            value += (
                semantic / 2 * np.mean([((y - basis @ row) ** 2).sum() for y, row in zip(known, rows, strict=True)])
            )
    return value


@pytest.mark.parametrize("quantization", [0.0, 0.01, 2.0])
def test_equals_the_formula(equals_plain, batch, quantization):
    own = {"quantization": quantization, "semantic": 0.0}
    equals_plain(DeepSketchLoss, batch, lambda f, g: plain(f, g, batch, **own), **own)


def test_the_factorisation_is_that_of_its_basis(batch):
    loss = DeepSketchLoss(bits=8, classes=batch.classes, semantic=0.7, quantization=0.1)
    loss.initialize()
    basis = np.random.default_rng(0).standard_normal((batch.classes, 8)).astype(np.float32)
    loss.basis.set_data(nd.array(basis))
    found = loss(nd.array(batch.asking), nd.array(batch.answering), nd.array(batch.labels)).asscalar()
    expected = plain(batch.asking, batch.answering, batch, 0.1, 0.7, basis.astype(float))
    assert found == pytest.approx(expected, rel=1e-5)
