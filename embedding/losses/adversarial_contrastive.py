"""Contrastive loss on synthetic negatives, for every anchor and image of another class."""

from types import ModuleType

from embedding.adversarial.all_pairs import AllPairsLoss
from embedding.losses.contrastive import ContrastiveLoss
from embedding.mx import Array


class AdversarialContrastiveLoss(ContrastiveLoss, AllPairsLoss):
    """``ContrastiveLoss`` with d_as, s = G(a, p, n), where it has d_an; p is the anchor's farthest positive."""

    def hybrid_forward(self, F: ModuleType, embeddings: Array, labels: Array, shares: Array) -> tuple[Array, Array]:
        return AllPairsLoss.hybrid_forward(self, F, embeddings, labels, shares)


Loss = AdversarialContrastiveLoss
