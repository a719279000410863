"""Margin-based loss with distance-weighted sampling (Wu, Manmatha, Smola, Krähenbühl, ICCV 2017)."""

from types import ModuleType

from embedding.losses.base import MetricLoss, check_dim
from embedding.mining.distance_weighted import DistanceWeightedMiner
from embedding.mx import Array, mx, nd


class MarginLoss(MetricLoss):
    """The mean over active terms of [d_ap - beta + margin]+ and [beta - d_an + margin]+.

    Every ordered pair (anchor, positive) of the batch gets one negative, drawn by ``mining.DistanceWeightedMiner``.
    beta is learned for each class of the anchor; ``nu`` weighs the sum of the beta of all triplets. Distances are
    d = sqrt(|a - b|^2 + 1e-8), so that equal images have a gradient. Terms that are 0 do not count in the mean.

    batch_k : of a class with more images in a batch, an image is paired only with those fewer than ``batch_k`` places
        before or after it. None pairs all, at a cost of B x B x D.
    margin, beta, nu : alpha, the first value of every beta, and the weight of beta; 0.2, 1.2 and 0 in the paper
    lr_beta : learning rate of beta
    """

    optimizer = "sgd"  # beta is one number a class, and moves fast enough without

    def __init__(
        self, *, margin: float = 0.2, beta: float = 1.2, nu: float = 0.0, lr_beta: float = 0.1, **told: int
    ) -> None:
        super().__init__(**told)
        self.learning_rate = lr_beta
        self._margin, self._nu = margin, nu
        self._loss_cutoff = margin + beta  # beyond it a negative has no loss
        self._reach = 0
        self.beta = self.params.get("beta", shape=(self._classes,), init=mx.init.Constant(beta))
        self.ones = self.params.get_constant("ones", nd.ones(self._dim))

    def forward(self, embeddings: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of embeddings (B, D) with unit rows and labels (B,) in [0, C), B at least 2."""
        check_dim(embeddings, self._dim)
        self._prepare(reach=min(self._batch_k or len(labels), len(labels)) - 1)
        return super().forward(embeddings, labels, *self.miner(embeddings, labels))

    def _prepare(self, *, reach: int) -> None:
        """A miner with as many slots as this batch needs; compiled graphs hold that number."""
        if reach == self._reach:
            return
        self._reach = reach
        self.miner = DistanceWeightedMiner(dim=self._dim, reach=reach, loss_cutoff=self._loss_cutoff)
        self.hybridize(self._active, static_alloc=True, static_shape=True)

    def hybrid_forward(
        self,
        F: ModuleType,
        embeddings: Array,
        labels: Array,
        anchor: Array,
        partner: Array,
        weight: Array,
        beta: Array,
        ones: Array,
    ) -> Array:
        beta = F.take(beta, F.take(labels, anchor))  # (B, S), a slot a pair
        difference = F.take(embeddings, anchor) - F.take(embeddings, partner)  # (B, S, D)
        # A product with ones adds up D columns many times faster than sum() does on the CPU.
        squared = F.dot(F.square(difference), ones)  # (B, S)
        # Positives want to be nearer than beta, negatives, which have a weight below 0, farther.
        terms = F.relu((F.sqrt(squared + 1e-8) - beta) * F.sign(weight) + self._margin)
        total, active = (F.sum(x * F.abs(weight)) for x in (terms, terms > 0))
        if self._nu:
            total = total + self._nu * F.sum(beta * F.relu(-weight))  # each triplet has one negative
        return total / F.maximum(active, 1)


Loss = MarginLoss
