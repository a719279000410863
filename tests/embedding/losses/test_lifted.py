"""Lifted structured loss against its formula, value and gradient."""

import numpy as np
import pytest

from embedding.losses.lifted import LiftedLoss


def plain(x, labels, margin):
    """One anchor at a time."""
    terms = []
    for i, a in enumerate(x):
        d = np.sqrt(((a - x) ** 2).sum(axis=1) + 1e-8)
        positives = [d[j] for j in range(len(x)) if labels[j] == labels[i] and j != i]
        negatives = [d[j] for j in range(len(x)) if labels[j] != labels[i]]
        if positives and negatives:
            terms.append(max(np.log(np.exp(positives).sum()) + np.log(np.exp(margin - np.array(negatives)).sum()), 0))
    return np.mean(terms) if terms else 0.0


@pytest.mark.parametrize("margin", [1.0, 0.2, -2.0])
def test_equals_the_formula(pair_loss, pair_batch, margin):
    embeddings, labels = pair_batch
    pair_loss.check(pair_loss.make(LiftedLoss, margin=margin), lambda x: plain(x, labels, margin), embeddings, labels)
