"""Synthetic negatives for losses over all pairs of a batch: for each anchor and each image of another class, one."""

from types import ModuleType
from typing import Any

from embedding.adversarial.players import AdversarialLoss, distances, table
from embedding.mining import pairs
from embedding.mining.triplets import hardest, nearness
from embedding.mx import Array


class AllPairsLoss(AdversarialLoss):
    """A loss with ``of_distances(F, to_positives, to_negatives, labels)``: d_as, s = G(a, p, n), stands for its d_an.

    The positive p that G is told is the farthest of the anchor's class, the anchor itself where it is alone.
    """

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        self.make_generator()

    def hybrid_forward(self, F: ModuleType, embeddings: Array, labels: Array, shares: Array) -> tuple[Array, Array]:
        same, to_all = pairs.same_class(F, labels), pairs.distances(F, embeddings)
        anchor = F.contrib.arange_like(labels)
        positive, _ = hardest(F, nearness(F, F.BlockGrad(embeddings), labels), same)
        rows = table(F, anchor, same, axis=1), table(F, positive, same, axis=1), table(F, anchor, same, axis=0)
        seen, made = self.generator(embeddings, *rows)
        to_synthetic = F.reshape_like(distances(F, F.take(embeddings, rows[0]), seen), same)
        real, synthetic = (self.of_distances(F, to_all, found, labels) for found in (to_all, to_synthetic))
        return self.played(F, real, synthetic, shares, made, embeddings, rows, 1 - same)
