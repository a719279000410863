"""Multi-similarity loss with its mining (Wang, Han, Huang, Dong, Scott, CVPR 2019)."""

from types import ModuleType

from embedding.losses.base import MetricLoss
from embedding.mining import pairs
from embedding.mx import Array, nd

_BEYOND = 4.0  # more than cosines differ


class MultiSimilarityLoss(MetricLoss):
    """The mean of log(1 + sum exp(alpha (base - s_ap))) / alpha + log(1 + sum exp(beta (s_an - base))) / beta.

    s are cosines. The sums run over the pairs worth learning from: positives less similar to the anchor than its most
    similar negative plus ``epsilon``, negatives more similar than its least similar positive less ``epsilon``. An image
    without a positive or without a negative costs nothing; the mean is over all images, as in the paper's code.

    alpha, beta, base, epsilon : base is the paper's lambda
    """

    def __init__(
        self, *, alpha: float = 2.0, beta: float = 50.0, base: float = 0.5, epsilon: float = 0.1, **told: int
    ) -> None:
        super().__init__(**told)
        self._alpha, self._beta, self._base, self._epsilon = alpha, beta, base, epsilon

    def forward(self, embeddings: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of embeddings (B, D) with unit rows and labels (B,)."""
        return super().forward(embeddings, labels.astype("float32", copy=False))

    def hybrid_forward(self, F: ModuleType, embeddings: Array, labels: Array) -> Array:
        cosines = F.dot(embeddings, embeddings, transpose_b=True)
        positives, negatives = self._mine(F, F.BlockGrad(cosines), labels)
        above = cosines - self._base
        terms = (
            F.Activation(pairs.log_sum_exp(F, above * scale, chosen), act_type="softrelu") / abs(scale)
            for scale, chosen in ((-self._alpha, positives), (self._beta, negatives))
        )
        return F.mean(sum(terms))

    def _mine(self, F: ModuleType, cosines: Array, labels: Array) -> tuple[Array, Array]:
        """The pairs worth learning from: positives and negatives (B, B), 1 or 0."""
        same = pairs.same_class(F, labels)
        # Cosines of the same class lie below all others: the highest is the most similar negative, the lowest the least
        # similar positive. The image itself is the most similar of its class, and so is not the lowest.
        split = cosines - same * _BEYOND
        most, least = (F.topk(split, axis=1, k=1, ret_typ="value", is_ascend=ascend) for ascend in (False, True))
        usable = F.expand_dims(pairs.has_positive_and_negative(F, same, labels), 1)
        hard_positive = F.broadcast_lesser(cosines, most + self._epsilon)
        hard_negative = F.broadcast_greater(cosines, least + (_BEYOND - self._epsilon))
        return (
            F.broadcast_mul(same * pairs.other_image(F, labels) * hard_positive, usable),
            F.broadcast_mul((1 - same) * hard_negative, usable),
        )


Loss = MultiSimilarityLoss
