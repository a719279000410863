"""The average precision that a ranking with ties is expected to have: the mean over all orders of tied items.

Exact, from how many items and how many relevant ones are tied with each other; no order is drawn. See McSherry and
Najork, Computing Information Retrieval Performance Measures Efficiently in the Presence of Tied Scores, ECIR 2008.
"""

import math

import numpy as np

from datasets.compiled import compiled

_NEGLIGIBLE = 1e-20  # of the likeliest number of hits before a cut: what less likely ones would add is lost in rounding


@compiled
def inverses(before: int, many: int) -> float:
    """1 / (before + 1) + ... + 1 / (before + many); the Euler-Maclaurin formula, to the last digits of float64."""
    total, end = 0.0, before + many
    while before < end and before < 32:
        before += 1
        total += 1 / before
    if before == end:
        return total
    return total + math.log1p((end - before) / before) + _rest(end) - _rest(before)


@compiled
def _rest(n: int) -> float:
    """What the n-th harmonic number is beyond log(n) and Euler's constant, for n from 32 on."""
    square = 1 / n**2
    return 0.5 / n - square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square / 240)))


@compiled
def rank_expected(
    items: np.ndarray,
    relevant: np.ndarray,
    cuts: np.ndarray,
    precision: np.ndarray,
    found: np.ndarray,
    chance: np.ndarray,
) -> None:
    """Fill ``precision``, ``found`` and ``chance`` (Q, C): what is expected among the first of ``cuts`` (Q, C).

    None of the cuts lies beyond the items.

    items, relevant : (Q, B) how many are tied in each of B groups, nearest first, and how many of them are relevant
    precision : average precision, divided by the number of hits before the cut; 0 without a hit
    found : the number of hits before the cut
    chance : the probability of a hit before the cut
    """
    for i in range(len(items)):
        for c in range(cuts.shape[1]):
            cut = cuts[i, c]
            before, hits, total, group = 0, 0, 0.0, 0
            while group < items.shape[1] and before + items[i, group] <= cut:
                tied, good = items[i, group], relevant[i, group]
                if good:
                    total += _group(before, hits, tied, good, inverses(before, tied))
                before, hits, group = before + tied, hits + good, group + 1
            if before == cut:
                precision[i, c] = total / hits if hits else 0.0
                found[i, c], chance[i, c] = hits, hits > 0
            else:
                room, tied, good = cut - before, items[i, group], relevant[i, group]
                precision[i, c], chance[i, c] = _cut(before, hits, total, room, tied, good)
                found[i, c] = hits + good * room / tied


@compiled
def _group(before: int, hits: int, tied: int, good: int, inverse: float) -> float:
    """The expected sum of precisions at the hits of one group, ``good`` of its ``tied`` items being relevant.

    The one at place i = 1 ... tied, rank before + i, is relevant with probability good / tied. Then of those before it
    in the group (i - 1) (good - 1) / (tied - 1) are expected to be, beside the ``hits`` among the ``before`` items of
    nearer groups. inverse : ``inverses(before, tied)``
    """
    others = (good - 1) / (tied - 1) if tied > 1 else 0.0
    return good / tied * ((hits + 1) * inverse + others * (tied - (before + 1) * inverse))


@compiled
def _cut(before: int, hits: int, total: float, room: int, tied: int, good: int) -> tuple[float, float]:
    """Average precision, and the chance of a hit, where only ``room`` of a group's ``tied`` items are before the cut.

    How many relevant ones are among them is hypergeometric. The sum of precisions is divided by that number, so that
    each number has its own expected value; given the number, the items before the cut are a group of their own.
    """
    low, high, inverse = max(0, room - (tied - good)), min(room, good), inverses(before, room)
    likeliest = min(max((room + 1) * (good + 1) // (tied + 2), low), high)
    mass, precision, nothing = 0.0, 0.0, 0.0
    for upwards in (True, False):
        number, weight = likeliest, 1.0  # how likely this number is, in proportion to the likeliest
        while low <= number <= high and weight > _NEGLIGIBLE:
            if upwards or number < likeliest:  # which must count once
                mass += weight
                if hits + number == 0:
                    nothing = weight
                else:
                    precision += weight * (total + _group(before, hits, room, number, inverse)) / (hits + number)
            if upwards:
                weight *= _odds(number, room, tied, good)
                number += 1
            else:
                number -= 1
                weight /= _odds(number, room, tied, good)
    return precision / mass, 1 - nothing / mass


@compiled
def _odds(number: int, room: int, tied: int, good: int) -> float:
    """How much likelier ``number`` + 1 relevant ones before the cut are than ``number``."""
    return (good - number) * (room - number) / ((number + 1) * (tied - good - room + number + 1))
