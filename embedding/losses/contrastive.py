"""Contrastive loss (Hadsell, Chopra, LeCun, "Dimensionality reduction by learning an invariant mapping", CVPR 2006)."""

from types import ModuleType

from embedding.losses.base import MetricLoss
from embedding.mining import pairs
from embedding.mx import Array, nd


class ContrastiveLoss(MetricLoss):
    """The mean of 1/2 [d - pos_margin]+^2 over pairs of a class, plus that of 1/2 [neg_margin - d]+^2 over the others.

    Each mean is over the terms that are not 0, so that the many negatives far enough apart do not water it down.
    Distances are d = sqrt(|a - b|^2 + 1e-8). The paper's loss has pos_margin 0.
    """

    def __init__(self, *, pos_margin: float = 0.0, neg_margin: float = 1.0, **told: int) -> None:
        super().__init__(**told)
        self._pos_margin, self._neg_margin = pos_margin, neg_margin

    def forward(self, embeddings: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of embeddings (B, D) with unit rows and labels (B,)."""
        return super().forward(embeddings, labels.astype("float32", copy=False))

    def hybrid_forward(self, F: ModuleType, embeddings: Array, labels: Array) -> Array:
        distances = pairs.distances(F, embeddings)
        return self.of_distances(F, distances, distances, labels)

    def of_distances(self, F: ModuleType, to_positives: Array, to_negatives: Array, labels: Array) -> Array:
        """The loss, (1,), of the distances of all pairs, (B, B): as positives and as negatives."""
        same = pairs.same_class(F, labels)
        return self.of_pairs(F, to_positives, to_negatives, same * pairs.other_image(F, labels), 1 - same)

    def of_pairs(
        self, F: ModuleType, to_positives: Array, to_negatives: Array, positive: Array, negative: Array
    ) -> Array:
        """The same of any pairs, where ``positive`` and ``negative`` say by 1 which are such, and by 0 which not."""
        too_far = F.relu(to_positives - self._pos_margin) * positive
        too_near = F.relu(self._neg_margin - to_negatives) * negative
        return sum(pairs.mean(F, F.square(terms) / 2, terms > 0) for terms in (too_far, too_near))


Loss = ContrastiveLoss
