"""Pooling by name: a feature map (B, C, h, w) to one vector an image: (B, C), of some poolings a multiple of C."""

from collections.abc import Callable
from functools import partial
from types import ModuleType

from datasets.errors import unknown
from embedding.mx import Array, gluon, mx, nd
from embedding.network import regions
from embedding.network.netvlad import CENTRES, NetVLAD
from embedding.network.regions import EveryRegion, OfRegions, Whole

_WHOLE = Whole()

# The smallest mean of powers that GeM takes a root of: float32 still has its reciprocal.
_SMALLEST = 1e-36

_NOTHING, _RARE = 1e-12, 1e-6  # of CroW: the least activity of a place, what the share of a channel is raised by


def average(F: ModuleType, x: Array, *, over: Whole = _WHOLE) -> Array:
    """Mean over the positions of (B, C, h, w): (B, C). Sum-pooled convolutions, Babenko & Lempitsky, ICCV 2015."""
    return over.mean(F, x)


def maximum(F: ModuleType, x: Array, *, over: Whole = _WHOLE) -> Array:
    """Maximum over the positions of (B, C, h, w): (B, C). MAC of Tolias, Sicre & Jegou, ICLR 2016."""
    return over.maximum(F, x)


def gem(F: ModuleType, x: Array, p: Array, *, eps: float = 1e-6, over: Whole = _WHOLE) -> Array:
    """Generalised mean over the positions of (B, C, h, w): (mean max(x, eps)^p)^(1/p), (B, C).

    p : (1,), or (C,) for one a channel; 1 is the average, towards infinity the maximum
    Radenovic, Tolias & Chum, "Fine-tuning CNN image retrieval with no human annotation", TPAMI 2018.
    """
    powers = F.broadcast_power(F.maximum(x, eps), F.reshape(p, shape=(1, -1, 1, 1)))
    # For a channel without any activation eps^p can fall below what float32 holds: the root's gradient would be NaN.
    mean = F.maximum(over.mean(F, powers), _SMALLEST)
    # reciprocal(p), not 1 / p: MXNet's ONNX export turns the latter into something else without a word.
    return F.broadcast_power(mean, F.reshape(F.reciprocal(p), shape=over.shape))


def quarters(F: ModuleType, x: Array) -> Array:
    """Means over the four quarters of (B, C, h, w), h and w at least 2: (B, 4 C), which tell left from right.

    The second level of a spatial pyramid, Lazebnik, Schmid & Ponce, CVPR 2006.
    """
    return F.reshape(F.contrib.AdaptiveAvgPooling2D(x, output_size=2), shape=(0, -1))


def crow(F: ModuleType, x: Array) -> Array:
    """Sum over the positions of (B, C, h, w), places weighed by their activity and channels by their rarity: (B, C).

    A place weighs (a / |a|)^(1/2), a the sum of its channels and |a| the norm of those of all places; a channel weighs
    log(sum of all q / its q), q its share of positive places. It is for features from 0 on.
    Kalantidis, Mellina & Osindero, "Cross-dimensional weighting for aggregated deep convolutional features", 2016.
    """
    activity = F.L2Normalization(F.sum(x, axis=1, keepdims=True), mode="spatial")
    # A place without any activity adds nothing, but the slope of its root would be infinite.
    places = F.sqrt(F.maximum(activity, _NOTHING))
    shares = F.mean(x > 0, axis=(2, 3)) + _RARE
    rarity = F.log(F.broadcast_div(F.sum(shares, axis=1, keepdims=True), shares))
    return F.sum(F.broadcast_mul(x, places), axis=(2, 3)) * rarity


def rmac(F: ModuleType, maxima: Array) -> Array:
    """Sum of the maxima (B, C, R) of regions, those of each brought to unit length: (B, C).

    Tolias, Sicre & Jegou, ICLR 2016; the regions are those of ``regions.regions``.
    """
    return F.sum(F.L2Normalization(maxima, mode="channel"), axis=2)


class Average(gluon.HybridBlock):
    """``average`` as a block."""

    def hybrid_forward(self, F: ModuleType, x: Array) -> Array:
        return average(F, x)

    def over(self, F: ModuleType, x: Array, places: Whole) -> Array:
        """The same of other places than all."""
        return average(F, x, over=places)


class Maximum(gluon.HybridBlock):
    """``maximum`` as a block."""

    def hybrid_forward(self, F: ModuleType, x: Array) -> Array:
        return maximum(F, x)

    def over(self, F: ModuleType, x: Array, places: Whole) -> Array:
        """The same of other places than all."""
        return maximum(F, x, over=places)


class Quarters(gluon.HybridBlock):
    """``quarters`` as a block."""

    def hybrid_forward(self, F: ModuleType, x: Array) -> Array:
        return quarters(F, x)


class GeM(gluon.HybridBlock):
    """``gem`` with learned exponents; weight decay, which would pull them to 0, leaves them alone.

    exponents : 1 for all channels, or as many as there are
    """

    def __init__(self, exponents: int = 1, *, p: float = 3.0) -> None:
        super().__init__()
        self.p = self.params.get("p", shape=(exponents,), init=mx.init.Constant(p), wd_mult=0.0)

    def hybrid_forward(self, F: ModuleType, x: Array, p: Array) -> Array:
        return gem(F, x, p)

    def over(self, F: ModuleType, x: Array, places: Whole) -> Array:
        """The same of other places than all, in a graph."""
        return gem(F, x, self.p.var(), over=places)


class CroW(gluon.HybridBlock):
    """``crow`` as a block."""

    def hybrid_forward(self, F: ModuleType, x: Array) -> Array:
        return crow(F, x)


class RMAC(OfRegions):
    """``rmac`` of feature maps as a block."""

    def of_maps(self, x: nd.NDArray) -> nd.NDArray:
        return rmac(nd, nd.stack(*regions.pooled(x, partial(maximum, nd)), axis=2))

    def of_open_maps(self, F: ModuleType, x: Array) -> Array:
        return rmac(F, maximum(F, x, over=EveryRegion()))


# What makes the block for feature maps of so many channels.
_BLOCKS: dict[str, Callable[[int], gluon.HybridBlock]] = {
    "avg": lambda _: Average(),
    "max": lambda _: Maximum(),
    "gem": lambda _: GeM(),
    "gem-channels": GeM,
    "crow": lambda _: CroW(),
    "rmac": lambda _: RMAC(),
    "netvlad": NetVLAD,
    "quarters": lambda _: Quarters(),
}

# What papers and cirtorch call these poolings.
_ALIASES = {"spoc": "avg", "mac": "max", "gemmp": "gem-channels"}

_TIMES = {"quarters": 4, "netvlad": CENTRES}


def names() -> list[str]:
    """The names of all poolings."""
    return list(_BLOCKS)


def canonical(name: str) -> str:
    """The one of ``names()`` that ``name`` means: itself, or for what others call it (mac, spoc, gemmp) ours.

    Raises InputError with a suggestion for an unknown name.
    """
    known = _ALIASES.get(name, name)
    if known not in _BLOCKS:
        raise unknown("pooling", name, [*names(), *_ALIASES])
    return known


def times(name: str) -> int:
    """How many numbers the pooling ``name`` gives for each channel; errors as of ``canonical``."""
    return _TIMES.get(canonical(name), 1)


def build(name: str, channels: int) -> gluon.HybridBlock:
    """The pooling ``name`` as a block: (B, C, h, w), C = ``channels``, to (B, ``times(name)`` C).

    Raises InputError with a suggestion for an unknown name.
    """
    return _BLOCKS[canonical(name)](channels)
