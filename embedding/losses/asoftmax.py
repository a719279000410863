"""A-Softmax (SphereFace): the angle to the own class multiplied by a whole number (Liu, Wen, Yu et al., CVPR 2017)."""

import math
from types import ModuleType
from typing import Any

from embedding.losses.softmax import ClassifierLoss, inner_products, with_target
from embedding.mx import Array, autograd, nd


def multiplied(F: ModuleType, cosine: Array, *, margin: int) -> Array:
    """psi(theta) = (-1)^k cos(m theta) - 2k of the cosine of theta in [k pi / m, (k + 1) pi / m], for m = ``margin``.

    It falls from 1 to 1 - 2m as theta goes from 0 to pi, and has a finite gradient everywhere.
    """
    # cos(m theta) is a polynomial of cos(theta), Chebyshev's: no arccos, whose gradient is infinite at both ends.
    before, polynomial = 1, cosine
    for _ in range(margin - 1):
        before, polynomial = polynomial, 2 * cosine * polynomial - before
    k = sum(cosine < math.cos(j * math.pi / margin) for j in range(1, margin))
    return (1 - 2 * (k % 2)) * polynomial - 2 * k


class ASoftmaxLoss(ClassifierLoss):
    """Cross-entropy of |x| cos(theta), with |x| (lambda cos(theta) + psi(theta)) / (1 + lambda) for the own classes.

    Embeddings keep their length, class weights are of unit length; ``multiplied`` is psi. lambda falls as training goes
    on, to max(lambda_floor, lambda_start / (1 + lambda_fall * steps)), so that the margin comes in slowly. Each forward
    pass in training is a step. Their number is a parameter that no optimizer moves, saved with the others.

    margin : m, a whole number from 1; 4 in the paper
    lambda_start, lambda_fall, lambda_floor : 1000, 0.12 and 5 in the paper's code
    """

    unit_rows = False

    def __init__(
        self,
        *,
        margin: int = 4,
        lambda_start: float = 1000.0,
        lambda_fall: float = 0.12,
        lambda_floor: float = 5.0,
        **told: Any,
    ) -> None:
        super().__init__(**told)
        self._margin = margin
        self._start, self._fall, self._floor = lambda_start, lambda_fall, lambda_floor
        self.steps = self.params.get("steps", shape=(1,), init="zeros", grad_req="null")

    def forward(self, embeddings: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of embeddings (B, D) of any length and labels (B,) in [0, C); a step, in training."""
        if autograd.is_training():
            with autograd.pause():
                self.steps.data(embeddings.context)[:] += 1
        return super().forward(embeddings, labels)

    def logits(self, F: ModuleType, embeddings: Array, labels: Array, *, weight: Array, steps: Array) -> Array:
        logits = inner_products(F, embeddings, F.L2Normalization(weight), classes=self._classes)
        own = F.pick(logits, labels)
        length = F.sqrt(F.sum(F.square(embeddings), axis=1) + 1e-12)
        psi = multiplied(F, own / length, margin=self._margin)
        plain = F.maximum(self._start / (1 + self._fall * steps), self._floor)  # lambda
        target = F.broadcast_div(F.broadcast_mul(own, plain) + length * psi, plain + 1)
        return with_target(F, logits, labels, target, classes=self._classes)


Loss = ASoftmaxLoss
