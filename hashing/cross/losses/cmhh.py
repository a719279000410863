"""Cross-modal Hamming hashing (Cao, Liu, Long, Wang, "Cross-modal Hamming hashing", ECCV 2018)."""

import math
from types import ModuleType

from embedding.mining import pairs
from embedding.mx import Array
from hashing.cross.losses.base import CrossLoss, similar

_NEAREST = 1e-3  # of half the code length: the least distance, so that what is in one place has a logarithm
_EPS = 1e-6  # beside the squared length of activations, so that activations of 0 have a direction


class CMHHLoss(CrossLoss):
    """The mean cost of similar pairs and that of others, half of each, plus ``quantization`` times that of rounding.

    Two are as likely similar as p = exp(-beta d), with d = K / 2 (1 - cos(f, g)), which is the Hamming distance where
    f and g are codes of 1 and -1. A similar pair costs (1 - p)^gamma beta d, any other p^gamma times -log(1 - p): the
    focal weight makes little of pairs that are right already. Rounding costs (1 - q)^gamma beta d with q = exp(-beta d)
    and d the distance of |f|, or of |g|, from a code's corner, in the mean over both kinds. Nearer ones than K / 2000
    cost what they would there.

    bits : code length K; classes : number of classes or concepts
    beta : how fast p falls; the paper does not tell it. None for 2 / bits, so that codes that differ in half of their
        bits are similar with probability 1 / e
    gamma : of the focal weight
    quantization : lambda
    """

    tanh = True

    def __init__(
        self, *, bits: int, classes: int, beta: float | None = None, gamma: float = 2.0, quantization: float = 0.1
    ) -> None:
        super().__init__(bits=bits, classes=classes)
        self._beta = 2 / bits if beta is None else beta
        self._gamma, self._quantization = gamma, quantization

    def hybrid_forward(self, F: ModuleType, asking: Array, answering: Array, labels: Array) -> Array:
        together = similar(F, labels)
        one, other = _units(F, asking), _units(F, answering)
        far = self._far(F, F.dot(one, other, transpose_b=True))
        unlikely = 1 - F.exp(-far)
        right = pairs.mean(F, unlikely**self._gamma * far, together)
        wrong = pairs.mean(F, (1 - unlikely) ** self._gamma * -F.log(unlikely), 1 - together)
        rounding = (self._rounding(F, one) + self._rounding(F, other)) / 2
        return (right + wrong) / 2 + self._quantization * rounding

    def _far(self, F: ModuleType, cosines: Array) -> Array:
        """beta times the distance."""
        return self._beta * self._bits / 2 * F.maximum(1 - cosines, _NEAREST)

    def _rounding(self, F: ModuleType, units: Array) -> Array:
        far = self._far(F, F.sum(F.abs(units), axis=1) / math.sqrt(self._bits))
        return F.reshape(F.mean((1 - F.exp(-far)) ** self._gamma * far), shape=(-1,))


def _units(F: ModuleType, rows: Array) -> Array:
    return F.broadcast_mul(rows, F.rsqrt(F.sum(F.square(rows), axis=1, keepdims=True) + _EPS))


Loss = CMHHLoss
