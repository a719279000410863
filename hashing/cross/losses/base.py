"""What every loss across two kinds of things is: a block over the activations of both and their labels."""

from types import ModuleType

from embedding.losses.base import EmbeddingLoss
from embedding.mining import pairs
from embedding.mx import Array, nd


class CrossLoss(EmbeddingLoss):
    """``loss(asking, answering, labels)`` gives one value, (1,); see the contract in ``hashing.cross.losses``.

    tanh : whether it wants activations between -1 and 1; where not, it gets what the heads give

    bits : code length K; classes : number of classes or concepts, C
    """

    unit_rows = False
    tanh: bool = False

    def __init__(self, *, bits: int, classes: int) -> None:
        super().__init__()
        self._bits, self._classes = bits, classes

    def forward(self, asking: nd.NDArray, answering: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of activations (B, K) and labels (B,) in [0, C) or (B, C) of ones and zeros."""
        several = labels if labels.ndim == 2 else nd.one_hot(labels, self._classes)
        return super().forward(asking, answering, several.astype("float32", copy=False))

    def hybrid_forward(self, F: ModuleType, asking: Array, answering: Array, labels: Array) -> Array:
        """The loss, (1,); labels (B, C) of ones and zeros."""
        raise NotImplementedError


def similar(F: ModuleType, labels: Array) -> Array:
    """(B, B): 1 where row i of the one kind and row j of the other are similar, else 0; labels (B, C).

    Similar are those that share a label, and row i with its own other side, which may have no label at all.
    """
    own = pairs.same_class(F, F.contrib.arange_like(labels, axis=0))
    return F.maximum(F.dot(labels, labels, transpose_b=True) > 0, own)
