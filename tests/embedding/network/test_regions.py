"""Regions as published, poolings over them against plain numpy, and networks that cannot be compiled as one."""

import hashlib
from fractions import Fraction

import numpy as np
import pytest

from embedding.mx import autograd, gluon, mx, nd
from embedding.network import pooling, regions
from embedding.network.instance_head import instance_net
from tests.shared import poolings as slow
from tests.shared.poolings import SIZES, assert_slopes


def exact(high, wide):
    """The regions by exact fractions; None where two overlaps are as near to 40 percent, so that rounding decides."""
    short, long = min(high, wide), max(high, wide)
    away = [abs(1 - Fraction(long - short, short * steps) - Fraction(2, 5)) for steps in range(1, 7)]
    more = away.index(min(away)) + 1
    if high != wide and away.count(min(away)) > 1:
        return None
    found = [(0, 0, high, wide)]
    for level in (1, 2, 3):
        side = int(Fraction(2 * short, level + 1))
        starts = []
        for length in (high, wide):
            count = level + more * (length > short)
            gap = Fraction(length - side, count - 1) if count > 1 else Fraction(0)
            starts.append([int(i * gap) for i in range(count)])
        found += [(top, left, side, side) for top in starts[0] for left in starts[1] if side]
    return found


def test_regions_of_a_square_and_of_a_long_map():
    assert regions.regions(7, 7)[1:6] == [(0, 0, 7, 7), (0, 0, 4, 4), (0, 3, 4, 4), (3, 0, 4, 4), (3, 3, 4, 4)]
    assert [part.left for part in regions.regions(7, 7)[6:9]] == [0, 2, 4]
    assert regions.regions(1, 3) == [(0, 0, 1, 3), (0, 0, 1, 1), (0, 0, 1, 1), (0, 1, 1, 1), (0, 2, 1, 1)]
    assert regions.regions(24, 32)[1:3] == [(0, 0, 24, 24), (0, 8, 24, 24)] and len(regions.regions(24, 32)) == 21


def test_regions_are_those_of_exact_fractions():
    sizes = [(high, wide) for high in range(1, 25) for wide in range(1, 25) if max(high, wide) <= 4 * min(high, wide)]
    clear = [size for size in sizes if exact(*size) is not None]
    assert len(clear) > 0.9 * len(sizes)
    for size in clear:
        assert [tuple(part) for part in regions.regions(*size)] == exact(*size), size


def test_regions_are_those_of_cirtorch_to_the_last_place():
    """Its arithmetic, in single precision, over all maps up to 40 x 40: ties and rounded starts too."""
    found = [[tuple(part) for part in regions.regions(high, wide)] for high in range(1, 41) for wide in range(1, 41)]
    assert hashlib.sha256(repr(found).encode()).hexdigest()[:16] == "ef5c42e74f6c3a6a"


def test_regions_lie_in_the_map_and_cover_its_corners():
    for size in [(1, 9), (9, 1), (5, 64), (17, 30)]:
        for top, left, high, wide in regions.regions(*size):
            assert min(top, left) >= 0 and min(high, wide) > 0 and top + high <= size[0] and left + wide <= size[1]
        ends = {(part.top + part.high, part.left + part.wide) for part in regions.regions(*size)[1:]}
        assert size in ends


@pytest.mark.parametrize("size", SIZES)
def test_rmac(size):
    def plain(x):
        return slow.over_regions(x, regions.regions(*size), lambda part: part.max(axis=(2, 3)))

    assert_slopes(pooling.build("rmac", 3), plain, slow.maps(size))


def regional(pool, dim=3):
    block = regions.Regional(pooling.build(pool, 3), whitening=dim)
    block.initialize()
    block(nd.zeros((1, 3, 2, 2)))
    return block


POOLS = {"gem": lambda x: slow.gem(x, 3), "avg": lambda x: x.mean(axis=(2, 3)), "max": lambda x: x.max(axis=(2, 3))}


@pytest.mark.parametrize("size", [(1, 1), (1, 3), (3, 2)])
@pytest.mark.parametrize("pool", POOLS)
def test_a_pooling_over_regions_is_whitened_and_summed_up(pool, size):
    block, rng = regional(pool, dim=4), np.random.default_rng(3)
    weight, bias = rng.normal(size=(4, 3)).astype(np.float32), rng.normal(size=4).astype(np.float32)
    block.whiten.weight.set_data(nd.array(weight))
    block.whiten.bias.set_data(nd.array(bias))

    def plain(x):
        def whiten(vector):
            return slow.unit(weight.astype(float) @ vector + bias)

        return np.array([slow.unit(row) for row in slow.over_regions(x, regions.regions(*size), POOLS[pool], whiten)])

    x = slow.maps(size, seed=4) + (0.05 if pool == "gem" else 0)  # of nothing at all the direction is none
    assert_slopes(block, plain, x)


def test_whitening_of_regions_begins_as_none():
    x = slow.maps((5, 4))
    expected = slow.over_regions(x, regions.regions(5, 4), POOLS["avg"])
    np.testing.assert_allclose(regional("avg")(nd.array(x)).asnumpy(), [slow.unit(row) for row in expected], atol=1e-5)


@pytest.mark.parametrize("how", [{"pool": "rmac"}, {"pool": "gem", "regional": True, "local_whitening": True}])
def test_a_network_with_regions_is_compiled_part_by_part_and_has_the_same_slopes(how):
    mx.random.seed(0)
    net = instance_net("convnet", **how, whitening=True, dim=5)
    net.initialize(mx.init.Xavier())
    sizes = [(2, 40, 56), (2, 40, 56), (1, 48, 32)]
    batches = [
        nd.array(np.random.default_rng(i).integers(0, 256, (*size, 3)), dtype="uint8") for i, size in enumerate(sizes)
    ]

    def run():
        found = []
        for images in batches:
            with autograd.record():
                rows = net(images)
                loss = (rows * nd.arange(5)).sum()
            loss.backward()
            slopes = [p.grad().asnumpy().copy() for p in net.collect_params().values() if p.grad_req != "null"]
            found.append((rows.asnumpy(), slopes))
        return found

    plain = run()
    for part in (net.encoder.trunk, net.head):
        assert not part._active
    net.hybridize(static_alloc=True, static_shape=True)
    assert net.encoder.trunk._active and net.head._active and not net._active and not net.encoder._active
    for (rows, slopes), (compiled_rows, compiled_slopes) in zip(plain, run(), strict=True):
        np.testing.assert_allclose(compiled_rows, rows, atol=1e-5)
        assert any(np.abs(slope).max() > 0 for slope in slopes)
        for one, other in zip(slopes, compiled_slopes, strict=True):
            np.testing.assert_allclose(other, one, atol=1e-4 * max(1, np.abs(one).max()))


def test_compiled_by_somebody_else_it_computes_nothing():
    block = gluon.nn.HybridSequential()
    block.add(pooling.build("rmac", 3))
    shape = block(mx.sym.var("x"))
    assert shape.list_arguments() == ["x"]
    with pytest.raises(NotImplementedError, match="compiled part by part"):
        regions.OfAGraph("3", "0.4").create_operator()
