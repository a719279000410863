"""What every loss of hashing is: a block over activations and labels; and a loss over the pairs of a batch."""

from types import ModuleType

import numpy as np

from embedding.losses.base import EmbeddingLoss
from embedding.mining import pairs
from embedding.mx import Array, gluon, mx, nd
from hashing.mining.similarity import OneLabel, Similarity

# Up to so many classes products with the labels as ones and zeros are faster than comparing all pairs.
_FEW_CLASSES = 128


class HashLoss(EmbeddingLoss):
    """``loss(activations, labels)`` gives one value, (1,); see the contract in ``hashing.losses``.

    tanh : whether it wants activations between -1 and 1; where not, it gets what the head gives
    sharpens : whether that tanh is made steeper as training goes on (HashNet's continuation)
    head : the head that makes the activations, a name in ``hashing.net.HEADS``
    lookup : whether queries are held against codes by the lookup of their activations (``hashing.evaluation.lookup``),
        and not by Hamming distance
    """

    unit_rows = False
    tanh: bool = True
    sharpens: bool = False
    head: str = "dense"
    lookup: bool = False

    def prepare(self, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What the loss is to be given for the ``labels`` (N,) or (N, L) of all training images, a row an image.

        Called once, before training, and with the same chance again where a run goes on.
        """
        return labels


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


class ClassLoss(HashLoss):
    """A loss that tells classes from relaxed codes by a linear layer of its own, and a softmax.

    An image of several labels is to have the same share of each; one without any is left out.

    classes : number of classes or concepts; width : values of a relaxed code
    """

    tanh = False

    def __init__(self, *, classes: int, width: int) -> None:
        super().__init__()
        self._classes = classes
        self.classifier = gluon.nn.Dense(classes, in_units=width, weight_initializer=mx.init.Xavier(magnitude=2))

    def forward(self, activations: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of activations (B, A) and labels (B,) in [0, C) or (B, C) of ones and zeros."""
        several = labels if labels.ndim == 2 else nd.one_hot(labels, self._classes)
        return super().forward(activations, several.astype("float32", copy=False))

    def class_cost(self, F: ModuleType, relaxed: Array, labels: Array) -> Array:
        """The mean over labelled images of the cross-entropy of their labels (B, C), (1,); relaxed codes (B, width)."""
        likely = F.log_softmax(self.classifier(relaxed))
        count = F.sum(labels, axis=1, keepdims=True)  # (B, 1)
        shares = F.broadcast_div(labels, F.maximum(count, 1))
        labelled = F.reshape(F.sum(count > 0, axis=0), shape=(-1,))
        return F.reshape(F.sum(-likely * shares), shape=(-1,)) / F.maximum(labelled, 1)
