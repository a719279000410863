"""Instance loss against its formula, value and gradient, and its two stages."""

import numpy as np
import pytest

from embedding.mx import nd
from vse.losses.instance import InstanceLoss


def cross_entropy(rows, numbers, weight, scale):
    total = 0.0
    for row, number in zip(rows, numbers, strict=True):
        logits = [scale * (row @ w) / np.linalg.norm(w) for w in weight]
        total += np.logaddexp.reduce(logits) - logits[number]
    return total / len(rows)


def ranking(images, captions, batch, margin):
    """One pair and one negative at a time; 0 where there is no negative."""
    costs = []
    for i in range(len(images)):
        own = images[i] @ captions[i]
        for j in batch.negatives(i):
            cost = max(0, margin + images[i] @ captions[j] - own) + max(0, margin + images[j] @ captions[i] - own)
            costs.append(cost)
    return np.mean(costs) if costs else 0.0


def plain(images, captions, weight, batch, *, scale=16.0, ranking_weight=1.0, margin=1.0):
    both = (cross_entropy(rows, batch.numbers, weight, scale) for rows in (images, captions))
    return sum(both) + ranking_weight * ranking(images, captions, batch, margin)


def inside(margin):
    """Rows at right angles lie on the edge of a hinge of margin 1."""
    return margin - 1e-4


def test_equals_the_formula_with_the_papers_ranking_loss(equals_plain, batch):
    how = {"gradient_of": lambda i, c, w: plain(i, c, w, batch, margin=inside(1.0)), "epoch": 3}
    equals_plain(InstanceLoss, batch, lambda i, c, w: plain(i, c, w, batch), logits=16.0, **how)


@pytest.mark.parametrize(("scale", "weight", "margin"), [(5.0, 0.3, 0.7), (32.0, 0.0, 0.2)])
def test_equals_the_formula(equals_plain, batch, scale, weight, margin):
    def expected(i, c, w):
        return plain(i, c, w, batch, scale=scale, ranking_weight=weight, margin=margin)

    own = {"scale": scale, "ranking": weight, "margin": margin, "warm_up": 0}
    equals_plain(InstanceLoss, batch, expected, logits=scale, **own)


@pytest.mark.parametrize(("epoch", "own"), [(1, {}), (2, {}), (1, {"warm_up": 1}), (3, {"warm_up": 3})])
def test_the_first_stage_is_without_ranking(equals_plain, batch, epoch, own):
    def expected(i, c, w):
        return plain(i, c, w, batch, ranking_weight=0)

    equals_plain(InstanceLoss, batch, expected, logits=16.0, epoch=epoch, **own)


def test_one_compiled_block_goes_from_stage_to_stage_and_back(batch):
    loss = InstanceLoss(images=9, dim=6)
    loss.initialize()
    loss.hybridize(static_alloc=True)
    found = {}
    for epoch in (1, 3, 2, 4):
        loss.begin(epoch)
        inputs = [nd.array(x) for x in (batch.images, batch.captions, batch.numbers)]
        found[epoch] = loss(*inputs).asscalar()
    assert (found[1], found[3]) == (found[2], found[4])
    added = ranking(batch.images, batch.captions, batch, 1.0)
    assert found[3] - found[1] == pytest.approx(added, abs=1e-5 * max(1, found[1]))


def test_its_classes_learn_at_their_own_rate():
    loss = InstanceLoss(images=9, dim=6, lr_classes=0.5)
    assert loss.learning_rate == 0.5
    assert [param.shape for param in loss.collect_params().values()] == [(9, 6)]


def test_another_size_of_embeddings_is_told():
    loss = InstanceLoss(images=9, dim=6)
    loss.initialize()
    with pytest.raises(ValueError, match="embeddings have 5 dimensions, the loss was made for 6"):
        loss(nd.ones((2, 5)), nd.ones((2, 5)), nd.array([0, 1]))
