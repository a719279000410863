"""Deep supervised hashing with triplet labels (Wang, Shi, Kitani, ACCV 2016)."""

from types import ModuleType

from embedding.mining.pairs import total
from embedding.mx import Array
from hashing.losses.base import PairLoss
from hashing.mining.pairs import with_slope
from hashing.mining.similarity import Similarity
from hashing.mining.triplets import DrawnTriplets


class DTSHLoss(PairLoss):
    """The mean over triplets of log(1 + exp(margin - t_ap + t_an)), t_ab = <h_a, h_b> / 2, plus ``quantization`` times
    the mean over images and bits of (h - sign(h))^2.

    p is similar to a, n is not: a triplet for each pair (a, p), see ``DrawnTriplets``, where the paper takes them all.
    Activations are what the head gives, which the last term draws to 1 and -1.

    bits : code length K; classes : number of classes or concepts
    margin : alpha, 5 in the paper's code
    quantization : lambda, 1 in the paper's code
    """

    tanh = False

    def __init__(self, *, bits: int, classes: int, margin: float = 5.0, quantization: float = 1.0) -> None:
        super().__init__(bits=bits, classes=classes)
        self._margin, self._quantization = margin, quantization

    def of_pairs(self, F: ModuleType, activations: Array, similarity: Similarity) -> Array:
        triplets, rows = DrawnTriplets(F, similarity), F.BlockGrad(activations)
        likeness = F.dot(rows / 2, rows, transpose_b=True)
        lacking = triplets.negatives(likeness) - likeness + self._margin
        count = F.maximum(total(F, triplets.chosen, triplets.chosen), 1)
        value = total(F, F.Activation(lacking, act_type="softrelu"), triplets.chosen) / count
        slopes = triplets.slopes(F.Activation(lacking, act_type="sigmoid") * triplets.chosen)
        slope = F.dot(slopes, rows) + F.dot(slopes, rows, transpose_a=True)
        slope = F.broadcast_div(slope, F.reshape(-2 * count, shape=(1, 1)))
        away = F.abs(activations) - 1
        ones = F.ones_like(similarity.itself)
        rounding = total(F, away, away) / (F.dot(ones, ones) * self._bits)
        return with_slope(F, value, activations, slope) + self._quantization * rounding


Loss = DTSHLoss
