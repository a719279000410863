"""The inverted residual of MobileNetV2 and its kin, in operators that are fast in training."""

from types import ModuleType

from embedding.mx import Array, gluon

# oneDNN keeps feature maps in blocks of 16 channels where it can (AVX-512), of 8 where it cannot.
_CHANNEL_BLOCK = 16


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
    """MobileNetV2's inverted residual: ``layers`` expand, filter each channel and project, plus the input itself.

    layers : convolutions and batch norms, each followed by a ReLU6 that may be any; here they get ours
    channels : come in
    """

    def __init__(self, layers: list[gluon.Block], channels: int, *, shortcut: bool) -> None:
        super().__init__()
        self.layers = gluon.nn.HybridSequential()
        self.layers.add(*_fast(layers, channels))
        self.shortcut = shortcut

    def hybrid_forward(self, F: ModuleType, x: Array) -> Array:
        out = self.layers(x)
        return F.elemwise_add(out, x) if self.shortcut else out


def _fast(layers: list[gluon.Block], channels: int) -> list[gluon.Block]:
    """The layers of a bottleneck with our ReLU6; ``channels`` come in.

    A convolution of 24 channels works in blocks of 8, the one on the other side of a ReLU6 in blocks of 16.
    """
    *expand, filter_, norm, _, project, project_norm = layers
    if expand:
        expand = [*expand[:2], ReLU6(plain_gradient=channels % _CHANNEL_BLOCK > 0)]
    odd = channels_of(project) % _CHANNEL_BLOCK > 0
    return [*expand, filter_, norm, ReLU6(plain_gradient=odd), project, project_norm]


def channels_of(convolution: gluon.Block) -> int:
    """How many channels come out of a convolution."""
    return convolution.weight.shape[0]
