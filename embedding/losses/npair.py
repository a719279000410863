"""Multi-class N-pair loss (Sohn, "Improved deep metric learning with multi-class N-pair loss objective", NIPS 2016)."""

from types import ModuleType

from embedding.losses.base import MetricLoss
from embedding.mining import pairs
from embedding.mining.distance_weighted import PairMiner
from embedding.mx import Array, nd

# The logit of a column that an anchor must not see; exp() of it is exactly 0 beside its own positive.
UNSEEN = -1e9


class NPairLoss(MetricLoss):
    """The mean over pairs of log(1 + sum over n of exp(a.n - a.p)), plus ``l2_reg`` times the mean of |f|^2.

    Each class's images are paired off at random into (anchor a, positive p), anew in every step; n runs over the
    positives of the pairs of all other classes. With two images a class this is the paper's loss, one pair a class,
    with the order within each pair left to chance. Of an odd number one image is left out of that step's pairs, and so
    is the image of a class that has no other. No pair at all costs nothing.

    The second term is over all images f of the batch, of squared norms, without another factor. The paper's weight of
    0.02, with the usual factor of 1/4 on the mean of |a|^2 plus the mean of |p|^2, is an ``l2_reg`` of 0.01.
    The embeddings are those of the head, not normalised.

    l2_reg : the weight of the second term
    """

    unit_rows = False

    def __init__(self, *, l2_reg: float = 3e-3, **told: int) -> None:
        super().__init__(**told)
        self._one_pair_a_class = self._batch_k is not None and self._batch_k < 4
        self._l2_reg = l2_reg
        self.miner = PairMiner()

    def forward(self, embeddings: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of embeddings (B, D) and labels (B,)."""
        return super().forward(embeddings, labels.astype("float32", copy=False), *self.miner(labels))

    def hybrid_forward(
        self, F: ModuleType, embeddings: Array, labels: Array, anchor: Array, positive: Array, valid: Array
    ) -> Array:
        # A last column of each factor hides the slots without a pair: far cheaper than adding a row to P x P logits.
        logits, slots = self.logits(F, embeddings, labels, anchor, positive, valid)
        return self.of_logits(F, logits, slots, valid) + self.of_norms(F, embeddings, labels)

    def logits(
        self, F: ModuleType, embeddings: Array, labels: Array, anchor: Array, positive: Array, valid: Array
    ) -> tuple[Array, Array]:
        """Inner products (P, P) of anchors and positives, those that an anchor must not see at -1e9; and slots (P,)."""
        anchors = F.concat(F.take(embeddings, anchor), F.ones_like(F.expand_dims(valid, 1)), dim=1)
        positives = F.concat(F.take(embeddings, positive), F.expand_dims((1 - valid) * UNSEEN, 1), dim=1)
        logits = F.dot(anchors, positives, transpose_b=True)  # (P, P), a row an anchor
        slots = F.contrib.arange_like(valid)
        if not self._one_pair_a_class:
            of_its_class = pairs.same_class(F, F.take(labels, anchor)) * pairs.other_image(F, slots)
            logits = logits + of_its_class * UNSEEN
        return logits, slots

    def of_logits(self, F: ModuleType, logits: Array, slots: Array, valid: Array) -> Array:
        """The first term, (1,), of logits (P, P), a row an anchor with its own positive on the diagonal."""
        return pairs.mean(F, F.pick(F.log_softmax(logits), slots), valid) * -1

    def of_norms(self, F: ModuleType, embeddings: Array, labels: Array) -> Array:
        """The second term, (1,)."""
        ones = F.ones_like(labels)
        return self._l2_reg * (pairs.total(F, embeddings, embeddings) / F.dot(ones, ones))


Loss = NPairLoss
