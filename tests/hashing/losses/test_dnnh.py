"""DNNH against its formula: a hinge over relaxed codes between 0 and 1, of all drawn triplets."""

import numpy as np
import pytest

from hashing.losses.dnnh import DNNHLoss


def plain(activations, batch, order, margin):
    """One triplet at a time."""
    codes = (1 + activations) / 2
    costs = []
    for anchor, positive, similar in batch.pairs():
        negative = order[positive]
        if similar and not batch.similar(anchor, negative) and negative != anchor:
            near = ((codes[anchor] - codes[positive]) ** 2).sum()
            far = ((codes[anchor] - codes[negative]) ** 2).sum()
            costs.append(max(0, near - far + margin))
    return np.mean(costs or [0])


@pytest.mark.parametrize("margin", [0.1, 1.0, 9.0])
def test_equals_the_formula(equals_plain, batch, drawn_order, margin):
    order = drawn_order(batch)
    equals_plain(DNNHLoss, batch, lambda rows: plain(rows, batch, order, margin), margin=margin)
