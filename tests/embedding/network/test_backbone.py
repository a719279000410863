"""Trunks: shapes at any size, the fast ReLU6 against clip, frozen batch norm against its formula."""

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.mx import autograd, gluon, gluoncv_zoo, mx, nd
from embedding.network import backbone
from embedding.network.bottleneck import ReLU6

CHANNELS = {
    "convnet": 128,
    "resnet18_v1b": 512,
    "resnet34_v1b": 512,
    "resnet50_v1b": 2048,
    "resnet101_v1b": 2048,
    "resnet152_v1b": 2048,
    "resnext50_32x4d": 2048,
    "se_resnext50_32x4d": 2048,
    "mobilenetv2_1.0": 1280,
    "densenet121": 1024,
    "googlenet": 1024,
    "inceptionv3": 2048,
    "vgg16": 512,
    "vgg19": 512,
    "strided_convnet": 128,
    "alexnet": 4096,
    "efficientnet_lite0": 1280,
    "efficientnet_lite1": 1280,
    "efficientnet_lite2": 1280,
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


@pytest.mark.parametrize("name", [name for name in backbone.names() if name not in ("inceptionv3", "alexnet")])
def test_feature_map_at_small_and_odd_sizes(name):
    trunk = started(name)
    trunk.hybridize(static_alloc=True, static_shape=True)
    stride = 8 if name.endswith("convnet") else 32
    for height, width in ((32, 32), (64, 96)):
        shape = trunk(nd.zeros((1, 3, height, width))).shape
        assert shape == (1, CHANNELS[name], height // stride, width // stride)
    assert trunk(nd.zeros((1, 3, 50, 45))).shape[:2] == (1, CHANNELS[name])


def test_inception_takes_images_of_75_pixels_and_more():
    trunk = started("inceptionv3")
    for size, out in (((75, 75), (1, 1)), ((75, 107), (1, 2)), ((299, 299), (8, 8))):
        (shape,) = trunk(mx.sym.var("x")).infer_shape(x=(1, 3, *size))[1]
        assert shape == (1, 2048, *out)
    with pytest.raises(mx.base.MXNetError):
        trunk(mx.sym.var("x")).infer_shape(x=(1, 3, 74, 75))


ALIASES = [
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "seresnext50_32x4d",
    "mobilenet_v2",
    "inception_v3",
]


def test_what_others_call_the_trunks_is_understood():
    known = [backbone.canonical(name) for name in ALIASES]
    assert known[:5] == [f"{name}_v1b" for name in ALIASES[:5]]
    assert known[5:] == ["se_resnext50_32x4d", "mobilenetv2_1.0", "inceptionv3"]
    assert [backbone.canonical(name) for name in backbone.names()] == backbone.names()
    assert set(backbone._ALIASES.values()) <= set(backbone.names()) and not set(backbone._ALIASES) & set(CHANNELS)
    assert backbone.build("resnet18").model == "resnet18_v1b"


def test_unknown_name_suggests_one():
    for look_up in (backbone.canonical, backbone.build):
        with pytest.raises(
            InputError, match=r"unknown model 'resnext': did you mean resnext50_32x4d\? known are convnet"
        ):
            look_up("resnext")


@pytest.mark.parametrize("plain", [False, True])
def test_relu6_is_clip(plain):
    x = images(4, 24, 9, 9) * 6
    ours = ReLU6(plain_gradient=plain)
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
    started("mobilenetv2_1.0").apply(lambda b: flags.append(b.plain_gradient) if isinstance(b, ReLU6) else None)
    assert len(flags) == 35
    assert [i for i, flag in enumerate(flags) if flag] == [3, 4, 5, 6]


def test_photographs_have_the_side_that_a_trunk_was_trained_on():
    assert [backbone.side(f"efficientnet_lite{size}") for size in (0, 1, 2)] == [224, 240, 260]
    assert backbone.side("resnet50_v1b") == backbone.side("mobilenetv2_1.0") == 224


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


@pytest.mark.parametrize(
    "name", sorted(set(backbone.names()) - {"vgg16", "vgg19", "alexnet"})
)  # which have no batch norm
def test_freezing_reaches_every_batch_norm_of_a_trunk(name):
    trunk = started(name)
    x = images(4, 3, *(2 * (75 if name == "inceptionv3" else 32,)))
    trunk(x)
    backbone.freeze_batch_norm(trunk)
    statistics = [p for key, p in trunk.collect_params().items() if "running" in key]
    before = [p.data().asnumpy() for p in statistics]
    expected = trunk(x).asnumpy()
    trunk.hybridize(static_alloc=True)
    with autograd.record():
        training = trunk(x)
    training.backward()
    np.testing.assert_allclose(training.asnumpy(), expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
    assert len(before) > 5
    for parameter, values in zip(statistics, before, strict=True):
        np.testing.assert_array_equal(parameter.data().asnumpy(), values)


@pytest.mark.parametrize(
    "name", ["googlenet", "inceptionv3", "resnext50_32x4d", "se_resnext50_32x4d", "efficientnet_lite0"]
)
def test_every_parameter_learns(name):
    trunk = started(name)
    trunk.hybridize(static_alloc=True)
    x = images(4, 3, *(2 * (107 if name == "inceptionv3" else 48,)))
    trunk(x)
    for key, parameter in trunk.collect_params().items():  # the zoo starts the last scale of a block at 0
        if key.endswith("gamma"):
            parameter.set_data(nd.ones(parameter.shape))
    y, (dx, *grads) = output_and_gradients(trunk, x)
    assert np.isfinite(y).all() and np.isfinite(dx).all() and dx.any()
    assert len(grads) > 100 and all(np.isfinite(g).all() and g.any() for g in grads)
