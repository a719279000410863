"""EfficientNet-Lite (Google 2020): EfficientNet without squeeze and excitation, with ReLU6, for small machines.

As in TensorFlow's models (github.com/tensorflow/tpu, models/official/efficientnet/lite), but for the padding of
convolutions, which is half the kernel on all sides, where TensorFlow pads more on the right and below: the features of
its weights serve retrieval as well so.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from embedding.mx import gluon
from embedding.network.bottleneck import Bottleneck, ReLU6

# Of EfficientNet-B0, which the others widen and deepen: blocks, kernel, stride, expansion, channels.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_STEM, _HEAD = 32, 1280  # channels, which are never scaled
_EPSILON = 1e-3  # of batch norm


@dataclass(frozen=True)
class Scale:
    """How much wider and deeper than B0, and the side in pixels of the square images that it was trained on."""

    width: float
    depth: float
    side: int


SCALES = {
    "efficientnet_lite0": Scale(1.0, 1.0, 224),
    "efficientnet_lite1": Scale(1.0, 1.1, 240),
    "efficientnet_lite2": Scale(1.1, 1.2, 260),
}

# The mean and deviation of RGB values of 0..255 by which its weights were trained.
NORMALISATION = ((127.0, 127.0, 127.0), (128.0, 128.0, 128.0))


def layers(name: str) -> list[gluon.Block]:
    """The layers of ``name``, one of SCALES, before its global pooling and classifier."""
    found, channels = [*_convolution(3, _STEM, 3, stride=2), ReLU6()], _STEM
    for kernel, stride, expansion, out in blocks(name):
        wide = expansion * channels
        expand = [*_convolution(channels, wide, 1), ReLU6()] if expansion > 1 else []
        filtered = [*_convolution(wide, wide, kernel, stride=stride, groups=wide), ReLU6()]
        parts = [*expand, *filtered, *_convolution(wide, out, 1)]
        found.append(Bottleneck(parts, channels, shortcut=stride == 1 and channels == out))
        channels = out
    return [*found, *_convolution(channels, _HEAD, 1), ReLU6()]


def blocks(name: str) -> Iterator[tuple[int, int, int, int]]:
    """Kernel, stride, expansion and channels of each block of ``name``; the first and the last stage stay one block."""
    scale = SCALES[name]
    for count, kernel, stride, expansion, channels in _STAGES:
        for i in range(count if count == 1 else math.ceil(count * scale.depth)):
            yield kernel, stride if i == 0 else 1, expansion, _widened(channels, scale.width)


def _widened(channels: int, width: float) -> int:
    """So many channels times ``width``, to the nearest 8, but not less than nine tenths of it."""
    wanted = channels * width
    near = max(8, int(wanted + 4) // 8 * 8)
    return near if near >= 0.9 * wanted else near + 8


def _convolution(channels: int, out: int, kernel: int, *, stride: int = 1, groups: int = 1) -> list[gluon.Block]:
    how = {"strides": stride, "padding": kernel // 2, "groups": groups, "use_bias": False, "in_channels": channels}
    return [gluon.nn.Conv2D(out, kernel, **how), gluon.nn.BatchNorm(epsilon=_EPSILON, in_channels=out)]
