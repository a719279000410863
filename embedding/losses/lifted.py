"""Lifted structured loss, generalised (Song et al., CVPR 2016; as in Hermans, Beyer, Leibe 2017, equation 9)."""

from types import ModuleType

from embedding.losses.base import MetricLoss
from embedding.mining import pairs
from embedding.mx import Array, nd


class LiftedLoss(MetricLoss):
    """The mean over anchors of [log sum over p of exp(d_ap) + log sum over n of exp(margin - d_an)]+.

    p runs over all positives of anchor a, its own image excluded, and n over all negatives. Distances are
    d = sqrt(|a - b|^2 + 1e-8), not squared. Anchors without a positive or without a negative are left out.
    """

    def __init__(self, *, margin: float = 1.0, **told: int) -> None:
        super().__init__(**told)
        self._margin = margin

    def forward(self, embeddings: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of embeddings (B, D) with unit rows and labels (B,)."""
        return super().forward(embeddings, labels.astype("float32", copy=False))

    def hybrid_forward(self, F: ModuleType, embeddings: Array, labels: Array) -> Array:
        distances = pairs.distances(F, embeddings)
        return self.of_distances(F, distances, distances, labels)

    def of_distances(self, F: ModuleType, to_positives: Array, to_negatives: Array, labels: Array) -> Array:
        """The loss, (1,), of the distances of anchors to all images, (B, B): as positives and as negatives."""
        same = pairs.same_class(F, labels)
        positives = pairs.log_sum_exp(F, to_positives, same * pairs.other_image(F, labels))
        negatives = pairs.log_sum_exp(F, self._margin - to_negatives, 1 - same)
        return pairs.mean(F, F.relu(positives + negatives), pairs.has_positive_and_negative(F, same, labels))


Loss = LiftedLoss
