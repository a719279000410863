"""Softmax over the training classes, plain or NormFace; and what every loss with a weight vector a class is made of."""

import math
from types import ModuleType
from typing import Any

from embedding.losses.base import MetricLoss, check_dim
from embedding.mx import Array, mx, nd


def inner_products(F: ModuleType, embeddings: Array, weight: Array, *, classes: int) -> Array:
    """The inner product (B, C) of every embedding (B, D) with the weights (C, D) of every class."""
    return F.FullyConnected(embeddings, weight, no_bias=True, num_hidden=classes)


def with_target(F: ModuleType, logits: Array, labels: Array, target: Array, *, classes: int) -> Array:
    """The logits (B, C) with that of each row's own class, ``labels`` (B,), replaced by ``target`` (B,)."""
    change = F.expand_dims(target - F.pick(logits, labels), 1)
    return logits + F.broadcast_mul(F.one_hot(labels, depth=classes), change)


def cross_entropy(F: ModuleType, logits: Array, labels: Array) -> Array:
    """The mean of -log softmax(logits) at the labels, (1,), for logits (B, C) and labels (B,)."""
    return -F.mean(F.pick(F.log_softmax(logits), labels))


class ClassifierLoss(MetricLoss):
    """Cross-entropy over the training classes; a loss of this kind says in ``logits`` how they are computed.

    Each class has a weight vector and no bias: every class is as frequent as any other in class-balanced batches. The
    vectors start in random directions, of a length near 1, and learn as the network does, at the rate ``lr_classes``.

    """

    def __init__(self, *, lr_classes: float = 1e-2, **told: int) -> None:
        super().__init__(**told)
        self.learning_rate = lr_classes
        spread = mx.init.Normal(1 / math.sqrt(self._dim))
        self.weight = self.params.get("weight", shape=(self._classes, self._dim), init=spread)

    def forward(self, embeddings: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of embeddings (B, D) and labels (B,) in [0, C)."""
        check_dim(embeddings, self._dim)
        return super().forward(embeddings, labels)

    def hybrid_forward(self, F: ModuleType, embeddings: Array, labels: Array, **own: Array) -> Array:
        return cross_entropy(F, self.logits(F, embeddings, labels, **own), labels)

    def logits(self, F: ModuleType, embeddings: Array, labels: Array, *, weight: Array) -> Array:
        """The logits (B, C) of embeddings (B, D) whose own classes are ``labels`` (B,)."""
        raise NotImplementedError


class SoftmaxLoss(ClassifierLoss):
    """Softmax cross-entropy, of scaled cosines (NormFace: Wang, Xiang, Cheng et al., ACM MM 2017) or of inner products.

    normalize : whether embeddings and class weights have unit length, so that the logits are cosines
    scale : what cosines are multiplied by, the inverse of a temperature; not used for inner products
    """

    def __init__(self, *, normalize: bool = True, scale: float = 16.0, **told: Any) -> None:
        super().__init__(**told)
        self.unit_rows = normalize
        self._scale = scale

    def logits(self, F: ModuleType, embeddings: Array, labels: Array, *, weight: Array) -> Array:
        if not self.unit_rows:
            return inner_products(F, embeddings, weight, classes=self._classes)
        return self._scale * inner_products(F, embeddings, F.L2Normalization(weight), classes=self._classes)


Loss = SoftmaxLoss
