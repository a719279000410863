"""Triplet hashing against its formula, value and gradient."""

import numpy as np
import pytest

from hashing.losses.triplet import TripletLoss


def triplets(batch, order):
    """(anchor, positive, negative) one pair at a time."""
    pairs = [(i, j) for i, j, similar in batch.pairs() if similar]
    return [(a, p, order[p]) for a, p in pairs if not batch.similar(a, order[p])]


def plain(h, drawn, margin):
    costs = [((h[a] - h[p]) ** 2).sum() - ((h[a] - h[n]) ** 2).sum() + margin for a, p, n in drawn]
    return np.mean([cost for cost in costs if cost > 0] or [0])


@pytest.mark.parametrize("margin", [None, 0.7, 20.0])
def test_equals_the_formula(equals_plain, batch, drawn_order, margin):
    drawn = triplets(batch, drawn_order(batch))
    equals_plain(TripletLoss, batch, lambda h: plain(h, drawn, 2.0 if margin is None else margin), margin=margin)


def test_there_are_triplets_in_an_ordinary_batch(batch, drawn_order):
    counts = [len(batch.pairs()), sum(similar for *_, similar in batch.pairs())]
    if 0 < counts[1] < counts[0]:
        assert triplets(batch, drawn_order(batch))
