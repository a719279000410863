"""The network of instance retrieval: a trunk to its last convolution, a pooling, unit length, and whitening or none."""

from types import ModuleType

import numpy as np

from datasets.errors import InputError
from embedding.mx import Array, gluon, nd
from embedding.network import pooling
from embedding.network.net import Encoder, Net
from embedding.network.pooling import GeM
from embedding.network.regions import Keeping, Regional

_MOST = 4096  # numbers of a whitened vector where nothing is said, as of NetVLAD's 32,768


class InstanceHead(gluon.HybridBlock):
    """Pooled features (B, C) to unit rows: (B, C) themselves, or (B, D) whitened by a linear layer.

    whitening : D; 0 for none
    """

    def __init__(self, whitening: int = 0) -> None:
        super().__init__()
        self.whiten = gluon.nn.Dense(whitening, weight_initializer=Keeping()) if whitening else None

    @property
    def dim(self) -> int | None:
        """D; None without a whitening."""
        return None if self.whiten is None else self.whiten.weight.shape[0]

    def hybrid_forward(self, F: ModuleType, features: Array) -> Array:
        unit = F.L2Normalization(features)
        return unit if self.whiten is None else F.L2Normalization(self.whiten(unit))

    def settle(self, mean: np.ndarray, projection: np.ndarray) -> None:
        """Whiten by ``projection`` (d, C), of which the first D rows are taken, of features less ``mean`` (C,).

        The head has weights already, of known shapes. Raises InputError where the dimensions differ.
        """
        rows, columns = self.whiten.weight.shape
        if len(projection) < rows or (columns, columns) != (projection.shape[1], mean.size):
            what = f"a whitening of {projection.shape[1]} numbers to {len(projection)}"
            raise InputError(f"{what} does not fit a network that whitens {columns} to {rows}: learn it anew")
        projection = projection[:rows].astype(np.float64)
        self.whiten.weight.set_data(nd.array(projection))
        self.whiten.bias.set_data(nd.array(-projection @ mean.ravel().astype(np.float64)))


def instance_net(
    model: str,
    pool: str,
    *,
    regional: bool = False,
    local_whitening: bool = False,
    whitening: bool = False,
    dim: int | None = None,
) -> Net:
    """uint8 RGB images (B, H, W, 3), or such numbers as float32, to unit rows (B, D); without weights.

    model : a name of ``backbone.names()``, a trunk that ends with its last convolution
    pool : a name of ``pooling.names()``
    regional, local_whitening : as for ``Encoder``
    whitening : whether a linear layer to ``dim`` numbers, if not given as many as it takes but at most 4,096, stands
        at the end; until it is settled or trained it changes no cosine where the numbers are as many
    As in Radenovic, Tolias & Chum, TPAMI 2018, and in cirtorch. Raises InputError for unknown names, and for regions of
    NetVLAD, whose whitening would have a billion weights.
    """
    if regional and pooling.canonical(pool) == "netvlad":
        raise InputError("--regional: netvlad is of whole pictures; leave --regional out, or take gem")
    how = {"regional": regional, "local_whitening": local_whitening}
    encoder = Encoder(model=model, pool=pool, convolutions=True, **how)
    return Net(encoder, InstanceHead((dim or min(encoder.dim, _MOST)) if whitening else 0))


def exponent(net: Net) -> gluon.Parameter | None:
    """GeM's exponent p, (1,) or one a channel, as a parameter of ``net``; None for another pooling."""
    pool = net.encoder.pool
    pool = pool.pool if isinstance(pool, Regional) else pool
    return pool.p if isinstance(pool, GeM) else None


def power(net: Net) -> float:
    """By which power mean the vectors of several scales of a picture are joined: GeM's p, or 1, the plain mean.

    p for one p, without regions and whitening, as in cirtorch.
    """
    return features_power(net.encoder) if net.head.whiten is None else 1.0


def features_power(encoder: Encoder) -> float:
    """The same where the features are the vectors."""
    pool = encoder.pool
    plain = isinstance(pool, GeM) and pool.p.shape == (1,)
    return float(pool.p.list_data()[0].asscalar()) if plain else 1.0
