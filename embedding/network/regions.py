"""Regions of a feature map, as R-MAC has them, and poolings over them: a vector a region, of unit length, summed up."""

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from datasets.errors import InputError
from embedding.mx import Array, gluon, mx, nd

LEVELS = 3
# Of what the longer side is longer: a step between regions of the first level. In single precision, as in cirtorch:
# where two of them are as near to the overlap that is wanted, as in 11 x 47, rounding decides.
_SHARES = np.float32(1) / np.arange(1, 7, dtype=np.float32)
_OVERLAP = 0.4  # of the share that neighboring regions of the coarsest level shall have in common, the nearest wins


class Region(NamedTuple):
    """A part of a feature map, in places: its first row and column, how high and how wide it is."""

    top: int
    left: int
    high: int
    wide: int

    def of(self, x: nd.NDArray) -> nd.NDArray:
        """This part (B, C, high, wide) of maps (B, C, h, w)."""
        return x[:, :, self.top : self.top + self.high, self.left : self.left + self.wide]


def regions(high: int, wide: int, levels: int = LEVELS) -> list[Region]:
    """The regions of a feature map: the whole of it, then squares, level by level, from few large to many small ones.

    Level l has l squares along the shorter side, of 2 / (l + 1) of it each, and some more along the longer one, so
    many that those of the first level overlap by 40 percent or nearly so. Tolias, Sicre & Jegou, "Particular object
    retrieval with integral max-pooling of CNN activations", ICLR 2016, rounded as in their program and in cirtorch.
    """
    short, more = min(high, wide), _more(high, wide)
    found = [Region(0, 0, high, wide)]
    for level in range(1, levels + 1):
        side = 2 * short // (level + 1)
        if not side:
            continue
        tops = _starts(high, side, level + more * (high > wide))
        lefts = _starts(wide, side, level + more * (wide > high))
        found += [Region(top, left, side, side) for top in tops for left in lefts]
    return found


def _more(high: int, wide: int) -> int:
    """How many regions more there are along the longer side than along the shorter one, 1 to 6."""
    short, long = min(high, wide), max(high, wide)
    step = np.float32(long - short) * _SHARES
    overlap = (np.float32(short**2) - np.float32(short) * step) / np.float32(short**2)
    return int(np.abs(overlap - np.float32(_OVERLAP)).argmin()) + 1


def _starts(length: int, side: int, count: int) -> list[int]:
    """Where ``count`` regions of ``side`` places begin along ``length`` places, evenly, in single precision."""
    step = np.float32((length - side) / (count - 1)) if count > 1 else np.float32(0)
    half = math.floor(side / 2 - 1)
    centres = np.floor(np.float32(half) + np.arange(count, dtype=np.float32) * step)
    return [int(centre) - half for centre in centres]


def pooled(x: nd.NDArray, pool: Callable[[nd.NDArray], nd.NDArray], levels: int = LEVELS) -> list[nd.NDArray]:
    """What ``pool`` makes of each region of maps (B, C, h, w): as many (B, D) as there are regions."""
    return [pool(region.of(x)) for region in regions(*x.shape[2:], levels)]


class Whole:
    """All places of a map (B, C, h, w) as one: what poolings take their means and maxima of, (B, C)."""

    shape = (1, -1)  # of a number a channel beside them

    def mean(self, F: ModuleType, x: Array) -> Array:
        return F.mean(x, axis=(2, 3))

    def maximum(self, F: ModuleType, x: Array) -> Array:
        return F.max(x, axis=(2, 3))


class EveryRegion(Whole):
    """All regions of a map of a size that is still open, in a graph that is to be an ONNX file: (B, C, R)."""

    shape = (1, -1, 1)

    def mean(self, F: ModuleType, x: Array) -> Array:
        return F.Custom(x, op_type="region_means", levels=LEVELS, overlap=_OVERLAP)

    def maximum(self, F: ModuleType, x: Array) -> Array:
        return F.Custom(x, op_type="region_maxima", levels=LEVELS, overlap=_OVERLAP)


@mx.operator.register("region_means")
@mx.operator.register("region_maxima")
class OfAGraph(mx.operator.CustomOpProp):
    """An operator that stands in graphs that are written as ONNX files, and that MXNet does not compute."""

    def __init__(self, levels: str, overlap: str) -> None:
        super().__init__(need_top_grad=True)

    def create_operator(self, *_: Any) -> None:
        raise NotImplementedError("a network with regions is compiled part by part")


class OfRegions(gluon.HybridBlock):
    """A pooling over regions: how many there are depends on a map's shape, so that it is never compiled."""

    def hybridize(self, active: bool = True, **how: Any) -> None:
        """Nothing: neither this nor what it holds is compiled."""

    def hybrid_forward(self, F: ModuleType, x: Array, **parameters: Array) -> Array:
        return self.of_maps(x) if F is nd else self.of_open_maps(F, x)

    def of_maps(self, x: nd.NDArray) -> nd.NDArray:
        """(B, C, h, w) to (B, D)."""
        raise NotImplementedError

    def of_open_maps(self, F: ModuleType, x: Array) -> Array:
        """The same in a graph that is to be an ONNX file."""
        raise NotImplementedError


class Regional(OfRegions):
    """``pool`` over regions, whose vectors are whitened one by one and summed up: (B, C, h, w) to unit rows (B, D).

    whitening : D, numbers that ``pool`` gives, which a linear layer takes to as many
    As cirtorch has it for ``--regional``, by the authors of GeM.
    """

    def __init__(self, pool: gluon.HybridBlock, *, whitening: int) -> None:
        super().__init__()
        self.pool = pool
        self.whiten = gluon.nn.Dense(whitening, flatten=False, weight_initializer=Keeping())

    def of_maps(self, x: nd.NDArray) -> nd.NDArray:
        return self._summed(nd, nd.stack(*pooled(x, self.pool), axis=2))

    def of_open_maps(self, F: ModuleType, x: Array) -> Array:
        if not hasattr(self.pool, "over"):
            what = f"--regional with {type(self.pool).__name__} follows the size of each picture"
            raise InputError(f"{what}, which has no form in an ONNX file; --engine=mxnet computes it")
        return self._summed(F, self.pool.over(F, x, EveryRegion()))

    def _summed(self, F: ModuleType, vectors: Array) -> Array:
        """(B, D, R) to (B, D)."""
        rows = F.transpose(F.L2Normalization(vectors, mode="channel"), axes=(0, 2, 1))
        return F.L2Normalization(F.sum(F.L2Normalization(self.whiten(rows), mode="spatial"), axis=1))


@mx.init.register
class Keeping(mx.init.Initializer):
    """Weights (D, C) or (D, C, 1, 1) of a linear layer that begins as the identity; where D < C as random unit rows.

    Whitening that starts so changes no cosine where D = C, and else by some 1 / sqrt(D).
    """

    def _init_weight(self, _: str, arr: nd.NDArray) -> None:
        rows, columns = arr.shape[:2]
        start = nd.eye(rows) if rows == columns else mx.random.normal(shape=(rows, columns))
        arr[:] = nd.L2Normalization(start).reshape(arr.shape)
