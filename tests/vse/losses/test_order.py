"""Order embeddings against their formula, value and gradient."""

import numpy as np
import pytest

from vse.losses.order import OrderLoss


def score(image, caption):
    return -sum(max(0, c - i) ** 2 for i, c in zip(image, caption, strict=True))


def plain(images, captions, batch, margin):
    """One pair and one negative at a time."""
    total = 0.0
    for i in range(len(images)):
        own = score(images[i], captions[i])
        for j in batch.negatives(i):
            total += max(0, margin + score(images[i], captions[j]) - own)
            total += max(0, margin + score(images[j], captions[i]) - own)
    return total / len(images)


@pytest.fixture(params=[True, False], ids=["absolute", "signed"])
def ordered(request, batch):
    """The rows as the network gives them; and of any sign, of which the formula holds too."""
    if request.param:
        batch.images, batch.captions = np.abs(batch.images), np.abs(batch.captions)
    return batch


@pytest.mark.parametrize("margin", [0.05, 0.3])
def test_equals_the_formula(equals_plain, ordered, margin):
    equals_plain(OrderLoss, ordered, lambda i, c: plain(i, c, ordered, margin), margin=margin)


def test_its_margin_is_the_papers(equals_plain, batch):
    equals_plain(OrderLoss, batch, lambda i, c: plain(i, c, batch, 0.05))


def test_it_is_compared_by_order():
    assert OrderLoss.similarity == "order"
