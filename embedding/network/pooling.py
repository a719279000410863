"""Pooling by name: a feature map (B, C, h, w) to one vector an image, (B, C); of quarters (B, 4 C)."""

from types import ModuleType

from datasets.errors import unknown
from embedding.mx import Array, gluon, mx

# The smallest mean of powers that GeM takes a root of: float32 still has its reciprocal.
_SMALLEST = 1e-36


def average(F: ModuleType, x: Array) -> Array:
    """Mean over the positions of (B, C, h, w): (B, C). Sum-pooled convolutions, Babenko & Lempitsky, ICCV 2015."""
    return F.mean(x, axis=(2, 3))


def maximum(F: ModuleType, x: Array) -> Array:
    """Maximum over the positions of (B, C, h, w): (B, C). MAC of Tolias, Sicre & Jegou, ICLR 2016."""
    return F.max(x, axis=(2, 3))


def gem(F: ModuleType, x: Array, p: Array, eps: float = 1e-6) -> Array:
    """Generalised mean over the positions of (B, C, h, w): (mean max(x, eps)^p)^(1/p), (B, C).

    p : (1,); 1 is the average, towards infinity the maximum
    Radenovic, Tolias & Chum, "Fine-tuning CNN image retrieval with no human annotation", TPAMI 2018.
    """
    powers = F.broadcast_power(F.maximum(x, eps), F.reshape(p, shape=(1, 1, 1, 1)))
    # For a channel without any activation eps^p can fall below what float32 holds: the root's gradient would be NaN.
    mean = F.maximum(F.mean(powers, axis=(2, 3)), _SMALLEST)
    # reciprocal(p), not 1 / p: MXNet's ONNX export turns the latter into something else without a word.
    return F.broadcast_power(mean, F.reshape(F.reciprocal(p), shape=(1, 1)))


def quarters(F: ModuleType, x: Array) -> Array:
    """Means over the four quarters of (B, C, h, w), h and w at least 2: (B, 4 C), which tell left from right.

    The second level of a spatial pyramid, Lazebnik, Schmid & Ponce, CVPR 2006.
    """
    return F.reshape(F.contrib.AdaptiveAvgPooling2D(x, output_size=2), shape=(0, -1))


class Average(gluon.HybridBlock):
    """``average`` as a block."""

    def hybrid_forward(self, F: ModuleType, x: Array) -> Array:
        return average(F, x)


class Maximum(gluon.HybridBlock):
    """``maximum`` as a block."""

    def hybrid_forward(self, F: ModuleType, x: Array) -> Array:
        return maximum(F, x)


class Quarters(gluon.HybridBlock):
    """``quarters`` as a block."""

    def hybrid_forward(self, F: ModuleType, x: Array) -> Array:
        return quarters(F, x)


class GeM(gluon.HybridBlock):
    """``gem`` with one learned exponent for all channels; weight decay, which would pull it to 0, leaves it alone."""

    def __init__(self, *, p: float = 3.0) -> None:
        super().__init__()
        self.p = self.params.get("p", shape=(1,), init=mx.init.Constant(p), wd_mult=0.0)

    def hybrid_forward(self, F: ModuleType, x: Array, p: Array) -> Array:
        return gem(F, x, p)


_BLOCKS: dict[str, type[gluon.HybridBlock]] = {"avg": Average, "max": Maximum, "gem": GeM, "quarters": Quarters}


def names() -> list[str]:
    """The names of all poolings."""
    return list(_BLOCKS)


def build(name: str) -> gluon.HybridBlock:
    """The pooling ``name`` as a block, (B, C, h, w) to (B, C), of quarters to (B, 4 C).

    Raises InputError for an unknown name.
    """
    if name not in _BLOCKS:
        raise unknown("pooling", name, names())
    return _BLOCKS[name]()
