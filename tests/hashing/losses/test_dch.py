"""The Cauchy loss against its formula, value and gradient."""

import numpy as np
import pytest

from hashing.losses.dch import DCHLoss


def distance(a, b):
    lengths = np.sqrt((a @ a + 1e-6) * (b @ b + 1e-6)) if b is not None else np.sqrt(a @ a + 1e-6) * np.sqrt(len(a))
    return len(a) / 2, (a @ b if b is not None else np.abs(a).sum()) / lengths


def plain(h, batch, gamma, quantization, similar_weight):
    """One ordered pair at a time, then one image at a time."""

    def cost(i, j, similar):
        half, cosine = distance(h[i], h[j])
        d = half * max(1 - cosine, 1e-3)
        return similar * np.log(d / gamma) + np.log(1 + gamma / d)

    rounding = []
    for row in h:
        half, cosine = distance(row, None)
        rounding.append(np.log(1 + half * (1 - cosine) / gamma))
    return batch.weighted_mean(cost, similar_weight) + quantization * np.mean(rounding)


@pytest.mark.parametrize(
    ("gamma", "quantization", "similar_weight"), [(20.0, 0.1, None), (5.0, 0.0, None), (2.0, 1.0, 3.0)]
)
def test_equals_the_formula(equals_plain, batch, gamma, quantization, similar_weight):
    own = {"gamma": gamma, "quantization": quantization, "similar_weight": similar_weight}
    equals_plain(DCHLoss, batch, lambda h: plain(h, batch, **own), **own)
