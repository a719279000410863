"""Triplet loss against its formula, value and gradient, and its guard against collapse."""

import numpy as np
import pytest

from embedding.losses.triplet import MININGS, TripletLoss
from embedding.mining.triplets import HardMiner, SemiHardMiner
from embedding.mx import nd

EPS = 1e-8


def distance(a, b):
    return np.sqrt(((a - b) ** 2).sum() + EPS)


def hardest(x, labels):
    """The loss's triplets' distances (d_ap, d_an), from the definition of batch-hard, one anchor at a time."""
    found = []
    for a, label in enumerate(labels):
        positives = [distance(x[a], x[p]) for p in range(len(x)) if labels[p] == label and p != a]
        negatives = [distance(x[a], x[n]) for n in range(len(x)) if labels[n] != label]
        if positives and negatives:
            found.append((max(positives), min(negatives)))
    return found


def semi_hard(x, labels):
    """The same of semi-hard mining, one pair at a time."""
    found = []
    for a, label in enumerate(labels):
        negatives = [distance(x[a], x[n]) for n in range(len(x)) if labels[n] != label]
        for p in range(len(x)):
            if labels[p] == label and p != a and negatives:
                d = distance(x[a], x[p])
                found.append((d, min([n for n in negatives if n > d + 1e-9], default=max(negatives))))
    return found


def value_of(pairs, margin):
    terms = [np.log1p(np.exp(ap - an)) if margin is None else max(ap - an + margin, 0) for ap, an in pairs]
    return float(np.mean(terms)) if terms else 0.0


def mined(miner, embeddings, labels):
    """The rows of the miner's triplets: of equally hard ones, those whose gradient the loss has."""
    *rows, weight = (found.asnumpy() for found in miner(nd.array(embeddings), nd.array(labels)))
    return np.stack([found[weight == 1].astype(int) for found in rows], axis=1)


@pytest.mark.parametrize("margin", [None, 0.2, 1.0])
@pytest.mark.parametrize("length", [1.0, 3.0])
def test_batch_hard_equals_the_formula(pair_loss, pair_batch, margin, length):
    embeddings, labels = length * pair_batch[0], pair_batch[1]
    rows = mined(HardMiner(), embeddings, labels)
    loss = pair_loss.make(TripletLoss, margin=margin, unit_rows=length == 1)
    pair_loss.check(
        loss,
        lambda x: value_of(hardest(x, labels), margin),
        embeddings,
        labels,
        gradient_of=lambda x: value_of([(distance(x[a], x[p]), distance(x[a], x[n])) for a, p, n in rows], margin),
    )


@pytest.mark.parametrize("margin", [None, 0.2])
@pytest.mark.parametrize("batch_k", [4, None])
def test_semi_hard_equals_the_formula(pair_loss, pair_batch, margin, batch_k):
    embeddings, labels = pair_batch
    if np.bincount(labels).max() > 4:
        batch_k = None
    rows = mined(SemiHardMiner(slots=batch_k or len(labels)), embeddings, labels)
    loss = pair_loss.make(TripletLoss, margin=margin, mining="semi-hard", batch_k=batch_k)
    pair_loss.check(
        loss,
        lambda x: value_of(semi_hard(x, labels), margin),
        embeddings,
        labels,
        gradient_of=lambda x: value_of([(distance(x[a], x[p]), distance(x[a], x[n])) for a, p, n in rows], margin),
    )


@pytest.mark.parametrize("mining", MININGS)
def test_the_order_of_the_batch_does_not_matter(pair_loss, mining):
    rng = np.random.default_rng(3)
    rows, labels, order = rng.standard_normal((9, 5)), rng.integers(0, 4, 9), rng.permutation(9)
    loss = pair_loss.make(TripletLoss, mining=mining)
    one, other = (loss(nd.array(rows[o]), nd.array(labels[o])).asscalar() for o in (np.arange(9), order))
    assert one == pytest.approx(other, rel=1e-6)


def test_semi_hard_warms_up(pair_loss):
    rng = np.random.default_rng(3)
    rows, labels = rng.standard_normal((8, 5)), np.repeat(np.arange(4), 2)
    loss = pair_loss.make(TripletLoss, warm_up=2, batch_k=2)
    expected = [value_of(find(rows, labels), None) for find in (semi_hard, semi_hard, hardest)]
    assert expected[1] != pytest.approx(expected[2], rel=0.01)
    found = []
    for epoch in (1, 2, 3):
        loss.begin(epoch)
        found.append(loss(nd.array(rows), nd.array(labels)).asscalar())
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def after_a_step(loss, spread):
    """The complaint after an epoch of one step on rows ``spread`` apart, and the epoch's mean loss."""
    rows = np.random.default_rng(0).standard_normal((12, 5)) * spread + np.eye(5)[0]
    loss.begin(1)
    mean = loss(nd.array(rows), nd.array(np.repeat(np.arange(4), 3))).asscalar()
    return loss.complaint(mean), mean


@pytest.mark.parametrize("mining", MININGS)
def test_a_collapsed_state_is_told(pair_loss, mining):
    text, mean = after_a_step(pair_loss.make(TripletLoss, mining=mining), 1e-3)
    assert mean == pytest.approx(np.log(2), rel=0.01)
    assert text.startswith("the loss sits at ln 2, 0.693, and the negatives of the last batch are 0.00")
    assert "lower --lr or a longer --warm-up" in text
    text, mean = after_a_step(pair_loss.make(TripletLoss, mining=mining, margin=0.3), 1e-3)
    assert mean == pytest.approx(0.3, rel=0.02)
    assert text.startswith("the loss sits at its margin, 0.3, ")
    assert text.endswith("or the soft margin, --soft")


@pytest.mark.parametrize("margin", [None, 0.3])
def test_a_healthy_state_is_not(pair_loss, margin):
    loss = pair_loss.make(TripletLoss, margin=margin)
    assert loss.complaint(0.693) == ""  # nothing was trained yet
    text, mean = after_a_step(loss, 1.0)
    assert text == ""
    assert loss.complaint(np.log(2) if margin is None else margin) == ""  # a loss on its way down passes there too
    after_a_step(loss, 1e-3)
    assert loss.complaint(0.1) == ""  # close together and yet well told apart


def test_an_unknown_mining_is_told():
    with pytest.raises(ValueError, match="mining 'soft': must be one of hard, semi-hard"):
        TripletLoss(classes=2, dim=2, mining="soft")
