"""Multi-similarity loss against its formula, value and gradient."""

import numpy as np
import pytest

from embedding.losses.multi_similarity import MultiSimilarityLoss


def plain(x, labels, alpha, beta, base, epsilon):
    """One image at a time, its pairs mined as in the paper."""
    total = 0.0
    for i in range(len(x)):
        s = x @ x[i]
        positives = [s[j] for j in range(len(x)) if labels[j] == labels[i] and j != i]
        negatives = [s[j] for j in range(len(x)) if labels[j] != labels[i]]
        if not positives or not negatives:
            continue
        hard_positives = np.array([p for p in positives if p < max(negatives) + epsilon])
        hard_negatives = np.array([n for n in negatives if n > min(positives) - epsilon])
        total += np.log(1 + np.exp(-alpha * (hard_positives - base)).sum()) / alpha
        total += np.log(1 + np.exp(beta * (hard_negatives - base)).sum()) / beta
    return total / len(x)


@pytest.mark.parametrize(
    ("alpha", "beta", "base", "epsilon"), [(2.0, 50.0, 0.5, 0.1), (2.0, 40.0, 1.0, 0.03), (5.0, 10.0, 0.2, -0.3)]
)
def test_equals_the_formula(pair_loss, pair_batch, alpha, beta, base, epsilon):
    embeddings, labels = pair_batch
    loss = pair_loss.make(MultiSimilarityLoss, alpha=alpha, beta=beta, base=base, epsilon=epsilon)
    pair_loss.check(loss, lambda x: plain(x, labels, alpha, beta, base, epsilon), embeddings, labels)
