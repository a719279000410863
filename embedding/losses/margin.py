"""Margin-based loss with distance-weighted sampling (Wu, Manmatha, Smola, Krähenbühl, ICCV 2017)."""

from types import ModuleType

from embedding.mining import DistanceWeightedMiner
from embedding.mx import Array, gluon, mx


class MarginLoss(gluon.HybridBlock):
    """The mean over active terms of [d_ap - beta + margin]+ and [beta - d_an + margin]+.

    Every ordered pair (anchor, positive) of the batch gets one negative, drawn by ``mining.DistanceWeightedMiner``.
    beta is learned for each class of the anchor; ``nu`` weighs the sum of the beta of all triplets. Distances are
    d = sqrt(|a - b|^2 + 1e-8), so that equal images have a gradient. Terms that are 0 do not count in the mean.

    classes : number of training classes, C
    dim : size of the embeddings, D
    batch_k : the most images of a class in a batch; of a larger class an image is paired only with those fewer than
        ``batch_k`` places before or after it. None pairs all, at a cost of B x B x D.
    margin, beta, nu : alpha, the first value of every beta, and the weight of beta; 0.2, 1.2 and 0 in the paper
    lr_beta : learning rate of beta
    """

    def __init__(
        self,
        *,
        classes: int,
        dim: int,
        batch_k: int | None = None,
        margin: float = 0.2,
        beta: float = 1.2,
        nu: float = 0.0,
        lr_beta: float = 0.1,
    ) -> None:
        super().__init__()
        self.learning_rate = lr_beta
        self._dim, self._batch_k, self._margin, self._nu = dim, batch_k, margin, nu
        self._loss_cutoff = margin + beta  # beyond it a negative has no loss
        self._reach = 0
        self.beta = self.params.get("beta", shape=(classes,), init=mx.init.Constant(beta))

    def forward(self, embeddings: mx.nd.NDArray, labels: mx.nd.NDArray) -> mx.nd.NDArray:
        """The loss, (1,), of embeddings (B, D) with unit rows and labels (B,) in [0, C), B at least 2."""
        if embeddings.shape[1] != self._dim:
            raise ValueError(f"embeddings have {embeddings.shape[1]} dimensions, the loss was made for {self._dim}")
        self._prepare(reach=min(self._batch_k or len(labels), len(labels)) - 1)
        anchor, partner, weight = self.miner(embeddings, labels)
        return super().forward(embeddings, labels, anchor, partner, weight)

    def _prepare(self, *, reach: int) -> None:
        """A miner with as many slots as this batch needs; compiled graphs hold that number."""
        if reach == self._reach:
            return
        self._reach = reach
        self.miner = DistanceWeightedMiner(dim=self._dim, reach=reach, loss_cutoff=self._loss_cutoff)
        self.hybridize(self._active, static_alloc=True)

    def hybrid_forward(
        self, F: ModuleType, embeddings: Array, labels: Array, anchor: Array, partner: Array, weight: Array, beta: Array
    ) -> Array:
        beta = F.expand_dims(F.take(beta, F.take(labels, anchor)), 1)  # (B, 1)
        distance = self._distances(F, F.take(embeddings, anchor), partner)  # (B, 2 reach)
        # Positives want to be nearer than beta, negatives, in the second half of the slots, farther.
        sign = F.concat(F.ones((1, self._reach)), -F.ones((1, self._reach)), dim=1)
        terms = F.relu(F.broadcast_mul(F.broadcast_sub(distance, beta), sign) + self._margin)
        triplets = F.slice_axis(weight, axis=1, begin=self._reach, end=None)  # each has one negative
        penalty = self._nu * F.sum(F.broadcast_mul(triplets, beta))
        active = F.sum((terms > 0) * weight)
        return (F.sum(terms * weight) + penalty) / F.maximum(active, 1)

    def _distances(self, F: ModuleType, embeddings: Array, rows: Array) -> Array:
        """Distances (B, S) of each row of embeddings (B, D) to the rows named in its S slots."""
        itself = F.broadcast_like(F.expand_dims(F.contrib.arange_like(rows, axis=0), 1), rows)
        difference = F.take(embeddings, itself) - F.take(embeddings, rows)  # (B, S, D)
        # A product with ones adds up D columns many times faster than sum() does on the CPU.
        ones = F.ones((1, self._dim))
        squared = F.FullyConnected(F.square(difference), ones, no_bias=True, num_hidden=1, flatten=False)
        return F.sqrt(F.squeeze(squared, axis=2) + 1e-8)


Loss = MarginLoss
