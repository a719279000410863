"""The loss of DCMH against its formula, one pair at a time."""

import numpy as np
import pytest

from hashing.cross.losses.dcmh import DCMHLoss


def plain(asking, answering, batch, quantization, balance):
    """The sums of the paper, pair by pair and row by row, over the number of pairs."""
    count, value = len(asking), 0.0
    for i in range(count):
        for j in range(count):
            product = asking[i] @ answering[j] / 2
            value += np.log(1 + np.exp(product)) - batch.similar(i, j) * product
    for i in range(count):
        code = np.where(batch.asking[i].astype(np.float32) + batch.answering[i].astype(np.float32) > 0, 1, -1)
        value += quantization * (((code - asking[i]) ** 2).sum() + ((code - answering[i]) ** 2).sum())
    value += balance * ((asking.sum(axis=0) ** 2).sum() + (answering.sum(axis=0) ** 2).sum())
    return value / count**2


@pytest.mark.parametrize(("quantization", "balance"), [(1.0, 1.0), (0.0, 0.0), (0.3, 2.0)])
def test_equals_the_formula(equals_plain, batch, quantization, balance):
    own = {"quantization": quantization, "balance": balance}
    equals_plain(DCMHLoss, batch, lambda f, g: plain(f, g, batch, **own), **own)
