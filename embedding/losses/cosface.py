"""CosFace: softmax over cosines, that of the own class less a margin (Wang, Wang, Zhou et al., CVPR 2018)."""

from types import ModuleType
from typing import Any

from embedding.losses.softmax import ClassifierLoss, inner_products
from embedding.mx import Array


class CosFaceLoss(ClassifierLoss):
    """Cross-entropy of scale * cos(theta), with scale * (cos(theta) - margin) for the own classes.

    scale, margin : s and m; 64 and 0.35 in the paper, for face sets of many thousand classes
    """

    def __init__(self, *, scale: float = 64.0, margin: float = 0.35, **told: Any) -> None:
        super().__init__(**told)
        self._scale, self._margin = scale, margin

    def logits(self, F: ModuleType, embeddings: Array, labels: Array, *, weight: Array) -> Array:
        cosines = inner_products(F, embeddings, F.L2Normalization(weight), classes=self._classes)
        return self._scale * (cosines - self._margin * F.one_hot(labels, depth=self._classes))


Loss = CosFaceLoss
