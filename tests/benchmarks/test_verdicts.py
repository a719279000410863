"""Verdicts: the interval holds the truth as often as it says, and a bar is missed only where all of it is below."""

import json

import numpy as np
import pytest
import verdicts
from verdicts import Interval, Verdict


@pytest.mark.parametrize(
    "low, high, verdict",
    [
        (1.0, 1.2, Verdict.PASSED),
        (0.8, 0.99, Verdict.MISSED),
        (0.98, 1.02, Verdict.NOISY),
        (0.9, 1.0, Verdict.NOISY),
    ],
)
def test_a_bar_from_below_is_held_against_the_whole_interval(low, high, verdict):
    assert verdicts.judge(Interval(1.0, low, high), at_least=1.0) == verdict


@pytest.mark.parametrize("low, high, verdict", [(1, 2, "passed"), (2.1, 3, "missed"), (1.9, 2.1, "too noisy to say")])
def test_a_bar_from_above_too(low, high, verdict):
    assert verdicts.judge(Interval(2.0, low, high), at_most=2.0) == verdict


def test_noise_alone_misses_no_bar():
    """What was once missed by 0.993 beside 1.0."""
    ratios = [0.993, 0.961, 1.042, 0.987, 1.013, 0.979, 1.008]
    assert verdicts.judge(verdicts.interval(ratios), at_least=1.0) == Verdict.NOISY
    assert verdicts.judge(verdicts.interval([ratio - 0.1 for ratio in ratios]), at_least=1.0) == Verdict.MISSED


def test_the_interval_of_seven_rounds_is_all_of_them():
    rounds = [1.1, 0.9, 1.0, 1.3, 1.2, 0.8, 1.05]
    middle, low, high = verdicts.interval(rounds)
    assert (low, high) == pytest.approx((0.8, 1.3))
    assert low < middle < high


def test_few_rounds_say_nothing():
    with pytest.raises(ValueError, match="6 rounds are too few"):
        verdicts.interval([1.0] * 6)


@pytest.mark.parametrize("rounds", [7, 14])
def test_the_interval_holds_the_truth_as_often_as_it_says(rounds):
    rng = np.random.default_rng(0)
    drawn = np.exp(0.3 * rng.standard_t(2, (1000, rounds)))  # of which some are disturbed much
    held = [low <= 1 <= high for _, low, high in map(verdicts.interval, drawn)]
    wanted = 1 - (1 - verdicts.CONFIDENCE) / verdicts.LOOKS
    assert np.mean(held) == pytest.approx(wanted, abs=0.012)


def test_more_rounds_say_more():
    drawn = np.exp(0.1 * np.random.default_rng(0).standard_normal(28))
    spans = [high / low for _, low, high in (verdicts.interval(drawn[:count]) for count in (7, 14, 28))]
    assert spans == sorted(spans, reverse=True)


def test_one_disturbed_round_moves_the_interval_little():
    calm = [1 + 0.01 * i for i in range(14)]
    assert verdicts.interval([*calm[:-1], 9.0])[1] == pytest.approx(verdicts.interval(calm)[1], rel=0.01)


def test_a_figure_is_told_with_its_bar_and_verdict(capsys):
    assert verdicts.figure("gigabytes", 1.2, at_most=1.0, size="small") == Verdict.MISSED
    line = json.loads(capsys.readouterr().out)
    assert line == {"case": "gigabytes", "ours": 1.2, "at_most": 1.0, "size": "small", "verdict": "missed"}


@pytest.mark.parametrize(
    "found, code, word",
    [
        ([Verdict.PASSED, Verdict.PASSED], 0, "passed"),
        ([Verdict.PASSED, Verdict.NOISY], 0, "too noisy to say"),
        ([Verdict.NOISY, Verdict.MISSED], 1, "missed"),
    ],
)
def test_the_last_line_and_the_exit_code(found, code, word, capsys):
    with pytest.raises(SystemExit) as left:
        verdicts.finish(found)
    assert left.value.code == code
    line = json.loads(capsys.readouterr().out)
    assert (line["verdict"], line["cases"]) == (word, 2)
