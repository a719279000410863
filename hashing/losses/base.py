"""What every loss of hashing is: a block over activations and labels, and which pairs of a batch are similar."""

from embedding.losses.base import EmbeddingLoss
from embedding.mx import nd


class HashLoss(EmbeddingLoss):
    """``loss(activations, labels)`` gives one value, (1,); see the contract in ``hashing.losses``.

    tanh : whether it wants activations between -1 and 1; where not, it gets what the head gives
    sharpens : whether that tanh is made steeper as training goes on (HashNet's continuation)
    """

    unit_rows = False
    tanh: bool = True
    sharpens: bool = False


class PairLoss(HashLoss):
    """A loss that asks of labels only which pairs are similar.

    Its ``hybrid_forward(F, activations, similar)`` gets ``similar(labels)`` in place of the labels.
    """

    def forward(self, activations: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of activations (B, K) and labels (B,) or (B, L)."""
        return super().forward(activations, similar(labels))


def similar(labels: nd.NDArray) -> nd.NDArray:
    """(B, B) float32: 1 where two images have the same label (B,) or share one of the labels (B, L), each with itself.

    An image without any label is similar to none, not even to itself.
    """
    labels = labels.astype("float32", copy=False)
    if labels.ndim == 1:
        return nd.broadcast_equal(labels.expand_dims(1), labels.expand_dims(0))
    return nd.dot(labels, labels, transpose_b=True) > 0
