"""CosFace against its formula, value and gradients."""

import numpy as np
import pytest

from embedding.losses.cosface import CosFaceLoss


def plain(embeddings, weight, labels, scale, margin):
    """One image at a time."""
    total = 0.0
    for x, label in zip(embeddings, labels, strict=True):
        logits = np.array([scale * (x @ w) / np.linalg.norm(w) for w in weight])
        logits[label] -= scale * margin
        total += np.log(np.exp(logits - logits[label]).sum())
    return total / len(labels)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("scale", "margin"), [(64.0, 0.35), (16.0, 0.1), (1.0, 0.0)])
def test_equals_the_formula(equals_plain, batch, scale, margin, compiled):
    loss = CosFaceLoss(classes=6, dim=5, scale=scale, margin=margin)
    loss.initialize()
    loss.hybridize(compiled, static_alloc=True)
    equals_plain(loss, lambda *numbers: plain(*numbers, scale, margin), *batch, scale=scale)
