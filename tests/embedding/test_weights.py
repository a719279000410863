"""Pretrained weights: features against a plain numpy forward pass, every layout's slots, and what does not fit."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from datasets.errors import InputError
from embedding import backbone, weights
from embedding.mx import nd

ROLES = {"weight": "weight", "bias": "bias", "gamma": "weight", "beta": "bias"}
ROLES |= {"running_mean": "running_mean", "running_var": "running_var"}


class Plain:
    """Layers in plain numpy, in float64, that draw their weights when first used, under torchvision's names.

    Each batch norm's statistics are near those of what it sees, so that activations stay around 1.
    """

    def __init__(self, seed=0):
        self.rng = np.random.default_rng(seed)
        self.state = {}

    def draw(self, name, array):
        return self.state.setdefault(name, array.astype(np.float32))

    def conv(self, x, name, channels, *, size=1, stride=1, groups=1):
        shape = (channels, x.shape[1] // groups, size, size)
        w = self.draw(f"{name}.weight", self.rng.normal(size=shape) * np.sqrt(2 / np.prod(shape[1:])))
        pad = size // 2
        x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
        if groups == 1:
            return np.tensordot(windows, w, axes=((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)
        assert groups == channels == x.shape[1]
        return np.einsum("bchwij,cij->bchw", windows, w[:, 0])

    def norm(self, x, name):
        channels, axes = x.shape[1], (0, 2, 3)
        mean = self.draw(f"{name}.running_mean", x.mean(axis=axes) + 0.1 * self.rng.normal(size=channels))
        var = self.draw(f"{name}.running_var", x.var() * self.rng.uniform(0.7, 1.3, channels))
        gamma = self.draw(f"{name}.weight", self.rng.uniform(0.5, 1.5, channels))
        beta = self.draw(f"{name}.bias", self.rng.normal(size=channels) * 0.3)
        self.draw(f"{name}.num_batches_tracked", np.array(100))
        mean, var, gamma, beta = (v[None, :, None, None] for v in (mean, var, gamma, beta))
        return (x - mean) / np.sqrt(var + 1e-5) * gamma + beta


def max_pool(x):
    """3 x 3 at every second position, of what ReLU left, so that padding with 0 is no other than with -inf."""
    x = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))[:, :, ::2, ::2].max(axis=(4, 5))


def relu(x):
    return np.maximum(x, 0)


def relu6(x):
    return np.clip(x, 0, 6)


def resnet50(plain, x):
    """Features of He et al. 2016 as in torchvision: bottlenecks of 3, 4, 6, 3, stride on the 3 x 3 convolution."""
    x = max_pool(relu(plain.norm(plain.conv(x, "conv1", 64, size=7, stride=2), "bn1")))
    for stage, (width, count) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3)), 1):
        for i in range(count):
            name, stride = f"layer{stage}.{i}", 2 if stage > 1 and i == 0 else 1
            y = relu(plain.norm(plain.conv(x, f"{name}.conv1", width), f"{name}.bn1"))
            y = relu(plain.norm(plain.conv(y, f"{name}.conv2", width, size=3, stride=stride), f"{name}.bn2"))
            y = plain.norm(plain.conv(y, f"{name}.conv3", 4 * width), f"{name}.bn3")
            if i == 0:
                x = plain.conv(x, f"{name}.downsample.0", 4 * width, stride=stride)
                x = plain.norm(x, f"{name}.downsample.1")
            x = relu(x + y)
    return x


def mobilenet_v2(plain, x):
    """Features of Sandler et al. 2018 as in torchvision: expand, 3 x 3 per channel, project."""
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


def timm_name(name):
    """What timm calls an array of torchvision's MobileNetV2."""
    parts = name.split(".")
    if parts[1] in ("0", "18"):
        kinds = {"0.0": "conv_stem", "0.1": "bn1", "18.0": "conv_head", "18.1": "bn2"}
        return f"{kinds['.'.join(parts[1:3])]}.{parts[3]}"
    index = int(parts[1]) - 1
    starts = (0, 1, 3, 6, 10, 13, 16)
    stage = max(s for s, start in enumerate(starts) if start <= index)
    kinds = ["conv_pw", "bn1", "conv_dw", "bn2", "conv_pwl", "bn3"] if index else ["conv_dw", "bn1", "conv_pw", "bn2"]
    inner = ".".join(parts[3:-1])
    places = ["0.0", "0.1", "1.0", "1.1", "2", "3"] if index else ["0.0", "0.1", "1", "2"]
    return f"blocks.{stage}.{index - starts[stage]}.{kinds[places.index(inner)]}.{parts[-1]}"


@pytest.fixture(scope="module")
def photos():
    return np.random.default_rng(7).normal(size=(2, 3, 64, 64)).astype(np.float32)


@pytest.fixture(scope="module")
def reference(photos):
    """(features, state) by trunk name, from the plain forward pass."""
    out = {}
    for name, forward in (("resnet50_v1b", resnet50), ("mobilenetv2_1.0", mobilenet_v2)):
        plain = Plain()
        out[name] = forward(plain, photos.astype(np.float64)), plain.state
    return out


def saved(folder, state, name="weights.safetensors"):
    save_file({key: np.ascontiguousarray(value) for key, value in state.items()}, folder / name)
    return folder / name


def snapshot(trunk):
    return [p.data().asnumpy() for p in trunk.collect_params().values()]


@pytest.mark.parametrize("ready", [False, True])
@pytest.mark.parametrize("name", ["resnet50_v1b", "mobilenetv2_1.0"])
def test_same_input_same_features(tmp_path, photos, reference, name, ready):
    features, state = reference[name]
    trunk = backbone.build(name)
    if ready:
        trunk.initialize()
        trunk(nd.zeros((1, 3, 64, 64)))
    report = weights.load(trunk, saved(tmp_path, state))
    trunk.hybridize(static_alloc=True)
    found = trunk(nd.array(photos)).asnumpy()
    assert features.std() > 0.1 and found.shape == features.shape
    np.testing.assert_allclose(found, features, rtol=0, atol=1e-4 * np.abs(features).max())
    assert report.loaded == sum(not key.endswith("num_batches_tracked") for key in state) and report.unused == ()


def test_timm_names_of_mobilenetv2(tmp_path, photos, reference):
    features, state = reference["mobilenetv2_1.0"]
    state = {timm_name(name): array for name, array in state.items()}
    assert {"blocks.0.0.conv_pw.weight", "blocks.1.1.bn3.bias", "blocks.6.0.conv_pwl.weight"} <= state.keys()
    trunk = backbone.build("mobilenetv2_1.0")
    weights.load(trunk, saved(tmp_path, state))
    np.testing.assert_allclose(trunk(nd.array(photos)).asnumpy(), features, rtol=0, atol=1e-4 * features.max())


def numbered(name, layout):
    """A state dict for the trunk ``name`` in which every array holds its own number, and the numbers in trunk order."""
    trunk = backbone.build(name)
    trunk.infer_shape(nd.zeros((1, 3, 32, 32)))
    state, module = {}, -1
    for number, (key, parameter) in enumerate(trunk.collect_params().items()):
        role = next(role for role in ROLES if key.endswith("_" + role))
        module += role in ("weight", "gamma")
        state[f"{layout[module]}.{ROLES[role]}"] = np.full(parameter.shape, number, np.float32)
    assert module == len(layout) - 1
    return state


def dense_layer(block, layer, dot=""):
    return [f"features.denseblock{block}.denselayer{layer}.{kind}{dot}{j}" for j in "12" for kind in ("norm", "conv")]


def densenet(dot):
    """Torchvision's module names: a stem, four dense blocks with transitions between them, a last batch norm."""
    names = ["features.conv0", "features.norm0"]
    for block, layers in ((1, 6), (2, 12), (3, 24), (4, 16)):
        names += sum((dense_layer(block, i + 1, dot) for i in range(layers)), [])
        names += [f"features.transition{block}.norm", f"features.transition{block}.conv"]
    return [*names[:-2], "features.norm5"]


def resnet18():
    names = ["conv1", "bn1"]
    for block in (f"layer{stage}.{i}" for stage in "1234" for i in "01"):
        names += [f"{block}.{part}" for part in ("conv1", "bn1", "conv2", "bn2")]
        names += [f"{block}.downsample.{i}" for i in "01"] if block in ("layer2.0", "layer3.0", "layer4.0") else []
    return names


VGG16 = [f"features.{i}" for i in (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)]
LAYOUTS = [
    ("densenet121", densenet("")),
    ("densenet121", densenet(".")),
    ("vgg16", VGG16),
    ("resnet18_v1b", resnet18()),
]


@pytest.mark.parametrize("name, layout", LAYOUTS, ids=["densenet121", "densenet121 of 2017", "vgg16", "resnet18_v1b"])
def test_every_array_finds_its_slot(tmp_path, name, layout):
    """Whatever the order in the file."""
    state = numbered(name, layout)
    classifier = {"classifier.weight": np.zeros((2, 2), np.float32), "fc.bias": np.zeros(3, np.float32)}
    trunk = backbone.build(name)
    report = weights.load(
        trunk, saved(tmp_path, {key: (state | classifier)[key] for key in sorted(state | classifier)})
    )
    for number, values in enumerate(snapshot(trunk)):
        assert (values == number).all()
    assert report.loaded == len(state) and report.unused == ("classifier.weight", "fc.bias")
    assert str(report).endswith("weights.safetensors; not used: classifier.weight, fc.bias")


@pytest.mark.parametrize("name", sorted(set(backbone.names()) - {"convnet"}))
def test_every_trunk_has_a_layout_of_as_many_modules(name):
    trunk = backbone.build(name)
    heads = [key for key in trunk.collect_params() if key.endswith(("_weight", "_gamma"))]
    for layout in weights._LAYOUTS[name]:
        assert len(heads) == len(set(layout())) == len(list(layout()))


def refused(trunk, path):
    """The one line with which ``load`` refuses; the trunk is as before."""
    before = snapshot(trunk)
    with pytest.raises(InputError) as error:
        weights.load(trunk, path)
    for a, b in zip(before, snapshot(trunk), strict=True):
        np.testing.assert_array_equal(a, b)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.fixture
def trunk():
    built = backbone.build("resnet18_v1b")
    built.initialize()
    built(nd.zeros((1, 3, 32, 32))).wait_to_read()  # oneDNN reorders weights meanwhile, which no read waits for
    return built


def test_another_architecture_is_refused(tmp_path, trunk, reference):
    path = saved(tmp_path, reference["mobilenetv2_1.0"][1])
    assert refused(trunk, path).startswith(f"weights file {path} does not fit resnet18_v1b: it has no conv1.weight;")
    path = saved(tmp_path, reference["resnet50_v1b"][1])
    line = refused(trunk, path)
    assert "layer1.0.conv1.weight has the shape (64, 64, 1, 1), not (64, 64, 3, 3)" in line


def test_a_deeper_network_of_the_same_family_is_refused(tmp_path, trunk):
    state = numbered("resnet18_v1b", resnet18()) | {"layer1.2.conv1.weight": np.zeros((64, 64, 3, 3), np.float32)}
    assert "it has layer1.2.conv1.weight too" in refused(trunk, saved(tmp_path, state))


def test_the_last_array_is_checked_before_the_first_is_set(tmp_path, trunk):
    state = numbered("resnet18_v1b", resnet18())
    state["layer4.1.bn2.running_var"] = np.ones(511, np.float32)
    line = refused(trunk, saved(tmp_path, state))
    assert "layer4.1.bn2.running_var has the shape (511,), not (512,)" in line
    del state["layer4.1.bn2.running_var"]
    assert "it has no layer4.1.bn2.running_var" in refused(trunk, saved(tmp_path, state))


def test_missing_file_and_trunk_without_weights(tmp_path, trunk):
    assert "no.pth cannot be read: No such file or directory" in refused(trunk, tmp_path / "no.pth")
    path = saved(tmp_path, {"conv1.weight": np.zeros((1, 1), np.float32)})
    with pytest.raises(InputError, match="there are no pretrained weights for convnet"):
        weights.load(backbone.build("convnet"), path)
