"""Seeking finds what looking at every value would, by looking at few, and stops where nothing can be won."""

from dataclasses import dataclass

import numpy as np
import pytest

from ann_bench.tuning import seek
from ann_bench.tuning.seek import Axis, Seeker


@dataclass
class Scored:
    recall: float
    qps: float


class Curve:
    """An index whose recall grows with ef, up to ``top``, and whose speed falls with it."""

    def __init__(self, half: float = 10, top: float = 1.0, fast: float = 1e5, held: str = "") -> None:
        self.half, self.top, self.fast, self.held = half, top, fast, held
        self.asked: list[tuple[float, str]] = []

    def recall(self, ef: float) -> float:
        return self.top * ef / (ef + self.half)

    def __call__(self, search, part):
        self.asked.append((search["ef"], part))
        return Scored(self.recall(search["ef"]), self.fast / search["ef"] / search.get(self.held, 1))


def test_the_first_that_reaches_is_that_of_looking_at_all():
    draw = np.random.default_rng(0)
    for _ in range(300):
        count = int(draw.integers(1, 60))
        true, start, step = int(draw.integers(0, count + 1)), int(draw.integers(0, count)), int(draw.integers(1, 9))
        looked = []
        found = seek.first(lambda at: looked.append(at) or at >= true, start=start, step=step, count=count)  # noqa: B023
        assert found == (true if true < count else None)
        assert len(looked) == len(set(looked)) <= 14


@pytest.mark.parametrize("goal", [0.5, 0.9, 0.95, 0.99])
def test_the_smallest_value_that_reaches_is_measured_whole(goal):
    curve, axis = Curve(), Axis("ef", (10, 20, 40, 80), 1, 5000)
    found = Seeker(curve, goal=goal).along([axis])
    reaching = [value for value in axis.ladder() if curve.recall(value) >= goal]
    assert found.reached and found.search == {"ef": reaching[0]}
    assert [part for _, part in curve.asked].count("whole") == 1
    assert len(curve.asked) < len(axis.ladder()) / 4


def test_what_cannot_reach_is_given_up_where_its_recall_stands_still():
    curve = Curve(top=0.8)
    found = Seeker(curve, goal=0.95).along([Axis("ef", (10, 20, 40), 1, 10**6)])
    assert not found.reached and found.reason == f"does not reach 0.95, only {found.recall:.3f}"
    assert max(ef for ef, _ in curve.asked) < 10**6 and all(part == "few" for _, part in curve.asked)


def test_recall_that_stands_still_below_does_not_hide_what_reaches_above():
    steps = lambda search, part: Scored(0.93 if search["ef"] <= 10 else 0.96, 1e5 / search["ef"])  # noqa: E731
    assert Seeker(steps, goal=0.95).along([Axis("ef", (10, 40, 80), 1, 500)]).search == {"ef": 11}


def test_what_is_slower_than_the_bound_is_not_measured_whole():
    curve = Curve(fast=1e4)
    found = Seeker(curve, goal=0.95, bound=1e5).along([Axis("ef", (10, 20, 40), 1, 5000)])
    assert not found.reached and found.reason.startswith("slower by ")
    assert not [part for _, part in curve.asked if part == "whole"]


def test_the_best_of_the_other_parameters_wins():
    curve = Curve(held="factor")
    axes = seek.axes({"ef": (10, 20), "factor": (1, 4, 16)}, {"ef": 1, "factor": 1}, 1000)
    assert [axis.fixed for axis in axes] == [{"factor": 4}, {"factor": 1}, {"factor": 16}]
    found = Seeker(curve, goal=0.9).along(axes)
    assert found.search == {"ef": 90, "factor": 1} or found.search["factor"] == 1
    assert 16 not in {search for search, part in curve.asked if part == "whole"}


def test_what_did_elsewhere_comes_first():
    axes = seek.axes({"ef": (10, 20), "factor": (1, 4, 16)}, {}, 1000, near={"ef": 33, "factor": 16})
    assert axes[0].fixed == {"factor": 16} and {axis.start for axis in axes} == {33}


def test_an_index_without_parameters_is_measured_as_it_is():
    found = Seeker(lambda search, part: Scored(1.0, 50.0), goal=0.95).along(seek.axes({}, {}, 100))
    assert found.reached and found.search == {} and found.qps == 50


def test_where_all_the_queries_say_otherwise_the_next_value_is_measured():
    def noisy(search, part):
        return Scored(0.951 if part != "whole" or search["ef"] > 22 else 0.949, 1e4 / search["ef"])

    found = Seeker(noisy, goal=0.95).along([Axis("ef", (20,), 20, 5000)])
    assert found.reached and found.search["ef"] > 22


def test_values_that_are_no_whole_numbers_are_sought_between_those_of_the_grid():
    axis = seek.axes({"epsilon": (0.0, 0.1, 0.3)}, {"epsilon": -1.0}, 1000)[0]
    found = Seeker(lambda search, _: Scored(0.9 + search["epsilon"] / 2, 100.0), goal=0.953).along([axis])
    assert found.search["epsilon"] == pytest.approx(0.108) and max(axis.ladder()) == pytest.approx(1.2)
