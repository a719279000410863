import numpy as np
import pytest

from embedding.engine.base import Facts
from embedding.engine.gluon import GluonEngine
from embedding.mx import mx, nd
from embedding.network.net import EmbeddingNet

FACTS = Facts(network="0", model="convnet", size=(32, 32), resize="crop", dim=8)


@pytest.fixture(scope="module")
def net():
    mx.random.seed(0)
    net = EmbeddingNet(model="convnet", dim=8)
    net.initialize()
    return net


def pixels(count, *, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 32, 32, 3), np.uint8)


@pytest.mark.parametrize("counts", [(5, 2, 1), (1, 5), (3,)])
def test_an_engine_gives_what_the_network_gives_whatever_batches_come_before(net, counts):
    engine = GluonEngine(net, FACTS, [mx.cpu()])
    for seed, count in enumerate(counts):
        images = pixels(count, seed=seed)
        found = engine(images)
        assert found.shape == (count, 8) and found.dtype == np.float32
        np.testing.assert_allclose(found, net(nd.array(images, dtype="uint8")).asnumpy(), rtol=1e-5, atol=1e-6)


def test_several_devices_share_a_batch_and_also_a_single_image(net):
    engine = GluonEngine(net, FACTS, [mx.cpu(0), mx.cpu(0)])
    images = pixels(3)
    expected = net(nd.array(images, dtype="uint8")).asnumpy()
    np.testing.assert_allclose(engine(images), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(engine(images[:1]), expected[:1], rtol=1e-5, atol=1e-6)


def test_no_image_gives_no_row(net):
    assert GluonEngine(net, FACTS, [mx.cpu()])(pixels(0)).shape == (0, 8)
