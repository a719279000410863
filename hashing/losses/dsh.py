"""Deep supervised hashing (Liu, Wang, Shan, Chen, "Deep supervised hashing for fast image retrieval", CVPR 2016)."""

from types import ModuleType

from embedding.mining.pairs import total
from embedding.mx import Array
from hashing.losses.base import PairLoss
from hashing.mining.pairs import squared_distances, with_slope
from hashing.mining.similarity import Similarity


class DSHLoss(PairLoss):
    """The weighted mean over pairs of 1/2 |h - g|^2 where similar, else 1/2 [margin - |h - g|^2]+, plus
    ``quantization`` times the mean over images of twice the sum over bits of ||h| - 1|.

    Twice, as the paper counts both images of each pair. Activations are what the head gives, which the last term draws
    to 1 and -1. An image is no pair with itself.

    bits : code length K; classes : number of classes or concepts
    margin : None for 2 K, as in the paper: codes that differ in half of their bits are far enough apart
    quantization : alpha, 0.01 in the paper
    similar_weight : see ``Similarity.shares``; 1 in the paper
    """

    tanh = False

    def __init__(
        self,
        *,
        bits: int,
        classes: int,
        margin: float | None = None,
        quantization: float = 0.01,
        similar_weight: float | None = 1.0,
    ) -> None:
        super().__init__(bits=bits, classes=classes)
        self._margin = 2.0 * bits if margin is None else margin
        self._quantization, self._similar_weight = quantization, similar_weight

    def of_pairs(self, F: ModuleType, activations: Array, similarity: Similarity) -> Array:
        similar, others = similarity.shares(self._similar_weight)
        pull, push = similarity.weights(similar, 0 * others), similarity.weights(0 * similar, others)
        rows = F.BlockGrad(activations)
        distances = squared_distances(F, rows)
        lacking = F.Activation(self._margin - distances, act_type="relu")
        value = total(F, distances, pull) + total(F, lacking, push) - F.dot(F.diag(lacking), F.diag(push))
        slopes = pull - push * (lacking > 0)
        # of the squared distances: each image's own activations once for each pair, less those of the others
        entries = F.expand_dims(F.dot(slopes, F.ones_like(similarity.itself)), 1)
        slope = F.broadcast_mul(rows, entries) - F.dot(slopes, rows)
        return with_slope(F, value / 2, activations, 2 * slope) + self._rounding(F, activations)

    def _rounding(self, F: ModuleType, activations: Array) -> Array:
        away = F.abs(F.abs(activations) - 1)
        ones = F.ones_like(F.slice_axis(away, axis=0, begin=0, end=1))  # a product with ones adds up faster than sum()
        return F.mean(F.dot(away, ones, transpose_b=True)) * (2 * self._quantization)


Loss = DSHLoss
