"""The hash head against plain numpy, and its scale: saved with the weights, moved by no optimizer."""

import numpy as np
import pytest

from embedding.mx import autograd, gluon, mx, nd
from hashing.net import HEADS, BlockHead, DividedHead, HashHead, HashingNet


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


def test_the_divided_head_makes_each_bit_of_its_own_features():
    head = DividedHead(16, hidden=8)
    head.initialize()
    features = np.random.default_rng(0).normal(size=(5, 12)).astype(np.float32) * 90
    found = head(nd.array(features)).asnumpy()
    x = features
    for layer in head.layers:
        x = np.maximum(x @ layer.weight.data().asnumpy().T + layer.bias.data().asnumpy(), 0)
    weight, bias = head.weight.data().asnumpy(), head.bias.data().asnumpy()[0]
    for row, codes in zip(x, found, strict=True):
        for k in range(16):
            s = 1 / (1 + np.exp(-(row[50 * k : 50 * k + 50] @ weight[k] + bias[k])))
            rounded = s if abs(s - 0.5) <= 0.45 else float(s > 0.5)
            assert codes[k] == pytest.approx(2 * rounded - 1, abs=1e-5)
    assert {-1.0, 1.0} & set(found.ravel().tolist())


def test_bits_that_are_nearly_sure_have_no_gradient():
    head = DividedHead(8)
    head.initialize()
    features = nd.ones((2, 4))
    head(features)
    head.bias.set_data(nd.array([[9, -9, 0, 0, 0, 0, 0, 0]]))
    with autograd.record():
        head(features).sum().backward()
    gradient = head.bias.grad().asnumpy()[0]
    assert (gradient[:2] == 0).all() and (gradient[2:] > 0).all()


@pytest.mark.parametrize("compiled", [False, True])
def test_one_unit_of_each_block_is_above_0(compiled):
    head = BlockHead(24, hidden=8)
    head.initialize()
    head.hybridize(compiled)
    features = np.random.default_rng(0).normal(size=(5, 12)).astype(np.float32)
    found = head(nd.array(features)).asnumpy()
    x = features
    for layer in head.layers:
        x = x @ layer.weight.data().asnumpy().T + layer.bias.data().asnumpy()
        x = np.maximum(x, 0) if layer is not head.layers[-1] else x
    blocks, found = x.reshape(5, 3, 256), found.reshape(5, 3, 256)
    assert ((found > 0).sum(axis=2) == 1).all()
    assert (found.argmax(axis=2) == blocks.argmax(axis=2)).all()
    np.testing.assert_allclose(blocks - found, np.broadcast_to(np.sort(blocks)[..., -2:-1], (5, 3, 256)), atol=1e-5)


@pytest.mark.parametrize(("head", "width"), [("dense", 24), ("divided", 24), ("blocks", 768)])
def test_a_network_takes_the_head_that_it_is_told(head, width):
    net = HashingNet(model="convnet", bits=24, hidden=8, head=head)
    net.initialize()
    assert type(net.head) is HEADS[head]
    assert net(nd.zeros((2, 32, 32, 3), dtype="uint8")).shape == (2, width) and net.width == width
