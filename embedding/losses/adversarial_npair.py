"""N-pair loss on synthetic negatives: for each anchor and each other pair's positive, one that is made to be hard."""

from types import ModuleType
from typing import Any

from embedding.adversarial.players import AdversarialLoss
from embedding.losses.npair import UNSEEN, NPairLoss
from embedding.mining import pairs
from embedding.mx import Array


class AdversarialNPairLoss(NPairLoss, AdversarialLoss):
    """``NPairLoss`` with a.s - a.p, s = G(a, p, n), where it has a.n - a.p; its term of norms stays as it is."""

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        self.make_generator()

    def hybrid_forward(
        self,
        F: ModuleType,
        embeddings: Array,
        labels: Array,
        anchor: Array,
        positive: Array,
        valid: Array,
        shares: Array,
    ) -> tuple[Array, Array]:
        logits, slots = self.logits(F, embeddings, labels, anchor, positive, valid)
        column, row = (lambda rows: F.expand_dims(rows, 1)), (lambda rows: F.expand_dims(rows, 0))
        rows = column(anchor), column(positive), row(positive)
        classes = F.take(labels, anchor)
        chosen = F.broadcast_mul(column(valid), row(valid)) * (1 - pairs.same_class(F, classes))  # (P, P)
        seen, made = self.generator(embeddings, *rows)
        products = F.dot(F.broadcast_mul(F.take(embeddings, rows[0]), seen), self._ones(F, embeddings))
        own = F.broadcast_mul(column(F.pick(logits, slots)), 1 - pairs.other_image(F, slots))
        others = pairs.other_image(F, slots) * (products * chosen + (1 - chosen) * UNSEEN)
        real, synthetic = (self.of_logits(F, found, slots, valid) for found in (logits, own + others))
        loss, measured = self.played(F, real, synthetic, shares, made, embeddings, rows, chosen)
        return loss + self.of_norms(F, embeddings, labels), measured

    def _ones(self, F: ModuleType, embeddings: Array) -> Array:
        """(D,)."""
        return F.reshape(F.ones_like(F.slice_axis(embeddings, axis=0, begin=0, end=1)), shape=(-1,))


Loss = AdversarialNPairLoss
