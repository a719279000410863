"""NetVLAD against plain loops, and its start: hard assignment in the limit."""

import numpy as np
import pytest

from embedding.mx import mx, nd
from embedding.network import netvlad
from embedding.network.netvlad import NetVLAD, init_netvlad
from tests.shared.poolings import assert_slopes, maps, unit


def plain(x, weight, bias, centres, *, hard=False):
    """(B, K C) place by place; ``hard``: all of a feature goes to the nearest centre."""
    out = []
    for image in x:
        sums = np.zeros(centres.shape[1:])
        for place in np.ndindex(image.shape[1:]):
            feature = unit(image[(slice(None), *place)])
            scores = weight[:, :, 0, 0] @ feature + bias
            shares = np.exp(scores - scores.max())
            shares /= shares.sum()
            if hard:
                shares = np.eye(len(bias))[np.square(centres[0] - feature).sum(axis=1).argmin()]
            for k, share in enumerate(shares):
                sums[k] += share * (feature - centres[0, k])
        out.append(unit(np.concatenate([unit(row) for row in sums])))
    return np.array(out)


@pytest.fixture
def few(monkeypatch):
    """Four centres in place of 64."""
    monkeypatch.setattr(netvlad, "CENTRES", 4)


def parts(rng, channels=3):
    return rng.normal(size=(4, channels, 1, 1)), rng.normal(size=4), rng.normal(size=(1, 4, channels))


@pytest.mark.parametrize("size", [(1, 1), (3, 2)])
def test_value_and_slopes(few, size):
    x = maps(size, seed=2) + 0.1
    assert_slopes(lambda *given: netvlad.netvlad(nd, *given), plain, x, *parts(np.random.default_rng(0)))


def started(rng, *, alpha=0.0, channels=6):
    centres = np.array([unit(row) for row in rng.normal(size=(64, channels))])
    block = NetVLAD(channels)
    block.initialize()
    descriptors = np.array([unit(row) for row in rng.normal(size=(200, channels))])
    return block, centres, descriptors, init_netvlad(block, centres, descriptors, alpha=alpha)


def test_the_start_is_hard_assignment_in_the_limit():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 6, 5, 4))
    for alpha, near in ((20.0, False), (20_000.0, True)):
        block, centres, _, used = started(np.random.default_rng(1), alpha=alpha)
        hard = plain(x, np.zeros((64, 6, 1, 1)), np.zeros(64), centres[None], hard=True)
        assert used == alpha and (np.abs(block(nd.array(x)).asnumpy() - hard).max() < 1e-3) == near


def test_alpha_gives_the_second_centre_a_hundredth_on_average():
    _, centres, descriptors, alpha = started(np.random.default_rng(2))
    gaps = []
    for feature in descriptors:
        first, second, *_ = sorted(((centre - feature) ** 2).sum() for centre in centres)
        gaps.append(second - first)
    np.testing.assert_allclose(np.exp(-alpha * np.mean(gaps)), 0.01, rtol=1e-3)


def test_centres_all_alike_end_in_numbers():
    block = NetVLAD(3)
    block.initialize()
    rows = np.tile([1.0, 0, 0], (64, 1))
    assert np.isfinite(init_netvlad(block, rows, rows))
    assert np.isfinite(block(mx.nd.ones((1, 3, 2, 2))).asnumpy()).all()
