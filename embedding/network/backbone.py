"""Trunks by name: float32 images (B, 3, H, W) to a feature map (B, C, h, w), for images of 32 pixels and more.

Each is the function that torchvision or timm compute under the name, so that weights trained there can be used.
inceptionv3, whose convolutions do not pad, needs 75 pixels, alexnet 63.
"""

from collections.abc import Callable
from types import ModuleType

from datasets.errors import unknown
from embedding.mx import Array, gluon, gluoncv_zoo, mx
from embedding.network import efficientnet_lite
from embedding.network.bottleneck import Bottleneck, ReLU6, channels_of

# The means and deviations by which pretrained trunks normalise RGB values of 0..255: those of ImageNet's images, or
# what scales to -1..1 (torchvision's googlenet and inception_v3 do so themselves, as ``transform_input``).
_IMAGENET = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
_PLUS_MINUS_1 = ((127.5, 127.5, 127.5), (127.5, 127.5, 127.5))
_NORMALISATIONS = {
    "googlenet": _PLUS_MINUS_1,
    "inceptionv3": _PLUS_MINUS_1,
    **dict.fromkeys(efficientnet_lite.SCALES, efficientnet_lite.NORMALISATION),
}

_SIDE = 224  # pixels of the square photographs that trunks were trained on, where nothing else is said


class Trunk(gluon.nn.HybridSequential):
    """All layers of a network before its global pooling and classifier.

    model : its name, one of ``names()``
    mean, deviation : of RGB values of 0..255, to normalise its images by
    """

    def __init__(self, model: str, layers: list[gluon.Block]) -> None:
        super().__init__()
        self.model = model
        self.mean, self.deviation = _NORMALISATIONS.get(model, _IMAGENET)
        self.add(*layers)

    @property
    def channels(self) -> int:
        """How many channels its feature map has, C; known before it has weights."""
        _, (out,), _ = self(mx.sym.var("images")).infer_shape(images=(1, 3, _SIDE, _SIDE))
        return out[1]


def names() -> list[str]:
    """The names of all trunks."""
    return list(_LAYERS)


def canonical(name: str) -> str:
    """The one of ``names()`` that ``name`` means: itself, or for what others call it (resnet50) ours (resnet50_v1b).

    Raises InputError with a suggestion for an unknown name.
    """
    known = _ALIASES.get(name, name)
    if known not in _LAYERS:
        raise unknown("model", name, names())
    return known


def side(name: str) -> int:
    """The side in pixels of the square photographs that the trunk ``name``, of ``names()``, sees best."""
    return efficientnet_lite.SCALES[name].side if name in efficientnet_lite.SCALES else _SIDE


def build(name: str, *, convolutions: bool = False) -> Trunk:
    """The trunk ``name``, not initialised.

    It takes float32 images (B, 3, H, W), H and W at least 32, and gives the feature map (B, C, h, w).
    convolutions : whether it ends with its last convolution, as poolings of places want it: vgg without its last
        maxima, alexnet without its dense layers; the other trunks end so anyway
    Raises InputError with a suggestion for an unknown name.
    """
    model = canonical(name)
    layers = _LAYERS[model](model)
    return Trunk(model, _convolutions(layers) if convolutions else layers)


def freeze_batch_norm(trunk: gluon.Block) -> None:
    """Make every batch norm in ``trunk`` use and keep its stored mean and variance; gamma and beta still learn.

    Call it before ``hybridize``: a compiled network keeps what it was compiled with.
    """

    def freeze(block: gluon.Block) -> None:
        if isinstance(block, gluon.nn.BatchNorm):
            block._kwargs["use_global_stats"] = True  # Gluon takes this at construction only

    trunk.apply(freeze)


def _resnet(name: str) -> list[gluon.Block]:
    net = gluoncv_zoo.get_model(name, pretrained=False)
    return [net.conv1, net.bn1, net.relu, net.maxpool, net.layer1, net.layer2, net.layer3, net.layer4]


def _resnext(name: str) -> list[gluon.Block]:
    return list(gluoncv_zoo.get_model(name, pretrained=False).features)[:-1]  # without global pooling


def _mobilenetv2(name: str) -> list[gluon.Block]:
    stem, norm, _, *bottlenecks, head, head_norm, _, _ = gluoncv_zoo.get_model(name, pretrained=False).features
    layers, channels = [stem, norm, ReLU6()], channels_of(stem)
    for block in bottlenecks:
        layers.append(Bottleneck(list(block.out), channels, shortcut=block.use_shortcut))
        channels = channels_of(block.out[-2])
    return [*layers, head, head_norm, ReLU6()]


def _densenet(name: str) -> list[gluon.Block]:
    return list(gluoncv_zoo.get_model(name, pretrained=False).features)[:-2]  # without 7 x 7 pooling, flattening


def _vgg(name: str) -> list[gluon.Block]:
    return list(gluoncv_zoo.get_model(name, pretrained=False).features)[:-4]  # without two dense layers with dropout


def _googlenet(name: str) -> list[gluon.Block]:
    """The zoo's network has torchvision's layers (3 x 3 where the paper has 5 x 5), but for one pooling's rounding."""
    net = gluoncv_zoo.get_model(name, pretrained=False)
    stem = [net.conv1, net.maxpool1, net.conv2, net.conv3, net.maxpool2]
    third = [net.inception3a, net.inception3b, net.maxpool3]
    fourth = [net.inception4a, net.inception4b, net.inception4c, net.inception4d, net.inception4e]
    last_pooling = gluon.nn.MaxPool2D(2, ceil_mode=True)  # the zoo's drops the last row of an odd number
    return [*stem, *third, *fourth, last_pooling, net.inception5a, net.inception5b]


def _inception(name: str) -> list[gluon.Block]:
    return list(gluoncv_zoo.get_model(name, pretrained=False).features)[:-2]  # without 8 x 8 pooling, dropout


class OnePlace(gluon.HybridBlock):
    """(B, C) as a feature map of one place, (B, C, 1, 1)."""

    def hybrid_forward(self, F: ModuleType, x: Array) -> Array:
        return F.reshape(x, shape=(0, 0, 1, 1))


class SixBySix(gluon.HybridBlock):
    """The means of 6 x 6 parts of a feature map of any size, as torchvision has them before AlexNet's dense layers."""

    def hybrid_forward(self, F: ModuleType, x: Array) -> Array:
        return F.contrib.AdaptiveAvgPooling2D(x, output_size=6)


def _alexnet(name: str) -> list[gluon.Block]:
    """With its two dense layers, of which hashing papers take the second, fc7, as the features."""
    layers = list(gluoncv_zoo.get_model(name, pretrained=False).features)
    return [*layers[:8], SixBySix(), *layers[8:], OnePlace()]


def _convolutions(layers: list[gluon.Block]) -> list[gluon.Block]:
    """The layers of a trunk up to its last convolution, with what that is activated by."""
    dense = (i for i, layer in enumerate(layers) if isinstance(layer, SixBySix))
    layers = layers[: next(dense, len(layers))]
    return layers[:-1] if isinstance(layers[-1], gluon.nn.MaxPool2D) else layers


def _convnet(_: str) -> list[gluon.Block]:
    """Three 3 x 3 convolutions, for drawn images of 28 to 64 pixels.

    Pooling stands before batch norm and ReLU, which so have a quarter of the values to work on.
    """
    nn = gluon.nn
    layers = []
    for channels in (32, 64, 128):
        convolution = nn.Conv2D(channels, kernel_size=3, padding=1, use_bias=False)
        layers += [convolution, nn.MaxPool2D(2), nn.BatchNorm(), nn.Activation("relu")]
    return layers


def _strided_convnet(_: str) -> list[gluon.Block]:
    """Four 3 x 3 convolutions, for drawn images of 64 pixels: the first three go in steps of two, and cost little."""
    nn = gluon.nn
    layers = []
    for channels, step in ((32, 2), (48, 2), (64, 2), (128, 1)):
        convolution = nn.Conv2D(channels, kernel_size=3, strides=step, padding=1, use_bias=False)
        layers += [convolution, nn.BatchNorm(), nn.Activation("relu")]
    return layers


_LAYERS: dict[str, Callable[[str], list[gluon.Block]]] = {
    "convnet": _convnet,
    "strided_convnet": _strided_convnet,
    "resnet18_v1b": _resnet,
    "resnet34_v1b": _resnet,
    "resnet50_v1b": _resnet,
    "resnet101_v1b": _resnet,
    "resnet152_v1b": _resnet,
    "resnext50_32x4d": _resnext,
    "se_resnext50_32x4d": _resnext,
    "mobilenetv2_1.0": _mobilenetv2,
    "densenet121": _densenet,
    "googlenet": _googlenet,
    "inceptionv3": _inception,
    "vgg16": _vgg,
    "vgg19": _vgg,
    "alexnet": _alexnet,
    **dict.fromkeys(efficientnet_lite.SCALES, efficientnet_lite.layers),
}

SMALL = ("convnet", "strided_convnet")  # for drawn images: they learn from random weights

# What torchvision, timm and papers call these trunks.
_ALIASES = {
    "resnet18": "resnet18_v1b",
    "resnet34": "resnet34_v1b",
    "resnet50": "resnet50_v1b",
    "resnet101": "resnet101_v1b",
    "resnet152": "resnet152_v1b",
    "resnext50": "resnext50_32x4d",
    "se_resnext50": "se_resnext50_32x4d",
    "seresnext50_32x4d": "se_resnext50_32x4d",
    "mobilenet_v2": "mobilenetv2_1.0",
    "mobilenetv2": "mobilenetv2_1.0",
    "mobilenetv2_100": "mobilenetv2_1.0",
    "inception_v1": "googlenet",
    "inception_v3": "inceptionv3",
    **{name.replace("_", "-"): name for name in efficientnet_lite.SCALES},
}
