"""ArcFace: softmax over cosines, the angle to the own class widened by a margin (Deng, Guo, Xue et al., CVPR 2019)."""

import math
from types import ModuleType
from typing import Any

from datasets.errors import InputError
from embedding.losses.softmax import ClassifierLoss, inner_products, with_target
from embedding.mx import Array

# The least squared sine that has a gradient: it grows as 1 / sin, beyond all bounds where an embedding meets its class.
_LEAST_SQUARED_SINE = 1e-6


def widened(F: ModuleType, cosine: Array, *, margin: float) -> Array:
    """cos(theta + margin) of the cosine of theta, or cos(theta) - margin sin(margin) where theta > pi - margin.

    From there on cos(theta + margin) would rise again, and reward embeddings for leaving their class.
    """
    sine = F.sqrt(F.maximum(1 - F.square(cosine), _LEAST_SQUARED_SINE))
    inside = cosine * math.cos(margin) - sine * math.sin(margin)
    return F.where(cosine >= -math.cos(margin), inside, cosine - margin * math.sin(margin))


class ArcFaceLoss(ClassifierLoss):
    """Cross-entropy of scale * cos(theta), with ``widened`` angles to the own classes.

    scale, margin : s and m in radians; 64 and 0.5 in the paper, for face sets of many thousand classes
    """

    def __init__(self, *, scale: float = 64.0, margin: float = 0.5, **told: Any) -> None:
        if not 0 <= margin < math.pi:
            raise InputError(f"--margin={margin}: of arcface it is an angle in radians, below 3.14, such as 0.5")
        super().__init__(**told)
        self._scale, self._margin = scale, margin

    def logits(self, F: ModuleType, embeddings: Array, labels: Array, *, weight: Array) -> Array:
        cosines = inner_products(F, embeddings, F.L2Normalization(weight), classes=self._classes)
        target = widened(F, F.pick(cosines, labels), margin=self._margin)
        return self._scale * with_target(F, cosines, labels, target, classes=self._classes)


Loss = ArcFaceLoss
