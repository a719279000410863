"""The loss of DCMH against its formula, one pair at a time."""

import numpy as np
import pytest

from hashing.cross.losses.dcmh import DCMHLoss


def plain(asking, answering, batch, quantization, balance, similar_weight):
    """Costs pair by pair, the other sums row by row, over the number of pairs."""
    count, costs = len(asking), {True: [], False: []}
    for i in range(count):
        for j in range(count):
            product = asking[i] @ answering[j] / 2
            costs[batch.similar(i, j)].append(np.log(1 + np.exp(product)) - batch.similar(i, j) * product)
    value = 0.0
    for i in range(count):
        code = np.where(batch.asking[i].astype(np.float32) + batch.answering[i].astype(np.float32) > 0, 1, -1)
        value += quantization * (((code - asking[i]) ** 2).sum() + ((code - answering[i]) ** 2).sum())
    value += balance * ((asking.sum(axis=0) ** 2).sum() + (answering.sum(axis=0) ** 2).sum())
    if similar_weight is None:
        return np.mean([np.mean(found) for found in costs.values() if found]) + value / count**2
    weighed = similar_weight * sum(costs[True]) + sum(costs[False])
    return weighed / (similar_weight * len(costs[True]) + len(costs[False])) + value / count**2


@pytest.mark.parametrize(
    ("quantization", "balance", "similar_weight"),
    [(1.0, 1.0, 1.0), (0.0, 0.0, None), (0.3, 2.0, None), (0.1, 1.0, 5.0)],
)
def test_equals_the_formula(equals_plain, batch, quantization, balance, similar_weight):
    own = {"quantization": quantization, "balance": balance, "similar_weight": similar_weight}
    equals_plain(DCMHLoss, batch, lambda f, g: plain(f, g, batch, **own), **own)
