"""VSE++'s loss against its formula, value and gradient, its warm-up, and its guard against collapse."""

import numpy as np
import pytest

from embedding.mx import nd
from vse.losses.max_hinge import MaxHingeLoss
from vse.losses.sum_hinge import SumHingeLoss


def plain(images, captions, batch, margin):
    """One pair at a time: the largest cost of a negative, 0 where it has none."""
    total = 0.0
    for i in range(len(images)):
        own = images[i] @ captions[i]
        total += max([0, *(margin + images[i] @ captions[j] - own for j in batch.negatives(i))])
        total += max([0, *(margin + images[j] @ captions[i] - own for j in batch.negatives(i))])
    return total / len(images)


def hardest(batch):
    """The rows (caption, image) of the negatives that are taken of equally hard ones, or None: MXNet's choice."""
    scores = nd.dot(nd.array(batch.images), nd.array(batch.captions), transpose_b=True)
    seen = scores - 1e9 * nd.array(batch.numbers[:, None] == batch.numbers)
    picks = zip(*(nd.topk(seen, axis=axis, k=1).asnumpy().ravel().astype(int) for axis in (1, 0)), strict=True)
    return [pick if batch.negatives(i) else None for i, pick in enumerate(picks)]


def of_picks(images, captions, picks, margin):
    total = 0.0
    for i, pick in enumerate(picks):
        if pick is not None:
            own = images[i] @ captions[i]
            total += max(0, margin + images[i] @ captions[pick[0]] - own)
            total += max(0, margin + images[pick[1]] @ captions[i] - own)
    return total / len(images)


@pytest.mark.parametrize("margin", [0.2, 0.7])
def test_equals_the_formula(equals_plain, batch, margin):
    picks = hardest(batch)
    how = {"gradient_of": lambda i, c: of_picks(i, c, picks, margin), "epoch": 3, "margin": margin}
    equals_plain(MaxHingeLoss, batch, lambda i, c: plain(i, c, batch, margin), **how)


def test_its_margin_is_the_papers(equals_plain, batch):
    picks = hardest(batch)
    how = {"gradient_of": lambda i, c: of_picks(i, c, picks, 0.2), "epoch": 3}
    equals_plain(MaxHingeLoss, batch, lambda i, c: plain(i, c, batch, 0.2), **how)


def value(loss, batch):
    return loss(nd.array(batch.images), nd.array(batch.captions), nd.array(batch.numbers)).asscalar()


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("warm_up", [0, 1, 2])
def test_it_warms_up_by_the_sum_and_can_be_resumed_anywhere(batch, warm_up, compiled):
    sums = SumHingeLoss(images=9, dim=6)
    loss = MaxHingeLoss(images=9, dim=6, warm_up=warm_up)
    for block in (sums, loss):
        block.hybridize(compiled, static_alloc=True)
    hard = plain(batch.images, batch.captions, batch, 0.2)
    for epoch in (1, 2, 3, 2, 1, 3):
        loss.begin(epoch)
        for _ in range(2):
            assert value(loss, batch) == pytest.approx(value(sums, batch) if epoch <= warm_up else hard, abs=1e-5)


class Rows:
    """Twelve pairs of unit rows, ``spread`` apart, whose own captions are hardly nearer than others."""

    def __init__(self, spread):
        rng = np.random.default_rng(0)
        rows = np.eye(6)[0] + spread * rng.standard_normal((2, 12, 6))
        self.images, self.captions = rows / np.linalg.norm(rows, axis=2, keepdims=True)
        self.numbers = np.arange(12)


def test_two_epochs_of_warm_up_unless_said_otherwise():
    loss, batch = MaxHingeLoss(images=12, dim=6), Rows(1.0)
    expected = value(SumHingeLoss(images=12, dim=6), batch)
    for epoch, warm in ((1, True), (2, True), (3, False)):
        loss.begin(epoch)
        assert (value(loss, batch) == pytest.approx(expected, rel=1e-6)) == warm


@pytest.mark.parametrize("margin", [0.2, 0.05])
def test_a_collapse_is_named(margin):
    loss = MaxHingeLoss(images=12, dim=6, margin=margin)
    loss.begin(3)
    mean = value(loss, Rows(0.02))
    assert mean == pytest.approx(2 * margin, rel=0.05)
    text = loss.complaint(mean)
    assert text.startswith(f"the loss sits at twice its margin, {2 * margin:.3g}, and in the last batch")
    assert "the embeddings collapse to a point" in text
    assert "a longer --warm-up or a lower learning rate" in text


def test_a_healthy_state_is_not():
    loss = MaxHingeLoss(images=12, dim=6)
    loss.begin(1)
    assert loss.complaint(0.4) == ""  # nothing was trained yet
    value(loss, Rows(0.02))
    assert loss.complaint(0.4) == ""  # sums of hinges are told nothing by
    loss.begin(3)
    assert loss.complaint(0.4) == ""  # no hardest negative was seen yet
    value(loss, Rows(1.0))
    assert loss.complaint(0.4) == ""  # a loss on its way down passes there too
    value(loss, Rows(0.02))
    assert loss.complaint(0.4) != ""
    assert loss.complaint(0.3) == ""
    assert loss.complaint(0.5) == ""
