"""DSH's loss against its formula, value and gradient."""

import numpy as np
import pytest

from hashing.losses.dsh import DSHLoss


def plain(h, batch, margin, quantization, similar_weight):
    """One ordered pair at a time, then one image at a time."""

    def cost(i, j, similar):
        squared = ((h[i] - h[j]) ** 2).sum()
        return squared / 2 if similar else max(margin - squared, 0) / 2

    rounding = np.mean([2 * np.abs(np.abs(row) - 1).sum() for row in h])
    return batch.weighted_mean(cost, similar_weight) + quantization * rounding


@pytest.mark.parametrize(
    ("margin", "quantization", "similar_weight"), [(15.0, 0.01, 1.0), (6.5, 0.5, None), (30.0, 0.0, 4.0)]
)
def test_equals_the_formula(equals_plain, batch, margin, quantization, similar_weight):
    own = {"margin": margin, "quantization": quantization, "similar_weight": similar_weight}
    equals_plain(DSHLoss, batch, lambda h: plain(h, batch, **own), **own)


def test_the_margin_is_twice_the_bits(equals_plain, batch):
    own = {"quantization": 0.0, "similar_weight": 1.0}
    # Saturated activations lie on the edge of the hinge.
    inside = lambda h: plain(h, batch, 16 - 1e-4, **own)  # noqa: E731
    equals_plain(DSHLoss, batch, lambda h: plain(h, batch, 16.0, **own), gradient_of=inside, **own)
