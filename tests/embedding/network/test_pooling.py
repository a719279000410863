"""Poolings against plain numpy, GeM's limits and gradients, and no NaN where a channel is silent."""

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.mx import autograd, nd
from embedding.network import pooling
from tests.shared import poolings as slow
from tests.shared.poolings import SIZES, assert_slopes


@pytest.fixture
def maps():
    """A feature map (2, 5, 3, 4) with a silent channel."""
    x = np.maximum(np.random.default_rng(0).normal(size=(2, 5, 3, 4)), 0).astype(np.float32)
    x[:, 2] = 0
    return x


def test_average_and_maximum(maps):
    np.testing.assert_allclose(pooling.average(nd, nd.array(maps)).asnumpy(), maps.mean(axis=(2, 3)), rtol=1e-6)
    np.testing.assert_array_equal(pooling.maximum(nd, nd.array(maps)).asnumpy(), maps.max(axis=(2, 3)))


@pytest.mark.parametrize("p", [1.0, 2.5, 3.0, 5.0])
def test_gem(maps, p):
    np.testing.assert_allclose(pooling.gem(nd, nd.array(maps), nd.array([p])).asnumpy(), slow.gem(maps, p), rtol=1e-4)


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
    expected = (slow.gem(maps, 3 + step).sum() - slow.gem(maps, 3 - step).sum()) / (2 * step)
    np.testing.assert_allclose(power.grad.asscalar(), expected, rtol=1e-3)


def slow_quarters(x):
    """Means over halves of halves, of which both have the middle row or column of an odd number."""
    rows, columns = ((slice(0, -(-n // 2)), slice(n // 2, n)) for n in x.shape[2:])
    parts = [[x[:, :, row, column].mean(axis=(2, 3)) for column in columns] for row in rows]
    return np.array(parts).transpose(2, 3, 0, 1).reshape(len(x), -1)  # of each channel its four


@pytest.mark.parametrize("name", ["avg", "max", "gem", "quarters"])
def test_blocks(maps, name):
    wanted = {"avg": maps.mean(axis=(2, 3)), "max": maps.max(axis=(2, 3)), "gem": slow.gem(maps, 3)}
    expected = (wanted | {"quarters": slow_quarters(maps)})[name]
    block = pooling.build(name, 5)
    block.initialize()
    for _ in ("as it is", "compiled"):
        np.testing.assert_allclose(block(nd.array(maps)).asnumpy(), expected, rtol=1e-4)
        block.hybridize(static_alloc=True)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("p", [[3.0], [1.5, 3.0, 4.0]])
def test_gem_of_one_p_and_of_one_a_channel(size, p):
    assert_slopes(lambda x, p: pooling.gem(nd, x, p), slow.gem, slow.maps(size), np.array(p))


@pytest.mark.parametrize("size", SIZES)
def test_crow(size):
    assert_slopes(lambda x: pooling.crow(nd, x), slow.crow, slow.maps(size))


def test_crow_of_nothing_is_nothing():
    x = nd.zeros((1, 4, 3, 3))
    x.attach_grad()
    with autograd.record():
        found = pooling.crow(nd, x)
    found.backward()
    assert not found.asnumpy().any() and np.isfinite(x.grad.asnumpy()).all()


def test_crow_raises_what_is_rare():
    """Two channels as strong in their sum: the one in fewer places counts more."""
    x = np.zeros((1, 2, 4, 4))
    x[0, 0] = 0.5
    x[0, 1, 0] = 2
    found = pooling.crow(nd, nd.array(x)).asnumpy()[0]
    assert found[0] < 0.2 * found[1]


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (7, 4)])
@pytest.mark.parametrize("name", pooling.names())
def test_every_pooling_gives_as_many_numbers_as_it_says_compiled_or_not(name, size):
    x = nd.array(np.random.default_rng(0).random((2, 5, *size)))
    block = pooling.build(name, 5)
    block.initialize()
    plain = block(x).asnumpy()
    assert plain.shape == (2, 5 * pooling.times(name)) and np.isfinite(plain).all()
    block.hybridize(static_alloc=True, static_shape=True)
    np.testing.assert_allclose(block(x).asnumpy(), plain, rtol=1e-5, atol=1e-6)


def test_others_names():
    assert [pooling.canonical(name) for name in ("spoc", "mac", "gemmp", "gem")] == [
        "avg",
        "max",
        "gem-channels",
        "gem",
    ]
    assert pooling.build("gemmp", 5).p.shape == (5,)


def test_gem_learns_p_without_weight_decay():
    (p,) = pooling.build("gem", 5).collect_params().values()
    assert p.shape == (1,) and p.grad_req == "write" and p.wd_mult == 0


def test_unknown_name():
    with pytest.raises(InputError, match="unknown pooling 'gemmm': did you mean gem"):
        pooling.build("gemmm", 5)
