"""Triplet loss on synthetic negatives: of each triplet, the negative is made to be hard."""

from types import ModuleType
from typing import Any

from embedding.adversarial.players import AdversarialLoss, distances
from embedding.losses.triplet import TripletLoss
from embedding.mx import Array


class AdversarialTripletLoss(TripletLoss, AdversarialLoss):
    """``TripletLoss`` with d_ap - d_as, s = G(a, p, n), of the triplets (a, p, n) that it would train on."""

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        self.make_generator()

    def hybrid_forward(
        self,
        F: ModuleType,
        embeddings: Array,
        anchor: Array,
        positive: Array,
        negative: Array,
        weight: Array,
        ones: Array,
        shares: Array,
    ) -> tuple[Array, Array, Array]:
        real, to_negatives = super().hybrid_forward(F, embeddings, anchor, positive, negative, weight, ones)
        rows = tuple(F.reshape(part, shape=(-1,)) for part in (anchor, positive, negative))
        seen, made = self.generator(embeddings, *rows)
        anchors, positives = (F.take(embeddings, part) for part in rows[:2])
        to_positive, to_synthetic = (distances(F, anchors, x) for x in (positives, seen))
        synthetic = self.of_distances(F, to_positive, to_synthetic, F.reshape(weight, shape=(-1,)))
        loss, measured = self.played(F, real, synthetic, shares, made, embeddings, rows, weight)
        return loss, to_negatives, measured


Loss = AdversarialTripletLoss
