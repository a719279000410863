"""Expected average precision against all orders of tied items, and against exact fractions where these are too many."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from hashing.evaluation import expected


def rank(groups: list[tuple[int, int]], cut: int) -> tuple[float, float, float]:
    """(precision, found, chance) of groups of (tied, relevant) items."""
    items, relevant = np.array([groups], np.int64).transpose(2, 0, 1)
    cuts = np.array([[cut]])
    out = [np.full((1, 1), np.nan) for _ in range(3)]
    expected.rank_expected(np.ascontiguousarray(items), np.ascontiguousarray(relevant), cuts, *out)
    return tuple(float(values[0, 0]) for values in out)


def average_precision(hits: tuple[int, ...], cut: int) -> Fraction:
    found = [Fraction(sum(hits[: place + 1]), place + 1) for place in range(cut) if hits[place]]
    return sum(found, Fraction(0)) / len(found) if found else Fraction(0)


def all_orders(groups: list[tuple[int, int]], cut: int) -> tuple[float, float, float]:
    """The same from every permutation of every group."""
    tied = [itertools.permutations([1] * good + [0] * (n - good)) for n, good in groups]
    rankings = [tuple(itertools.chain(*order)) for order in itertools.product(*tied)]
    found = [sum(hits[:cut]) for hits in rankings]
    precision = sum(average_precision(hits, cut) for hits in rankings) / len(rankings)
    return float(precision), sum(found) / len(found), sum(number > 0 for number in found) / len(found)


@pytest.mark.parametrize(
    "groups",
    [
        [(4, 2)],
        [(3, 1), (0, 0), (3, 2), (2, 0)],
        [(2, 0), (5, 2)],
        [(1, 1), (4, 3), (1, 0), (2, 2)],
        [(4, 4), (4, 0)],
        [(0, 0), (6, 1)],
        [(3, 0), (2, 0)],
    ],
)
def test_the_mean_over_all_orders_of_tied_items(groups):
    for cut in range(sum(n for n, _ in groups) + 1):
        assert rank(groups, cut) == pytest.approx(all_orders(groups, cut), abs=1e-12), cut


def test_by_hand():
    # One relevant of two tied: it is first or second.
    assert rank([(2, 1)], 2) == pytest.approx(((1 + 1 / 2) / 2, 1, 1))
    # Cut behind the first of them: half of the time it is found.
    assert rank([(2, 1)], 1) == pytest.approx((0.5, 0.5, 0.5))
    assert rank([(0, 0), (0, 0)], 0) == (0, 0, 0)


def exact(groups: list[tuple[int, int]], cut: int) -> float:
    """In fractions; the rank at which each item of a group stands, and the number before a cut, one by one."""
    before, hits, total, value = 0, 0, Fraction(0), Fraction(0)
    for tied, good in groups:
        room = min(tied, cut - before)
        numbers = range(max(0, room - (tied - good)), min(room, good) + 1)
        for number in numbers:
            likely = Fraction(math.comb(good, number) * math.comb(tied - good, room - number), math.comb(tied, room))
            mean = total
            for place in range(room):
                beside = Fraction(place * (number - 1), room - 1) if room > 1 else Fraction(0)
                mean += Fraction(number, room) * (hits + 1 + beside) / (before + place + 1)
            if room < tied:
                value += likely * mean / (hits + number) if hits + number else 0
            else:
                total = mean
        before, hits = before + room, hits + good
        if before == cut:
            return float(value if room < tied else total / hits if hits else 0)


@pytest.mark.parametrize("cut", [40, 57, 90, 131, 199, 230])
def test_larger_groups_in_exact_fractions(cut):
    groups = [(40, 3), (50, 20), (109, 60), (31, 0)]
    assert rank(groups, cut)[0] == pytest.approx(exact(groups, cut), rel=1e-13)


def test_a_million_tied_items():
    before, tied, good, cut = 300_000, 700_000, 200_000, 800_000
    found, shares = 0, np.arange(1, tied + 1)
    value = np.sum(good / tied * (1 + (shares - 1) * ((good - 1) / (tied - 1))) / (before + shares)) / good
    precision, found, chance = rank([(before, 0), (tied, good)], before + tied)
    assert (precision, found, chance) == pytest.approx((value, good, 1), rel=1e-12)
    # So many are before a cut that their number hardly varies: the ratio of means is the mean of ratios.
    room = cut - before
    number, places = good * room / tied, np.arange(1, room + 1)
    value = np.sum(number / room * (1 + (places - 1) * ((number - 1) / (room - 1))) / (before + places)) / number
    assert rank([(before, 0), (tied, good)], cut) == pytest.approx((value, number, 1), rel=1e-4)


@pytest.mark.parametrize(("before", "many"), [(0, 0), (0, 1), (0, 40), (31, 2), (32, 1), (7, 3000), (10**6, 3)])
def test_sums_of_inverses(before, many):
    total = math.fsum(1 / (before + i) for i in range(1, many + 1))
    assert expected.inverses(before, many) == pytest.approx(total, rel=1e-14)
