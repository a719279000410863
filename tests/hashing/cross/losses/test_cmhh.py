"""The loss of cross-modal Hamming hashing against its formula, one pair at a time."""

import numpy as np
import pytest

from hashing.cross.losses.cmhh import CMHHLoss


def far(beta, cosine, bits):
    return beta * bits / 2 * max(1 - cosine, 1e-3)


def cosine(one, other):
    return one @ other / np.sqrt((one @ one + 1e-6) * (other @ other + 1e-6))


def plain(asking, answering, batch, beta, gamma, quantization):
    """Both means one pair at a time, then rounding one row at a time."""
    count, bits = asking.shape
    beta = 2 / bits if beta is None else beta
    costs = {True: [], False: []}
    for i in range(count):
        for j in range(count):
            away = far(beta, cosine(asking[i], answering[j]), bits)
            likely = np.exp(-away)
            cost = (1 - likely) ** gamma * away if batch.similar(i, j) else likely**gamma * -np.log(1 - likely)
            costs[batch.similar(i, j)].append(cost)
    rounding = []
    for row in (*asking, *answering):
        away = far(beta, np.abs(row).sum() / np.sqrt(bits * (row @ row + 1e-6)), bits)
        rounding.append((1 - np.exp(-away)) ** gamma * away)
    return sum(np.mean(found) for found in costs.values() if found) / 2 + quantization * np.mean(rounding)


@pytest.mark.parametrize(("beta", "gamma", "quantization"), [(None, 2.0, 0.1), (0.3, 1.0, 0.0), (1.0, 3.0, 1.0)])
def test_equals_the_formula(equals_plain, batch, beta, gamma, quantization):
    own = {"beta": beta, "gamma": gamma, "quantization": quantization}
    equals_plain(CMHHLoss, batch, lambda f, g: plain(f, g, batch, **own), **own)
