"""Deep Cauchy hashing (Cao, Long, Liu, Wang, "Deep Cauchy hashing for Hamming space retrieval", CVPR 2018)."""

import math
from types import ModuleType

from embedding.mining.pairs import total
from embedding.mx import Array
from hashing.losses.base import PairLoss
from hashing.mining.pairs import with_slope
from hashing.mining.similarity import Similarity

_NEAREST = 1e-3  # of half the code length: the least distance, so that images in one place have a logarithm
_EPS = 1e-6  # beside the squared length of activations, so that activations of 0 have a direction


class DCHLoss(PairLoss):
    """The weighted mean over pairs of s log(d / gamma) + log(1 + gamma / d), plus ``quantization`` times that of
    log(1 + d(|h|, 1) / gamma) over images; s is 1 for similar images, else 0.

    d(h, g) = K / 2 (1 - cos(h, g)), which is the Hamming distance where h and g are codes of 1 and -1. Nearer pairs
    than K / 2000 cost what they would there, without a slope. An image is no pair with itself.

    bits : code length K; classes : number of classes or concepts
    gamma : the distance at which a pair is as likely similar as not; 20 in the authors' code, which they say was 30 for
        the results of the paper
    quantization : lambda
    similar_weight : see ``Similarity.shares``
    """

    def __init__(
        self,
        *,
        bits: int,
        classes: int,
        gamma: float = 20.0,
        quantization: float = 0.1,
        similar_weight: float | None = None,
    ) -> None:
        super().__init__(bits=bits, classes=classes)
        self._gamma, self._quantization, self._similar_weight = gamma, quantization, similar_weight

    def of_pairs(self, F: ModuleType, activations: Array, similarity: Similarity) -> Array:
        rows = F.BlockGrad(activations)
        ones = F.ones_like(F.slice_axis(rows, axis=0, begin=0, end=1))  # a product with ones adds up faster than sum()
        inverse = F.rsqrt(F.dot(F.square(rows), ones, transpose_b=True) + _EPS)  # (B, 1)
        units = F.broadcast_mul(rows, inverse)
        value, slope = self._cauchy(F, units, similarity)
        rounding, rounding_slope = self._rounding(F, units, ones)
        slope = slope + rounding_slope
        # of the directions; those of the activations are across them
        across = slope - F.broadcast_mul(units, F.dot(slope * units, ones, transpose_b=True))
        return with_slope(F, value + rounding, activations, F.broadcast_mul(across, inverse))

    def _cauchy(self, F: ModuleType, units: Array, similarity: Similarity) -> tuple[Array, Array]:
        similar, others = similarity.shares(self._similar_weight)
        half = self._bits / 2 / self._gamma
        distances = F.dot(units * -half, units, transpose_b=True) + half  # d / gamma
        apart = distances > half * _NEAREST
        distances = F.maximum(distances, half * _NEAREST)
        # A similar pair costs log(1 + d / gamma), any other log((1 + d / gamma) / (d / gamma)).
        further = distances + 1
        under = distances + similarity.table * (1 - distances)
        costs, weights = F.log(further / under), similarity.weights(similar, others)
        value = total(F, costs, weights) - F.dot(F.diag(costs), F.diag(weights))
        slopes = similarity.weights(similar, -others) * apart / (further * under)
        return value, F.dot(slopes, units) * (-2 * half)

    def _rounding(self, F: ModuleType, units: Array, ones: Array) -> tuple[Array, Array]:
        half = self._bits / 2 / self._gamma
        cosines = F.dot(F.abs(units), ones, transpose_b=True) / math.sqrt(self._bits)  # (B, 1), with a code's corner
        further = 1 + half * (1 - cosines)
        images = F.ones_like(cosines)
        weight = self._quantization / F.dot(images, images, transpose_a=True)  # (1, 1), of each image
        value = F.reshape(F.dot(F.dot(images, F.log(further), transpose_a=True), weight), shape=(-1,))
        signs = (units > 0) - (units < 0)  # sign() takes several times as long
        slope = F.broadcast_mul(signs, F.dot(1 / further, weight))
        return value, slope * (-half / math.sqrt(self._bits))


Loss = DCHLoss
