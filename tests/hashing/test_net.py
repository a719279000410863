"""The hash head against plain numpy, and its scale: saved with the weights, moved by no optimizer."""

import numpy as np
import pytest

from embedding.mx import autograd, gluon, mx, nd
from hashing.net import HashHead, HashingNet


def started(**how) -> HashHead:
    head = HashHead(16, **how)
    head.initialize()
    head(nd.zeros((1, 12)))
    return head


def plain(head, features, scale):
    x = features
    *hidden, last = head.layers
    for layer in hidden:
        x = np.maximum(x @ layer.weight.data().asnumpy().T + layer.bias.data().asnumpy(), 0)
    z = x @ last.weight.data().asnumpy().T + last.bias.data().asnumpy()
    return np.tanh(scale * z) if scale else z


@pytest.mark.parametrize("hidden", [0, 20])
@pytest.mark.parametrize("compiled", [False, True])
def test_activations_are_the_tanh_of_what_the_last_layer_gives(hidden, compiled):
    head = started(hidden=hidden)
    if compiled:
        head.hybridize(static_alloc=True, static_shape=True)
    features = np.random.default_rng(0).normal(size=(5, 12)).astype(np.float32)
    for scale in (1.0, 3.5, 0.25):
        head.sharpen(scale)
        np.testing.assert_allclose(head(nd.array(features)).asnumpy(), plain(head, features, scale), atol=1e-5)


def test_without_tanh_activations_are_any_numbers():
    head, features = started(tanh=False), np.random.default_rng(0).normal(size=(5, 12)).astype(np.float32) * 9
    found = head(nd.array(features)).asnumpy()
    assert np.abs(found).max() > 1
    np.testing.assert_allclose(found, plain(head, features, None), rtol=1e-5, atol=1e-5)


def test_the_scale_is_saved_and_not_trained(tmp_path):
    head = started()
    head.sharpen(2.5)
    trainer = gluon.Trainer([p for p in head.collect_params().values() if p.grad_req != "null"], "sgd")
    with autograd.record():
        head(nd.ones((4, 12))).sum().backward()
    trainer.step(1)
    assert head.scale.data().asscalar() == 2.5
    head.save_parameters(str(tmp_path / "head.params"))
    other = HashHead(16)
    other.load_parameters(str(tmp_path / "head.params"))
    assert other.scale.data().asscalar() == 2.5


def test_the_scale_needs_no_gradient_of_a_broadcast():
    """Which would take longer than the loss of a small batch."""
    head = HashHead(16)
    assert "broadcast_mul" not in head(mx.sym.var("features")).tojson()


def test_the_network_is_encoder_and_head():
    net = HashingNet(model="convnet", bits=24, hidden=8)
    net.initialize()
    images = nd.array(np.random.default_rng(1).integers(0, 255, (2, 32, 32, 3)), dtype="uint8")
    found = net(images)
    assert found.shape == (2, 24)
    np.testing.assert_array_equal(found.asnumpy(), net.head(net.encoder(images)).asnumpy())
