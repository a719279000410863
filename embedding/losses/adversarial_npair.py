"""N-pair loss on synthetic negatives: for each anchor and each other pair's positive, one that is made to be hard."""

from types import ModuleType
from typing import Any

from embedding.adversarial.players import AdversarialLoss, products, table
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
        column, row = F.expand_dims(valid, 1), F.expand_dims(valid, 0)
        chosen = F.broadcast_mul(column, row) * (1 - pairs.same_class(F, F.take(labels, anchor)))  # (P, P)
        rows = table(F, anchor, chosen, axis=1), table(F, positive, chosen, axis=1), table(F, positive, chosen, axis=0)
        seen, made = self.generator(embeddings, *rows)
        to_synthetic = F.reshape_like(products(F, F.take(embeddings, rows[0]), seen), chosen)
        others = pairs.other_image(F, slots)
        hard = others * (to_synthetic * chosen + (1 - chosen) * UNSEEN) + (1 - others) * logits
        real, synthetic = (self.of_logits(F, found, slots, valid) for found in (logits, hard))
        loss, measured = self.played(F, real, synthetic, shares, made, embeddings, rows, chosen)
        return loss + self.of_norms(F, embeddings, labels), measured


Loss = AdversarialNPairLoss
