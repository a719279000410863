"""Deep learning of binary hash codes (Lin, Yang, Hsiao, Chen, "Deep learning of binary hash codes for fast image
retrieval", CVPR workshops 2015).
"""

from types import ModuleType

from embedding.mx import Array
from hashing.losses.base import ClassLoss


class DLBHCLoss(ClassLoss):
    """The cross-entropy of the classes that a softmax layer tells from a latent layer of K sigmoid units.

    A bit is 1 where its unit is above 0.5, that is, where what the head gives is above 0. The layer of the classes
    serves training alone.

    bits : code length K; classes : number of classes or concepts
    """

    def __init__(self, *, bits: int, classes: int) -> None:
        super().__init__(classes=classes, width=bits)

    def hybrid_forward(self, F: ModuleType, activations: Array, labels: Array) -> Array:
        return self.class_cost(F, F.Activation(activations, act_type="sigmoid"), labels)


Loss = DLBHCLoss
