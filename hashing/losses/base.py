"""What every loss of hashing is: a block over activations and labels; and a loss over the pairs of a batch."""

from types import ModuleType

from embedding.losses.base import EmbeddingLoss
from embedding.mining import pairs
from embedding.mx import Array, nd
from hashing.mining.similarity import OneLabel, Similarity

# Up to so many classes products with the labels as ones and zeros are faster than comparing all pairs.
_FEW_CLASSES = 128


class HashLoss(EmbeddingLoss):
    """``loss(activations, labels)`` gives one value, (1,); see the contract in ``hashing.losses``.

    tanh : whether it wants activations between -1 and 1; where not, it gets what the head gives
    sharpens : whether that tanh is made steeper as training goes on (HashNet's continuation)
    """

    unit_rows = False
    tanh: bool = True
    sharpens: bool = False


class PairLoss(HashLoss):
    """A loss that asks of labels only which pairs are similar; it says in ``of_pairs`` what these cost.

    Similar are images of the same label (B,), or that share one of their labels (B, L). An image without any label is
    similar to none. Labels and loss are one compiled graph, made anew where the labels are of the other kind.

    bits : code length K; classes : number of classes or concepts
    """

    def __init__(self, *, bits: int, classes: int) -> None:
        super().__init__()
        self._bits, self._classes, self._several = bits, classes, False

    def forward(self, activations: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of activations (B, K) and labels (B,) in [0, C) or (B, L) of ones and zeros."""
        if self._several != (labels.ndim == 2):
            self._several = labels.ndim == 2
            self._clear_cached_op()
        return super().forward(activations, labels.astype("float32", copy=False))

    def hybrid_forward(self, F: ModuleType, activations: Array, labels: Array) -> Array:
        return self.of_pairs(F, activations, self._similarity(F, labels))

    def of_pairs(self, F: ModuleType, activations: Array, similarity: Similarity) -> Array:
        """The loss, (1,), of activations (B, K)."""
        raise NotImplementedError

    def _similarity(self, F: ModuleType, labels: Array) -> Similarity:
        if self._several:
            return Similarity(F, F.dot(labels, labels, transpose_b=True) > 0)
        if self._classes > _FEW_CLASSES:
            return Similarity(F, pairs.same_class(F, labels))
        return OneLabel(F, labels, classes=self._classes)
