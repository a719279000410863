"""The embedding network: pixels -> trunk -> pooling -> linear head -> unit norm."""

import io
from contextlib import redirect_stdout
from types import ModuleType
from typing import Any

from datasets.errors import InputError
from datasets.images.base import Size
from embedding.batches.decode import show_size, sides
from embedding.mx import Array, gluon, mx, nd
from embedding.network import backbone, pooling
from embedding.network.regions import Keeping, OfRegions, Regional

_SURELY_ENOUGH = 512  # pixels a side that every trunk can take; beyond, memory or MXNet's own limits fail


class Compiled(gluon.HybridBlock):
    """A block that is compiled as one; part by part where its encoder pools regions, which follow a picture's size."""

    @property
    def pools_regions(self) -> bool:
        """Whether its encoder does."""
        return self.encoder.pools_regions

    def hybridize(self, active: bool = True, **how: Any) -> None:
        """Compile it."""
        if not self.pools_regions:
            super().hybridize(active, **how)
            return
        for part in self._children.values():
            part.hybridize(active, **how)


class Encoder(Compiled):
    """uint8 RGB images (B, H, W, 3), or such numbers as float32, to pooled features (B, C) of a trunk.

    model : a name of ``backbone.names()``; pool : a name of ``pooling.names()``
    convolutions : as for ``backbone.build``
    regional : whether ``pool`` is of regions, which are whitened and summed up: ``regions.Regional``
    local_whitening : whether a linear layer whitens the features of every place before they are pooled
    dim : C
    """

    def __init__(
        self,
        *,
        model: str,
        pool: str = "avg",
        convolutions: bool = False,
        regional: bool = False,
        local_whitening: bool = False,
    ) -> None:
        super().__init__()
        self.trunk = backbone.build(model, convolutions=convolutions)
        channels = self.trunk.channels
        self.local = gluon.nn.Conv2D(channels, 1, weight_initializer=Keeping()) if local_whitening else None
        self.dim = channels * pooling.times(pool)
        pooled = pooling.build(pool, channels)
        self.pool = Regional(pooled, whitening=self.dim) if regional else pooled
        self.mean = self.params.get_constant("mean", nd.array(self.trunk.mean).reshape((1, 1, 1, 3)))
        self.deviation = self.params.get_constant("deviation", nd.array(self.trunk.deviation).reshape((1, 1, 1, 3)))

    def hybrid_forward(self, F: ModuleType, images: Array, mean: Array, deviation: Array) -> Array:
        # Pixels travel as bytes and are normalised on the device: a quarter of the copying.
        pixels = F.broadcast_div(F.broadcast_sub(F.cast(images, "float32"), mean), deviation)
        features = self.trunk(F.transpose(pixels, axes=(0, 3, 1, 2)))
        return self.pool(features if self.local is None else self.local(features))

    @property
    def pools_regions(self) -> bool:
        """Whether it pools regions."""
        return isinstance(self.pool, OfRegions)


class Head(gluon.HybridBlock):
    """Pooled features (B, C) to embeddings (B, D), of unit length where ``unit_rows`` says so."""

    def __init__(self, dim: int, *, unit_rows: bool = True) -> None:
        super().__init__()
        self._unit_rows = unit_rows
        self.linear = gluon.nn.Dense(dim, weight_initializer=mx.init.Xavier(magnitude=2))

    def hybrid_forward(self, F: ModuleType, features: Array) -> Array:
        embeddings = self.linear(features)
        return F.L2Normalization(embeddings) if self._unit_rows else embeddings


class Net(Compiled):
    """uint8 RGB images (B, H, W, 3) to what ``head`` makes of the features (B, C) of ``encoder``."""

    def __init__(self, encoder: Encoder, head: gluon.HybridBlock) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def hybrid_forward(self, F: ModuleType, images: Array) -> Array:
        return self.head(self.encoder(images))


class EmbeddingNet(Net):
    """uint8 RGB images (B, H, W, 3) to embeddings (B, D).

    model : a name of ``backbone.names()``; dim : size of the embeddings, D; pool : a name of ``pooling.names()``;
    unit_rows : whether the embeddings have unit length
    """

    def __init__(self, *, model: str, dim: int, pool: str = "avg", unit_rows: bool = True) -> None:
        super().__init__(Encoder(model=model, pool=pool), Head(dim, unit_rows=unit_rows))


def see_blank(net: Net, size: Size, devices: list[mx.Context], *, flag: str) -> None:
    """Give ``net``, not compiled yet, a blank image of ``size`` on each device, from which its weights get shapes.

    Raises InputError, naming ``flag``, where the trunk cannot take images that small, or MXNet none that large.
    """
    try:
        with redirect_stdout(io.StringIO()):  # MXNet prints what it knew of shapes, and then raises
            for device in devices:
                net(nd.zeros((1, *sides(size), 3), ctx=device, dtype="uint8")).wait_to_read()
    except (mx.base.MXNetError, ValueError):
        model = net.encoder.trunk.model
        other = "larger" if min(sides(size)) < _SURELY_ENOUGH else "smaller"
        line = f"--model={model} cannot take images of {show_size(size)} pixels; give a {other} {flag}"
        raise InputError(line) from None
