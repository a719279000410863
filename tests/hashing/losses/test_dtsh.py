"""DTSH's loss against its formula, value and gradient."""

import numpy as np
import pytest

from hashing.losses.dtsh import DTSHLoss


def plain(h, batch, order, margin, quantization):
    """One pair (anchor, positive) with its drawn negative at a time."""
    costs = []
    for a, p, similar in batch.pairs():
        if similar and not batch.similar(a, order[p]):
            costs.append(np.logaddexp(0, margin - h[a] @ h[p] / 2 + h[a] @ h[order[p]] / 2))
    return np.mean(costs or [0]) + quantization * ((np.abs(h) - 1) ** 2).mean()


@pytest.mark.parametrize(("margin", "quantization"), [(5.0, 1.0), (1.0, 0.0), (0.3, 4.0)])
def test_equals_the_formula(equals_plain, batch, drawn_order, margin, quantization):
    own, order = {"margin": margin, "quantization": quantization}, drawn_order(batch)
    equals_plain(DTSHLoss, batch, lambda h: plain(h, batch, order, **own), **own)
