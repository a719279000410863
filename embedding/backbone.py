"""Trunks by name: float32 images (B, 3, H, W) to a feature map (B, C, h, w), for images of 32 pixels and more."""

from collections.abc import Callable
from types import ModuleType

from datasets.errors import unknown
from embedding.mx import Array, gluon, gluoncv_zoo

# oneDNN keeps feature maps in blocks of 16 channels where it can (AVX-512), of 8 where it cannot.
_CHANNEL_BLOCK = 16


class Trunk(gluon.nn.HybridSequential):
    """All layers of a network before its global pooling and classifier; ``model`` is its name."""

    def __init__(self, model: str, layers: list[gluon.Block]) -> None:
        super().__init__()
        self.model = model
        self.add(*layers)


class ReLU6(gluon.HybridBlock):
    """min(max(x, 0), 6), in the operators that are fast in training.

    MXNet's ``clip`` takes more than half of MobileNetV2's training time on the CPU. This takes a third of it, but
    leaves gradients in oneDNN's own memory layout. Where that layout differs from the one of the activations, the
    gradient of the batch norm before falls back to a reference loop, 100 times as slow. ``plain_gradient`` avoids
    that: the gradient of ``slice_axis`` always has the plain layout.
    """

    def __init__(self, *, plain_gradient: bool = False) -> None:
        super().__init__()
        self.plain_gradient = plain_gradient

    def hybrid_forward(self, F: ModuleType, x: Array) -> Array:
        if self.plain_gradient:
            x = F.slice_axis(x, axis=0, begin=0, end=None)
        return F.minimum(F.Activation(x, act_type="relu"), 6)


class Bottleneck(gluon.HybridBlock):
    """MobileNetV2's inverted residual: ``layers`` expand, filter each channel and project, plus the input itself."""

    def __init__(self, layers: list[gluon.Block], *, shortcut: bool) -> None:
        super().__init__()
        self.layers = gluon.nn.HybridSequential()
        self.layers.add(*layers)
        self.shortcut = shortcut

    def hybrid_forward(self, F: ModuleType, x: Array) -> Array:
        out = self.layers(x)
        return F.elemwise_add(out, x) if self.shortcut else out


def names() -> list[str]:
    """The names of all trunks."""
    return list(_LAYERS)


def build(name: str) -> Trunk:
    """The trunk ``name``, not initialised.

    It takes float32 images (B, 3, H, W), H and W at least 32, and gives the feature map (B, C, h, w).
    Raises InputError with a suggestion for an unknown name.
    """
    if name not in _LAYERS:
        raise unknown("model", name, names())
    return Trunk(name, _LAYERS[name](name))


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


def _mobilenetv2(name: str) -> list[gluon.Block]:
    stem, norm, _, *bottlenecks, head, head_norm, _, _ = gluoncv_zoo.get_model(name, pretrained=False).features
    layers, channels = [stem, norm, ReLU6()], _channels(stem)
    for block in bottlenecks:
        layers.append(Bottleneck(_fast_layers(list(block.out), channels), shortcut=block.use_shortcut))
        channels = _channels(block.out[-2])
    return [*layers, head, head_norm, ReLU6()]


def _fast_layers(layers: list[gluon.Block], channels: int) -> list[gluon.Block]:
    """The layers of a bottleneck with our ReLU6; ``channels`` come in.

    A convolution of 24 channels works in blocks of 8, the one on the other side of a ReLU6 in blocks of 16.
    """
    *expand, filter_, norm, _, project, project_norm = layers
    if expand:
        expand = [*expand[:2], ReLU6(plain_gradient=channels % _CHANNEL_BLOCK > 0)]
    odd = _channels(project) % _CHANNEL_BLOCK > 0
    return [*expand, filter_, norm, ReLU6(plain_gradient=odd), project, project_norm]


def _channels(convolution: gluon.Block) -> int:
    return convolution.weight.shape[0]


def _densenet(name: str) -> list[gluon.Block]:
    return list(gluoncv_zoo.get_model(name, pretrained=False).features)[:-2]  # without 7 x 7 pooling, flattening


def _vgg(name: str) -> list[gluon.Block]:
    return list(gluoncv_zoo.get_model(name, pretrained=False).features)[:-4]  # without two dense layers with dropout


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


_LAYERS: dict[str, Callable[[str], list[gluon.Block]]] = {
    "convnet": _convnet,
    "resnet18_v1b": _resnet,
    "resnet34_v1b": _resnet,
    "resnet50_v1b": _resnet,
    "resnet101_v1b": _resnet,
    "mobilenetv2_1.0": _mobilenetv2,
    "densenet121": _densenet,
    "vgg16": _vgg,
}
