"""HashNet's loss against its formula, value and gradient."""

import numpy as np
import pytest

from embedding.mx import autograd, nd
from hashing.losses.hashnet import HashNetLoss


def plain(h, batch, alpha, similar_weight):
    """One ordered pair at a time; the logarithm of 1 + exp in a form that does not overflow."""

    def cost(i, j, similar):
        product = alpha * (h[i] @ h[j])
        return np.logaddexp(0, product) - similar * product

    return batch.weighted_mean(cost, similar_weight)


@pytest.mark.parametrize(("alpha", "similar_weight"), [(None, None), (0.3, 5.0), (2.0, 1.0)])
def test_equals_the_formula(equals_plain, batch, alpha, similar_weight):
    own = {"alpha": alpha, "similar_weight": similar_weight}
    equals_plain(HashNetLoss, batch, lambda h: plain(h, batch, alpha or 10 / 8, similar_weight), **own)


@pytest.mark.parametrize("similar", [True, False])
def test_large_products_do_not_overflow(similar):
    """Of saturated activations, where the exponential is beyond all numbers."""
    loss = HashNetLoss(bits=8, classes=2, alpha=100.0)
    loss.hybridize()
    labels = nd.array([0, 0] if similar else [0, 1])
    for sign in (1, -1):
        x = nd.ones((2, 8)) * nd.array([[1], [sign]])
        x.attach_grad()
        with autograd.record():
            value = loss(x, labels)
        value.backward()
        assert value.asscalar() == pytest.approx(800.0 if similar == (sign < 0) else 0.0, abs=1e-4)
        assert np.isfinite(x.grad.asnumpy()).all()


def test_it_sharpens_and_wants_tanh():
    assert HashNetLoss.sharpens
    assert HashNetLoss.tanh
