"""Poolings against plain numpy, GeM's limits and gradients, and no NaN where a channel is silent."""

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.mx import autograd, nd
from embedding.network import pooling


@pytest.fixture
def maps():
    """A feature map (2, 5, 3, 4) with a silent channel."""
    x = np.maximum(np.random.default_rng(0).normal(size=(2, 5, 3, 4)), 0).astype(np.float32)
    x[:, 2] = 0
    return x


def slow_gem(x, p, eps=1e-6):
    out = np.zeros(x.shape[:2])
    for b, c in np.ndindex(*out.shape):
        values = [max(float(v), eps) ** p for v in x[b, c].ravel()]
        out[b, c] = (sum(values) / len(values)) ** (1 / p)
    return out


def test_average_and_maximum(maps):
    np.testing.assert_allclose(pooling.average(nd, nd.array(maps)).asnumpy(), maps.mean(axis=(2, 3)), rtol=1e-6)
    np.testing.assert_array_equal(pooling.maximum(nd, nd.array(maps)).asnumpy(), maps.max(axis=(2, 3)))


@pytest.mark.parametrize("p", [1.0, 2.5, 3.0, 5.0])
def test_gem(maps, p):
    np.testing.assert_allclose(pooling.gem(nd, nd.array(maps), nd.array([p])).asnumpy(), slow_gem(maps, p), rtol=1e-4)


def test_gem_lies_between_average_and_maximum(maps):
    x = nd.array(maps[:, :2] + 0.1)
    low, high = (pooling.gem(nd, x, nd.array([p])).asnumpy() for p in (1.0, 60.0))
    np.testing.assert_allclose(low, x.asnumpy().mean(axis=(2, 3)), rtol=1e-5)
    np.testing.assert_allclose(high, x.asnumpy().max(axis=(2, 3)), rtol=0.05)


@pytest.mark.parametrize("p", [3.0, 12.0])
def test_gem_has_finite_gradients_where_a_channel_is_silent(maps, p):
    x, power = nd.array(maps), nd.array([p])
    x.attach_grad()
    power.attach_grad()
    with autograd.record():
        pooling.gem(nd, x, power).sum().backward()
    assert np.isfinite(x.grad.asnumpy()).all() and np.isfinite(power.grad.asnumpy()).all()
    assert (x.grad.asnumpy()[:, 2] == 0).all() and (x.grad.asnumpy()[maps > 0.5] > 0).all()


def test_gem_gradient_of_p(maps):
    x, power = nd.array(maps), nd.array([3.0])
    power.attach_grad()
    with autograd.record():
        pooling.gem(nd, x, power).sum().backward()
    step = 1e-5
    expected = (slow_gem(maps, 3 + step).sum() - slow_gem(maps, 3 - step).sum()) / (2 * step)
    np.testing.assert_allclose(power.grad.asscalar(), expected, rtol=1e-3)


def slow_quarters(x):
    """Means over halves of halves, of which both have the middle row or column of an odd number."""
    rows, columns = ((slice(0, -(-n // 2)), slice(n // 2, n)) for n in x.shape[2:])
    parts = [[x[:, :, row, column].mean(axis=(2, 3)) for column in columns] for row in rows]
    return np.array(parts).transpose(2, 3, 0, 1).reshape(len(x), -1)  # of each channel its four


@pytest.mark.parametrize("name", ["avg", "max", "gem", "quarters"])
def test_blocks(maps, name):
    wanted = {"avg": maps.mean(axis=(2, 3)), "max": maps.max(axis=(2, 3)), "gem": slow_gem(maps, 3)}
    expected = (wanted | {"quarters": slow_quarters(maps)})[name]
    block = pooling.build(name, 5)
    block.initialize()
    for _ in ("as it is", "compiled"):
        np.testing.assert_allclose(block(nd.array(maps)).asnumpy(), expected, rtol=1e-4)
        block.hybridize(static_alloc=True)


def test_gem_learns_p_without_weight_decay():
    (p,) = pooling.build("gem", 5).collect_params().values()
    assert p.shape == (1,) and p.grad_req == "write" and p.wd_mult == 0


def test_unknown_name():
    with pytest.raises(InputError, match="unknown pooling 'gemmm': did you mean gem"):
        pooling.build("gemmm", 5)
