"""Pretrained weights: the features of every trunk against a plain numpy forward pass of the architecture."""

from functools import partial

import numpy as np
import pytest
from safetensors.numpy import save_file

from embedding.mx import nd
from embedding.network import backbone, weights


class Plain:
    """Layers in plain numpy, in float64, that draw their weights when first used, under torchvision's names.

    Each batch norm's statistics are near those of what it sees, so that activations stay around 1.
    """

    def __init__(self, seed=0):
        self.rng = np.random.default_rng(seed)
        self.state = {}

    def draw(self, name, array):
        return self.state.setdefault(name, array.astype(np.float32))

    def conv(self, x, name, channels, *, size=1, stride=1, pad=None, groups=1, bias=False):
        """``size`` and ``pad`` are numbers or (height, width); without ``pad`` the map keeps its size."""
        size = np.broadcast_to(size, 2)
        shape = (channels, x.shape[1] // groups, *size)
        w = self.draw(f"{name}.weight", self.rng.normal(size=shape) * np.sqrt(2 / np.prod(shape[1:])))
        high, wide = size // 2 if pad is None else np.broadcast_to(pad, 2)
        x = np.pad(x, ((0, 0), (0, 0), (high, high), (wide, wide)))
        windows = np.lib.stride_tricks.sliding_window_view(x, size, axis=(2, 3))[:, :, ::stride, ::stride]
        images, _, h, v = windows.shape[:4]
        columns = windows.transpose(0, 1, 4, 5, 2, 3).reshape(images, groups, -1, h * v)
        out = (w.reshape(groups, channels // groups, -1) @ columns).reshape(images, channels, h, v)
        if bias:
            out += self.draw(f"{name}.bias", self.rng.normal(size=channels) * 0.3)[:, None, None]
        return out

    def norm(self, x, name, eps=1e-5):
        channels, axes = x.shape[1], (0, 2, 3)
        mean = self.draw(f"{name}.running_mean", x.mean(axis=axes) + 0.1 * self.rng.normal(size=channels))
        var = self.draw(f"{name}.running_var", x.var() * self.rng.uniform(0.7, 1.3, channels))
        gamma = self.draw(f"{name}.weight", self.rng.uniform(0.5, 1.5, channels))
        beta = self.draw(f"{name}.bias", self.rng.normal(size=channels) * 0.3)
        self.draw(f"{name}.num_batches_tracked", np.array(100))
        mean, var, gamma, beta = (v[None, :, None, None] for v in (mean, var, gamma, beta))
        return (x - mean) / np.sqrt(var + eps) * gamma + beta

    def basic(self, x, name, channels, size=1, **how):
        """The convolution, batch norm and ReLU of Google's networks."""
        return relu(self.norm(self.conv(x, f"{name}.conv", channels, size=size, **how), f"{name}.bn", eps=1e-3))


def relu(x):
    return np.maximum(x, 0)


def relu6(x):
    return np.clip(x, 0, 6)


def pool(x, size, stride, *, pad=0, ceil=False, how=np.max):
    """Max or mean of windows; ``ceil`` has a last window reach over the edge where a row would be left out."""
    edge = stride - 1 if ceil else 0
    fill = -np.inf if how is np.max else 0
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad + edge), (pad, pad + edge)), constant_values=fill)
    return how(np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride], (4, 5))


def resnet50(plain, x, *, groups=1, squeeze=False):
    """He et al. 2016 as in torchvision: bottlenecks of 3, 4, 6, 3, stride on the 3 x 3 convolution.

    groups : 32 for ResNeXt's 32 x 4d; squeeze : with squeeze and excitation (Hu et al. 2018) as in timm
    """
    x = pool(relu(plain.norm(plain.conv(x, "conv1", 64, size=7, stride=2), "bn1")), 3, 2, pad=1)
    for stage, (out, count) in enumerate(((256, 3), (512, 4), (1024, 6), (2048, 3)), 1):
        width = out // 4 if groups == 1 else out // 2
        for i in range(count):
            name, stride = f"layer{stage}.{i}", 2 if stage > 1 and i == 0 else 1
            y = relu(plain.norm(plain.conv(x, f"{name}.conv1", width), f"{name}.bn1"))
            y = plain.conv(y, f"{name}.conv2", width, size=3, stride=stride, groups=groups)
            y = plain.norm(plain.conv(relu(plain.norm(y, f"{name}.bn2")), f"{name}.conv3", out), f"{name}.bn3")
            if squeeze:
                gate = plain.conv(y.mean(axis=(2, 3), keepdims=True), f"{name}.se.fc1", out // 16, bias=True)
                y = y / (1 + np.exp(-plain.conv(relu(gate), f"{name}.se.fc2", out, bias=True)))
            if i == 0:
                x = plain.conv(x, f"{name}.downsample.0", out, stride=stride)
                x = plain.norm(x, f"{name}.downsample.1")
            x = relu(x + y)
    return x


def mobilenet_v2(plain, x):
    """Sandler et al. 2018 as in torchvision: expand, 3 x 3 per channel, project."""
    x = relu6(plain.norm(plain.conv(x, "features.0.0", 32, size=3, stride=2), "features.0.1"))
    table = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    strides = [(t, c, s if i == 0 else 1) for t, c, n, s in table for i in range(n)]
    for i, (expansion, channels, stride) in enumerate(strides, 1):
        name, wide, y = f"features.{i}.conv", expansion * x.shape[1], x
        if expansion > 1:
            y = relu6(plain.norm(plain.conv(y, f"{name}.0.0", wide), f"{name}.0.1"))
        k = int(expansion > 1)
        y = plain.conv(y, f"{name}.{k}.0", wide, size=3, stride=stride, groups=wide)
        y = relu6(plain.norm(y, f"{name}.{k}.1"))
        y = plain.norm(plain.conv(y, f"{name}.{k + 1}", channels), f"{name}.{k + 2}")
        x = x + y if stride == 1 and x.shape[1] == channels else y
    return relu6(plain.norm(plain.conv(x, "features.18.0", 1280), "features.18.1"))


# Channels and blocks of each stage, as the shapes in the published checkpoints tell.
LITE = {
    "efficientnet_lite0": ((16, 24, 40, 80, 112, 192, 320), (1, 2, 2, 3, 3, 4, 1)),
    "efficientnet_lite1": ((16, 24, 40, 80, 112, 192, 320), (1, 3, 3, 4, 4, 5, 1)),
    "efficientnet_lite2": ((16, 24, 48, 88, 120, 208, 352), (1, 3, 3, 4, 4, 5, 1)),
}


def efficientnet_lite(plain, x, *, name):
    """Tan and Le 2019 without squeeze and excitation and with ReLU6, under the names of the checkpoints in pip."""
    x = relu6(plain.norm(plain.conv(x, "_conv_stem", 32, size=3, stride=2), "_bn0", eps=1e-3))
    kernels, strides, number = (3, 3, 5, 3, 5, 5, 3), (1, 2, 2, 2, 1, 2, 1), 0
    for channels, count, size, stride in zip(*LITE[name], kernels, strides, strict=True):
        for i in range(count):
            block, wide, y = f"_blocks.{number}.", x.shape[1] * (6 if number else 1), x
            if number:
                y = relu6(plain.norm(plain.conv(y, f"{block}_expand_conv", wide), f"{block}_bn0", eps=1e-3))
            step = stride if i == 0 else 1
            y = plain.conv(y, f"{block}_depthwise_conv", wide, size=size, stride=step, groups=wide)
            y = plain.conv(relu6(plain.norm(y, f"{block}_bn1", eps=1e-3)), f"{block}_project_conv", channels)
            y = plain.norm(y, f"{block}_bn2", eps=1e-3)
            x, number = y if i == 0 else x + y, number + 1
    return relu6(plain.norm(plain.conv(x, "_conv_head", 1280), "_bn1", eps=1e-3))


def densenet121(plain, x):
    """Huang et al. 2017 as in torchvision: each layer adds 32 channels; transitions halve channels and sides."""
    x = relu(plain.norm(plain.conv(x, "features.conv0", 64, size=7, stride=2), "features.norm0"))
    x = pool(x, 3, 2, pad=1)
    for block, layers in enumerate((6, 12, 24, 16), 1):
        for i in range(1, layers + 1):
            name = f"features.denseblock{block}.denselayer{i}"
            y = plain.conv(relu(plain.norm(x, f"{name}.norm1")), f"{name}.conv1", 128)
            y = plain.conv(relu(plain.norm(y, f"{name}.norm2")), f"{name}.conv2", 32, size=3)
            x = np.concatenate([x, y], axis=1)
        if block < 4:
            name = f"features.transition{block}"
            x = plain.conv(relu(plain.norm(x, f"{name}.norm")), f"{name}.conv", x.shape[1] // 2)
            x = pool(x, 2, 2, how=np.mean)
    return relu(plain.norm(x, "features.norm5"))


def googlenet(plain, x):
    """Szegedy et al. 2015 with batch norm as in torchvision: 3 x 3 where the paper has 5 x 5, poolings round up."""
    x = pool(plain.basic(x, "conv1", 64, 7, stride=2), 3, 2, ceil=True)
    x = pool(plain.basic(plain.basic(x, "conv2", 64), "conv3", 192, 3), 3, 2, ceil=True)
    table = {"3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64)}
    table |= {"4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64), "4c": (128, 128, 256, 24, 64, 64)}
    table |= {"4d": (112, 144, 288, 32, 64, 64), "4e": (256, 160, 320, 32, 128, 128)}
    table |= {"5a": (256, 160, 320, 32, 128, 128), "5b": (384, 192, 384, 48, 128, 128)}
    for block, (one, three_in, three, five_in, five, pooled) in table.items():
        name = f"inception{block}."
        branches = [
            plain.basic(x, name + "branch1", one),
            plain.basic(plain.basic(x, name + "branch2.0", three_in), name + "branch2.1", three, 3),
            plain.basic(plain.basic(x, name + "branch3.0", five_in), name + "branch3.1", five, 3),
            plain.basic(pool(x, 3, 1, pad=1), name + "branch4.1", pooled),
        ]
        x = np.concatenate(branches, axis=1)
        if block in ("3b", "4e"):
            x = pool(x, 3 if block == "3b" else 2, 2, ceil=True)
    return x


def mixed(plain, x, name, branches, *, pooled=0):
    """A block of Inception v3: each branch is (part, channels, size, more) after another, side by side at the end."""
    outs = []
    for branch in branches:
        y = x
        for part, channels, size, *how in branch:
            y = plain.basic(y, f"{name}.branch{part}", channels, size, **(how[0] if how else {}))
        outs.append(y)
    if pooled:
        outs.append(plain.basic(pool(x, 3, 1, pad=1, how=np.mean), f"{name}.branch_pool", pooled))
    return np.concatenate(outs if pooled else [*outs, pool(x, 3, 2)], axis=1)


def inception_v3(plain, x):
    """Szegedy et al. 2016 as in torchvision."""
    valid, half, row, column = {"pad": 0}, {"pad": 0, "stride": 2}, (1, 7), (7, 1)
    x = plain.basic(plain.basic(x, "Conv2d_1a_3x3", 32, 3, **half), "Conv2d_2a_3x3", 32, 3, **valid)
    x = plain.basic(pool(plain.basic(x, "Conv2d_2b_3x3", 64, 3), 3, 2), "Conv2d_3b_1x1", 80)
    x = pool(plain.basic(x, "Conv2d_4a_3x3", 192, 3, **valid), 3, 2)
    double = [("3x3dbl_1", 64, 1), ("3x3dbl_2", 96, 3)]
    for letter, pooled in (("b", 32), ("c", 64), ("d", 64)):
        a = [[("1x1", 64, 1)], [("5x5_1", 48, 1), ("5x5_2", 64, 5)], [*double, ("3x3dbl_3", 96, 3)]]
        x = mixed(plain, x, f"Mixed_5{letter}", a, pooled=pooled)
    x = mixed(plain, x, "Mixed_6a", [[("3x3", 384, 3, half)], [*double, ("3x3dbl_3", 96, 3, half)]])
    for letter, c in (("b", 128), ("c", 160), ("d", 160), ("e", 192)):
        seven = [("7x7_1", c, 1), ("7x7_2", c, row), ("7x7_3", 192, column)]
        twice = [("7x7dbl_1", c, 1), ("7x7dbl_2", c, column), ("7x7dbl_3", c, row), ("7x7dbl_4", c, column)]
        branches = [[("1x1", 192, 1)], seven, [*twice, ("7x7dbl_5", 192, row)]]
        x = mixed(plain, x, f"Mixed_6{letter}", branches, pooled=192)
    seven = [("7x7x3_1", 192, 1), ("7x7x3_2", 192, row), ("7x7x3_3", 192, column), ("7x7x3_4", 192, 3, half)]
    x = mixed(plain, x, "Mixed_7a", [[("3x3_1", 192, 1), ("3x3_2", 320, 3, half)], seven])
    for name in ("Mixed_7b", "Mixed_7c"):
        one, three = plain.basic(x, f"{name}.branch1x1", 320), plain.basic(x, f"{name}.branch3x3_1", 384)
        more = plain.basic(plain.basic(x, f"{name}.branch3x3dbl_1", 448), f"{name}.branch3x3dbl_2", 384, 3)
        forks = [(three, "3x3_2a", (1, 3)), (three, "3x3_2b", (3, 1)), (more, "3x3dbl_3a", (1, 3))]
        forks.append((more, "3x3dbl_3b", (3, 1)))
        forks = [plain.basic(y, f"{name}.branch{part}", 384, size) for y, part, size in forks]
        pooled = plain.basic(pool(x, 3, 1, pad=1, how=np.mean), f"{name}.branch_pool", 192)
        x = np.concatenate([one, *forks, pooled], axis=1)
    return x


def alexnet(plain, x):
    """Krizhevsky 2014 as in torchvision: means of 6 x 6 parts, then two dense layers."""
    x = pool(relu(plain.conv(x, "features.0", 64, size=11, stride=4, pad=2, bias=True)), 3, 2)
    x = pool(relu(plain.conv(x, "features.3", 192, size=5, bias=True)), 3, 2)
    for i, channels in ((6, 384), (8, 256), (10, 256)):
        x = relu(plain.conv(x, f"features.{i}", channels, size=3, bias=True))
    x = parts(pool(x, 3, 2), 6).reshape(len(x), -1)
    for i in (1, 4):
        w = plain.draw(f"classifier.{i}.weight", plain.rng.normal(size=(4096, x.shape[1])) * np.sqrt(2 / x.shape[1]))
        x = relu(x @ w.T + plain.draw(f"classifier.{i}.bias", plain.rng.normal(size=4096) * 0.3))
    return x[:, :, None, None]


def parts(x, side):
    """The means of side x side parts, which may overlap by a row or column."""
    edges = [[(i * n // side, -(-(i + 1) * n // side)) for i in range(side)] for n in x.shape[2:]]
    rows = np.stack([x[:, :, a:b].mean(axis=2) for a, b in edges[0]], axis=2)
    return np.stack([rows[:, :, :, a:b].mean(axis=3) for a, b in edges[1]], axis=3)


FORWARDS = {
    "resnet50_v1b": resnet50,
    "resnext50_32x4d": partial(resnet50, groups=32),
    "se_resnext50_32x4d": partial(resnet50, groups=32, squeeze=True),
    "mobilenetv2_1.0": mobilenet_v2,
    "densenet121": densenet121,
    "googlenet": googlenet,
    "inceptionv3": inception_v3,
    "alexnet": alexnet,
    **{name: partial(efficientnet_lite, name=name) for name in LITE},
}


def saved(folder, state):
    save_file({key: np.ascontiguousarray(value) for key, value in state.items()}, folder / "weights.safetensors")
    return folder / "weights.safetensors"


def photo_for(name):
    """(1, 3, H, W) with sides at which the poolings of all architectures meet odd and even maps."""
    size = (139, 107) if name == "inceptionv3" else (80, 96)
    return np.random.default_rng(7).normal(size=(1, 3, *size)).astype(np.float32)


def assert_features(found, expected):
    assert expected.std() > 0.1 and found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=3e-4 * np.abs(expected).max())


@pytest.mark.parametrize("name", FORWARDS)
def test_same_input_same_features(tmp_path, name):
    plain, photo = Plain(), photo_for(name)
    features = FORWARDS[name](plain, photo.astype(np.float64))
    heads = {
        "fc.weight": np.zeros((10, 3)),
        "classifier.6.bias": np.zeros(10),
        "aux1.conv.conv.weight": np.zeros(1),
        "AuxLogits.fc.bias": np.zeros(1),
    }
    path = saved(tmp_path, plain.state | heads)
    ready, fresh = backbone.build(name), backbone.build(name)
    ready.initialize()
    ready(nd.array(photo))
    for trunk in (ready, fresh):
        report = weights.load(trunk, path)
        trunk.hybridize(static_alloc=True)
        assert_features(trunk(nd.array(photo)).asnumpy(), features)
        assert report.loaded == sum(not key.endswith("num_batches_tracked") for key in plain.state)
        assert report.unused == tuple(sorted(heads))
