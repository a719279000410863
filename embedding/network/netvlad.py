"""NetVLAD: of each centre the sum of what the features near it differ by. Arandjelovic et al., CVPR 2016."""

from types import ModuleType

import numpy as np

from embedding.mx import Array, gluon, mx, nd

CENTRES = 64
_SECOND = 0.01  # what the second nearest centre gets of a feature, as a share of what the nearest gets, at the start


def netvlad(F: ModuleType, x: Array, weight: Array, bias: Array, centres: Array) -> Array:
    """Feature maps (B, C, h, w) to unit rows (B, K C).

    Features of a place are brought to unit length; of each, softmax(weight x + bias) is dealt to the K centres; what a
    centre sums up of their differences from it is brought to unit length, and all together again.
    weight : (K, C, 1, 1); bias : (K,); centres : (1, K, C)
    """
    unit = F.L2Normalization(x, mode="channel")
    count = {"kernel": (1, 1), "num_filter": CENTRES}
    scores = F.reshape(F.Convolution(unit, weight, bias, **count), shape=(0, 0, -1))
    shares = F.softmax(scores, axis=1)  # (B, K, h w)
    sums = F.batch_dot(shares, F.reshape(unit, shape=(0, 0, -1)), transpose_b=True)  # (B, K, C)
    differences = F.broadcast_sub(sums, F.broadcast_mul(F.sum(shares, axis=2, keepdims=True), centres))
    return F.L2Normalization(F.Flatten(F.L2Normalization(differences, mode="spatial")))


class NetVLAD(gluon.HybridBlock):
    """``netvlad`` as a block: (B, C, h, w) to unit rows (B, K C), K = 64. It wants ``init_netvlad``."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = self.params.get("weight", shape=(CENTRES, channels, 1, 1), init=mx.init.Normal(0.1))
        self.bias = self.params.get("bias", shape=(CENTRES,), init="zeros")
        self.centres = self.params.get("centres", shape=(1, CENTRES, channels), init=mx.init.Normal(0.1))

    def hybrid_forward(self, F: ModuleType, x: Array, weight: Array, bias: Array, centres: Array) -> Array:
        return netvlad(F, x, weight, bias, centres)


def init_netvlad(block: NetVLAD, centres: np.ndarray, descriptors: np.ndarray, *, alpha: float = 0.0) -> float:
    """Start ``block``, whose weights are there, from ``centres`` (K, C) of unit rows ``descriptors`` (N, C).

    Shares are softmax(-alpha |x - c|^2) then: all but hard assignment, and wholly so in the limit of alpha.
    alpha : so that the second nearest centre gets a hundredth of what the nearest gets, on average, if not given
    Returns alpha.
    """
    centres = centres.astype(np.float64)
    squares = np.square(centres).sum(axis=1)
    if not alpha:
        distances = np.sort(squares - 2 * descriptors.astype(np.float64) @ centres.T, axis=1)[:, :2]
        alpha = -np.log(_SECOND) / max(float((distances[:, 1] - distances[:, 0]).mean()), 1e-6)
    block.weight.set_data(nd.array(2 * alpha * centres[:, :, None, None]))
    block.bias.set_data(nd.array(-alpha * squares))
    block.centres.set_data(nd.array(centres[None]))
    return alpha
