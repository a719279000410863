"""Pretrained weights: every layout's slots, and what does not fit. What they compute: test_weights_features.py."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from datasets.errors import InputError
from embedding.mx import nd
from embedding.network import backbone, weights

ROLES = {"weight": "weight", "bias": "bias", "gamma": "weight", "beta": "bias"}
ROLES |= {"running_mean": "running_mean", "running_var": "running_var"}


def saved(folder, state, name="weights.safetensors"):
    save_file({key: np.ascontiguousarray(value) for key, value in state.items()}, folder / name)
    return folder / name


def snapshot(trunk):
    return [p.data().asnumpy() for p in trunk.collect_params().values()]


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


def mobilenet_timm():
    names = ["conv_stem", "bn1", *(f"blocks.0.0.{part}" for part in ("conv_dw", "bn1", "conv_pw", "bn2"))]
    for stage, blocks in ((1, 2), (2, 3), (3, 4), (4, 3), (5, 3), (6, 1)):
        for block in (f"blocks.{stage}.{i}" for i in range(blocks)):
            names += [f"{block}.{part}" for part in ("conv_pw", "bn1", "conv_dw", "bn2", "conv_pwl", "bn3")]
    return [*names, "conv_head", "bn2"]


VGG16 = [f"features.{i}" for i in (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)]
LAYOUTS = [
    ("densenet121", densenet("")),
    ("densenet121", densenet(".")),
    ("vgg16", VGG16),
    ("resnet18_v1b", resnet18()),
    ("mobilenetv2_1.0", mobilenet_timm()),
]


@pytest.mark.parametrize(
    "name, layout", LAYOUTS, ids=["densenet121", "densenet121 of 2017", "vgg16", "resnet18_v1b", "timm's"]
)
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


@pytest.mark.parametrize("name", sorted(set(backbone.names()) - {"convnet", "strided_convnet"}))
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


def zeros_of(name):
    """A checkpoint of the trunk ``name``, all zeros."""
    trunk = backbone.build(name)
    trunk.infer_shape(nd.zeros((1, 3, 32, 32)))
    return {key: np.zeros(p.shape, np.float32) for key, p in weights._places(trunk, {}, "").items()}


def test_another_architecture_is_refused(tmp_path, trunk):
    path = saved(tmp_path, zeros_of("mobilenetv2_1.0"))
    assert refused(trunk, path).startswith(f"weights file {path} does not fit resnet18_v1b: it has no conv1.weight;")
    assert "its own trunk by --model" in refused(trunk, path)
    path = saved(tmp_path, zeros_of("resnet50_v1b"))
    line = refused(trunk, path)
    assert "layer1.0.conv1.weight has the shape (64, 64, 1, 1), not (64, 64, 3, 3)" in line


def test_relatives_are_told_apart(tmp_path):
    with_squeezing, without = zeros_of("se_resnext50_32x4d"), zeros_of("resnext50_32x4d")
    with pytest.raises(InputError, match=r"it has layer\d\.\d\.se\.fc\d\.\w+ too"):
        weights.load(backbone.build("resnext50_32x4d"), saved(tmp_path, dict(sorted(with_squeezing.items()))))
    with pytest.raises(InputError, match=r"it has no layer1\.0\.se\.fc1\.weight"):
        weights.load(backbone.build("se_resnext50_32x4d"), saved(tmp_path, without))
    with pytest.raises(InputError, match=r"layer1\.0\.conv1\.weight has the shape \(128, 64, 1, 1\)"):
        weights.load(backbone.build("resnet50"), saved(tmp_path, without))


def test_the_legacy_network_with_the_same_shapes_is_refused(tmp_path):
    """timm's legacy_seresnext50_32x4d pools otherwise: its weights would give other features than its own."""
    names = {"conv1.": "layer0.conv1.", "bn1.": "layer0.bn1."}
    legacy = {}
    for key, array in zeros_of("se_resnext50_32x4d").items():
        start = next((start for start in names if key.startswith(start)), "")
        legacy[names.get(start, "") + key.removeprefix(start).replace(".se.", ".se_module.")] = array
    assert {"layer0.conv1.weight", "layer1.0.conv1.weight", "layer1.0.se_module.fc1.bias"} <= legacy.keys()
    with pytest.raises(InputError, match=r"legacy_seresnext50_32x4d.*; give one of timm's seresnext50_32x4d"):
        weights.load(backbone.build("se_resnext50_32x4d"), saved(tmp_path, legacy))


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
