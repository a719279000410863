"""The network of two sides: what they share, and that weights come back."""

import numpy as np
import pytest

from embedding.mx import nd
from embedding.network.net import Encoder, Head
from embedding.sketches.net import SHARES, two_sided


def made(share):
    net = two_sided(share, lambda: Encoder(model="convnet"), lambda: Head(8))
    net.initialize()
    return net


def pixels(seed):
    return nd.array(np.random.default_rng(seed).integers(0, 256, (2, 32, 32, 3)), dtype="uint8")


@pytest.mark.parametrize("share", SHARES)
def test_what_the_sides_share(share):
    net = made(share)
    assert (net.sketches.encoder is net.photographs.encoder) == (share in ("trunk", "all"))
    assert (net.sketches.head is net.photographs.head) == (share in ("top", "all"))
    one, other = net(pixels(0), pixels(0))
    assert one.shape == other.shape == (2, 8)
    assert np.allclose(one.asnumpy(), other.asnumpy(), atol=1e-6) == (share == "all")


@pytest.mark.parametrize("share", SHARES)
def test_weights_come_back(share, tmp_path):
    net = made(share)
    expected = [side.asnumpy() for side in net(pixels(0), pixels(1))]
    net.save_parameters(str(tmp_path / "net.params"))
    again = two_sided(share, lambda: Encoder(model="convnet"), lambda: Head(8))
    again.load_parameters(str(tmp_path / "net.params"))
    for found, wanted in zip(again(pixels(0), pixels(1)), expected, strict=True):
        assert np.allclose(found.asnumpy(), wanted, atol=1e-6)
