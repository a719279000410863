"""Trunks: shapes at any size, the fast ReLU6 against clip, frozen batch norm against its formula."""

import numpy as np
import pytest

from datasets.errors import InputError
from embedding import backbone
from embedding.mx import autograd, gluon, gluoncv_zoo, mx, nd

CHANNELS = {
    "convnet": 128,
    "resnet18_v1b": 512,
    "resnet34_v1b": 512,
    "resnet50_v1b": 2048,
    "resnet101_v1b": 2048,
    "mobilenetv2_1.0": 1280,
    "densenet121": 1024,
    "vgg16": 512,
}


def images(*shape, seed=0):
    return nd.array(np.random.default_rng(seed).normal(size=shape))


def started(name):
    mx.random.seed(0)
    trunk = backbone.build(name)
    trunk.initialize(mx.init.Xavier(magnitude=2))
    return trunk


def output_and_gradients(block, x):
    """Output, and gradients of a fixed sum of it after x and after all parameters, in training mode."""
    x.attach_grad()
    with autograd.record():
        y = block(x)
        (y * images(*y.shape, seed=1)).sum().backward()
    parameters = block.collect_params().values()
    grads = [p.grad().asnumpy() for p in parameters if p.grad_req != "null"]
    return y.asnumpy(), [x.grad.asnumpy(), *grads]


def test_every_name_has_its_channels():
    assert set(backbone.names()) == set(CHANNELS)


@pytest.mark.parametrize("name", backbone.names())
def test_feature_map_at_small_and_odd_sizes(name):
    trunk = started(name)
    trunk.hybridize(static_alloc=True, static_shape=True)
    stride = 8 if name == "convnet" else 32
    for height, width in ((32, 32), (64, 96)):
        shape = trunk(nd.zeros((1, 3, height, width))).shape
        assert shape == (1, CHANNELS[name], height // stride, width // stride)
    assert trunk(nd.zeros((1, 3, 50, 45))).shape[:2] == (1, CHANNELS[name])


def test_unknown_name_suggests_one():
    with pytest.raises(InputError, match=r"unknown model 'resnet50': did you mean resnet50_v1b\? known are convnet, "):
        backbone.build("resnet50")


@pytest.mark.parametrize("plain", [False, True])
def test_relu6_is_clip(plain):
    x = images(4, 24, 9, 9) * 6
    ours = backbone.ReLU6(plain_gradient=plain)
    theirs = gluon.nn.HybridLambda(lambda F, x: F.clip(x, 0, 6))
    y, (gradient,) = output_and_gradients(ours, x)
    clip, clip_gradient = output_and_gradients(theirs, x)
    np.testing.assert_array_equal(y, clip)
    np.testing.assert_array_equal(gradient, clip_gradient[0])
    assert set(np.unique(y[(y <= 0) | (y >= 6)])) == {0, 6}


@pytest.fixture
def mobilenet():
    """A MobileNetV2 whose stored statistics suit its random weights, so that its features are not all near 0."""
    trunk = started("mobilenetv2_1.0")
    x = images(4, 3, 64, 64)
    trunk(x)
    for _ in range(12):
        output_and_gradients(trunk, x)  # MXNet renews the statistics in the backward pass
    return trunk


def assert_close(found, expected, tolerance):
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * np.abs(expected).max() + 1e-7)


@pytest.fixture
def zoo(mobilenet):
    """GluonCV's own MobileNetV2 with the same weights."""
    made = gluoncv_zoo.get_model("mobilenetv2_1.0", pretrained=False).features
    made.initialize()
    made(images(2, 3, 64, 64))
    for source, to in zip(mobilenet.collect_params().values(), made.collect_params().values(), strict=True):
        to.set_data(source.data())
    return made


def test_mobilenetv2_is_that_of_the_zoo(mobilenet, zoo):
    x = images(2, 3, 64, 64)
    mobilenet.hybridize(static_alloc=True)
    features = mobilenet(x).mean(axis=(2, 3)).asnumpy()
    assert features.std() > 0.01
    assert_close(features, zoo(x)[:, :, 0, 0].asnumpy(), 1e-5)


def test_mobilenetv2_has_the_gradients_of_the_zoo(mobilenet, zoo):
    pooled = gluon.nn.HybridSequential()
    pooled.add(mobilenet, gluon.nn.GlobalAvgPool2D())
    x = images(4, 3, 64, 64)
    ours, our_gradients = output_and_gradients(pooled, x)
    theirs, their_gradients = output_and_gradients(zoo, x)
    assert_close(ours, theirs, 1e-4)
    for a, b in zip(our_gradients, their_gradients, strict=True):
        assert_close(a, b, 2e-3)


def test_where_blocks_of_8_and_16_channels_meet_the_gradient_is_plain():
    flags = []
    started("mobilenetv2_1.0").apply(
        lambda b: flags.append(b.plain_gradient) if isinstance(b, backbone.ReLU6) else None
    )
    assert len(flags) == 35
    assert [i for i, flag in enumerate(flags) if flag] == [3, 4, 5, 6]


def test_frozen_batch_norm_keeps_its_statistics_and_learns_its_scale():
    norm = gluon.nn.BatchNorm(in_channels=16)
    norm.initialize()
    rng = np.random.default_rng(0)
    mean, var, gamma = rng.normal(size=16), rng.uniform(0.5, 2, 16), rng.normal(size=16)
    for parameter, value in ((norm.running_mean, mean), (norm.running_var, var), (norm.gamma, gamma)):
        parameter.set_data(nd.array(value))
    backbone.freeze_batch_norm(norm)
    norm.hybridize(static_alloc=True)
    x = images(4, 16, 5, 5)
    y, (dx, dgamma, dbeta) = output_and_gradients(norm, x)

    mean, var, gamma = (v[:, None, None] for v in (mean, var, gamma))  # a value a channel
    normal = (x.asnumpy() - mean) / np.sqrt(var + 1e-5)
    upstream = images(*x.shape, seed=1).asnumpy()
    np.testing.assert_allclose(y, normal * gamma, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(dx, upstream * gamma / np.sqrt(var + 1e-5), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(dgamma, (upstream * normal).sum(axis=(0, 2, 3)), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(dbeta, upstream.sum(axis=(0, 2, 3)), rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(norm.running_mean.data().asnumpy(), mean.ravel().astype(np.float32))
    np.testing.assert_array_equal(norm.running_var.data().asnumpy(), var.ravel().astype(np.float32))


def test_freezing_reaches_every_batch_norm_of_a_trunk():
    trunk = started("resnet18_v1b")
    x = images(2, 3, 32, 32)
    trunk(x)
    backbone.freeze_batch_norm(trunk)
    with autograd.record():
        training = trunk(x)
    np.testing.assert_allclose(training.asnumpy(), trunk(x).asnumpy(), rtol=1e-4, atol=1e-5)
