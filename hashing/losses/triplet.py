"""Triplet hashing: a hinge over squared Euclidean distances of activations."""

from types import ModuleType

from embedding.mining.pairs import total
from embedding.mx import Array
from hashing.losses.base import PairLoss
from hashing.mining.pairs import squared_distances, with_slope
from hashing.mining.similarity import Similarity
from hashing.mining.triplets import DrawnTriplets


class TripletLoss(PairLoss):
    """The mean over triplets that cost something of [|a - p|^2 - |a - n|^2 + margin]+; 0 where none does.

    p is similar to a, n is not: a triplet for each pair (a, p), see ``DrawnTriplets``. Between codes of 1 and -1 the
    squared distance is four times the Hamming distance.

    bits : code length K; classes : number of classes or concepts
    margin : None for K / 4, which is 8 at 32 bits
    """

    of_costly = True  # whether the mean is over triplets that cost something, or over all

    def __init__(self, *, bits: int, classes: int, margin: float | None = None) -> None:
        super().__init__(bits=bits, classes=classes)
        self._margin = bits / 4 if margin is None else margin

    def of_pairs(self, F: ModuleType, activations: Array, similarity: Similarity) -> Array:
        triplets, rows = DrawnTriplets(F, similarity), F.BlockGrad(activations)
        distances = squared_distances(F, rows)
        short = distances - triplets.negatives(distances) + self._margin
        costly = triplets.chosen * (short > 0)
        counted = costly if self.of_costly else triplets.chosen
        count = F.maximum(total(F, counted, counted), 1)
        value = total(F, short, costly) / count
        # Of |h - g|^2: h for every entry of its column and row, less the g of each; entries of a column add up to 0.
        slopes = triplets.slopes(costly)
        entries = F.dot(slopes, F.ones_like(F.slice_axis(rows, axis=1, begin=0, end=1)))  # (B, 1)
        slope = F.broadcast_mul(rows, entries) - F.dot(slopes, rows) - F.dot(slopes, rows, transpose_a=True)
        return with_slope(F, value, activations, F.broadcast_div(slope, F.reshape(count / 2, shape=(1, 1))))


Loss = TripletLoss
