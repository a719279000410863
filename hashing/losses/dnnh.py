"""DNNH (Lai, Pan, Liu, Yan, "Simultaneous feature learning and hash coding with deep neural networks", CVPR 2015)."""

from types import ModuleType

from embedding.mx import Array
from hashing.losses.triplet import TripletLoss
from hashing.mining.similarity import Similarity


class DNNHLoss(TripletLoss):
    """The mean over triplets of [|a - p|^2 - |a - n|^2 + margin]+ of relaxed codes between 0 and 1.

    They are (1 + h) / 2 of activations h, which a head makes that divides its features among the bits and rounds what
    is nearly sure: ``hashing.net.DividedHead``. Triplets are drawn, one a similar pair, where the paper lists them.

    bits : code length K; classes : number of classes or concepts
    margin : 1 in the paper
    """

    head = "divided"
    of_costly = False

    def __init__(self, *, bits: int, classes: int, margin: float = 1.0) -> None:
        super().__init__(bits=bits, classes=classes, margin=4 * margin)

    def of_pairs(self, F: ModuleType, activations: Array, similarity: Similarity) -> Array:
        return super().of_pairs(F, activations, similarity) / 4  # activations lie four times as far apart, squared


Loss = DNNHLoss
