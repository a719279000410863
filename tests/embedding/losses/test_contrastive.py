"""Contrastive loss against its formula, value and gradient."""

import numpy as np
import pytest

from embedding.losses.contrastive import ContrastiveLoss


def plain(x, labels, pos_margin, neg_margin):
    """One ordered pair at a time."""
    positives, negatives = [], []
    for i, a in enumerate(x):
        for j, b in enumerate(x):
            d = np.sqrt(((a - b) ** 2).sum() + 1e-8)
            if labels[i] != labels[j]:
                negatives.append(max(neg_margin - d, 0))
            elif i != j:
                positives.append(max(d - pos_margin, 0))
    return sum(np.square([t for t in terms if t > 0] or [0]).mean() / 2 for terms in (positives, negatives))


@pytest.mark.parametrize(("pos_margin", "neg_margin"), [(0.0, 1.0), (0.3, 0.8), (0.0, 0.5)])
def test_equals_the_formula(pair_loss, pair_batch, pos_margin, neg_margin):
    embeddings, labels = pair_batch
    loss = pair_loss.make(ContrastiveLoss, pos_margin=pos_margin, neg_margin=neg_margin)
    pair_loss.check(loss, lambda x: plain(x, labels, pos_margin, neg_margin), embeddings, labels)
