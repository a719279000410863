"""N-pair loss against the paper's formula, value and gradient."""

import numpy as np
import pytest

from embedding.losses.npair import NPairLoss
from embedding.mining.distance_weighted import PairMiner
from embedding.mx import mx, nd


def drawn_pairs(labels) -> list[tuple[int, int]]:
    """The pairs that the loss draws after seed 0."""
    mx.random.seed(0)
    anchor, positive, valid = (found.asnumpy().astype(int) for found in PairMiner()(nd.array(labels)))
    return [(a, p) for a, p, holds in zip(anchor, positive, valid, strict=True) if holds]


def plain(x, labels, pairs, l2_reg):
    """One anchor at a time."""
    total = 0.0
    for a, p in pairs:
        total += np.log(1 + sum(np.exp(x[a] @ x[n] - x[a] @ x[p]) for _, n in pairs if labels[n] != labels[a]))
    return total / max(len(pairs), 1) + l2_reg * (x**2).sum(axis=1).mean()


@pytest.mark.parametrize("batch_k", [5, None])
@pytest.mark.parametrize("l2_reg", [0.0, 3e-3])
def test_equals_the_formula(pair_loss, pair_batch, batch_k, l2_reg):
    embeddings, labels = pair_batch
    loss, pairs = pair_loss.make(NPairLoss, batch_k=batch_k, l2_reg=l2_reg), drawn_pairs(labels)
    pair_loss.check(loss, lambda x: plain(x, labels, pairs, l2_reg), 2 * embeddings, labels)


@pytest.mark.parametrize("batch_k", [2, 3])
def test_with_a_pair_a_class_it_is_the_papers(pair_loss, batch_k):
    labels = np.concatenate([np.arange(6), np.arange(6)[::-1], [0, 3] if batch_k == 3 else []]).astype(int)
    embeddings = np.random.default_rng(2).standard_normal((len(labels), 5))
    pairs = drawn_pairs(labels)
    assert sorted(labels[a] for a, _ in pairs) == list(range(6))

    def papers(x):
        anchors, positives = (x[list(rows)] for rows in zip(*pairs, strict=True))
        logits = anchors @ positives.T
        return np.log(np.exp(logits - np.diag(logits)[:, None]).sum(axis=1)).mean() + 0.1 * (x**2).sum(1).mean()

    pair_loss.check(pair_loss.make(NPairLoss, batch_k=batch_k, l2_reg=0.1), papers, embeddings, labels)


def test_the_papers_weight_of_norms_is_half_as_much_here(pair_loss):
    labels, rows = np.array([0, 1, 0, 1]), np.random.default_rng(1).standard_normal((4, 5))

    def value(l2_reg):
        mx.random.seed(0)
        return pair_loss.make(NPairLoss, batch_k=2, l2_reg=l2_reg)(nd.array(rows), nd.array(labels)).asscalar()

    anchors, positives = ((rows[list(found)] ** 2).sum(axis=1) for found in zip(*drawn_pairs(labels), strict=True))
    assert value(0.01) - value(0.0) == pytest.approx(0.02 / 4 * (anchors.mean() + positives.mean()), rel=1e-4)


def test_a_batch_size_may_follow_another(pair_loss):
    loss = pair_loss.make(NPairLoss, batch_k=2)
    for count in (6, 4, 5, 6):
        labels = np.arange(count) // 2
        embeddings, pairs = np.random.default_rng(count).standard_normal((count, 5)), drawn_pairs(labels)
        pair_loss.check(loss, lambda x, y=labels, p=pairs: plain(x, y, p, 3e-3), embeddings, labels)


def test_large_norms_do_not_overflow():
    loss = NPairLoss(classes=2, dim=2, batch_k=2)
    loss.initialize()
    value = loss(nd.array([[100, 0], [0, 100], [-100, 0], [0, 100]]), nd.array([0, 1, 0, 1])).asscalar()
    assert value == pytest.approx(1e4 / 2 + 3e-3 * 1e4)


def test_it_wants_what_the_head_gives():
    assert not NPairLoss.unit_rows
