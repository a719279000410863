"""The sum of hinges against its formula, value and gradient."""

import pytest

from vse.losses.sum_hinge import SumHingeLoss


def plain(images, captions, batch, margin):
    """One pair and one negative at a time."""
    total = 0.0
    for i in range(len(images)):
        own = images[i] @ captions[i]
        for j in batch.negatives(i):
            total += max(0, margin + images[i] @ captions[j] - own)
            total += max(0, margin + images[j] @ captions[i] - own)
    return total / len(images)


@pytest.mark.parametrize("margin", [0.2, 0.7])
def test_equals_the_formula(equals_plain, batch, margin):
    equals_plain(SumHingeLoss, batch, lambda i, c: plain(i, c, batch, margin), margin=margin)


def test_its_margin_is_the_papers(equals_plain, batch):
    equals_plain(SumHingeLoss, batch, lambda i, c: plain(i, c, batch, 0.2))
