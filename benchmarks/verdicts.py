"""What a measurement says of its bar: passed, missed, or too noisy to say. Every benchmark's verdict is given here.

A bar is held against the whole interval in which the true figure lies: passed where all of it is on the right side,
missed where all of it is on the wrong one, and too noisy to say where the bar lies within.
"""

import enum
import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

CONFIDENCE = 0.95
LOOKS = 3  # at a measurement: at its first rounds, and twice more if it was too noisy; they share the error


class Verdict(enum.StrEnum):
    """Of one bar."""

    PASSED = "passed"
    MISSED = "missed"
    NOISY = "too noisy to say"


class Interval(NamedTuple):
    """Where the true figure lies, and the best guess."""

    middle: float
    low: float
    high: float


def interval(rounds: Sequence[float], *, confidence: float = 1 - (1 - CONFIDENCE) / LOOKS) -> Interval:
    """Of positive figures, one a round: how much above or below the truth a round lies must be as likely as the other.

    By signed ranks (Wilcoxon 1945, Hodges and Lehmann 1963), on the logarithms: from the means of all pairs of rounds
    in order, middle is the median, and as many are cut off at each end as the confidence allows. No round counts for
    more because it was disturbed much. Raises ValueError where so few rounds cannot give that confidence: one look of
    three takes 7.
    """
    if not (cut := _cut(len(rounds), (1 - confidence) / 2)):
        raise ValueError(f"{len(rounds)} rounds are too few for a confidence of {confidence:.3f}")
    logs = np.log(rounds)
    means = np.sort((logs[:, None] + logs)[np.triu_indices(len(logs))] / 2)
    return Interval(*(float(np.exp(value)) for value in (np.median(means), means[cut - 1], means[-cut])))


def _cut(count: int, error: float) -> int:
    """Which mean of pairs from either end bounds the interval: 1 for the outermost; 0 where none is sure enough."""
    ways = np.ones(1)  # how many of all signs of the ranks up to ``count`` give each sum of the positive ones
    for rank in range(1, count + 1):
        ways = np.convolve(ways, [1, *[0] * (rank - 1), 1])
    return int(np.searchsorted(np.cumsum(ways) / 2**count, error, side="right"))


def judge(found: Interval, *, at_least: float | None = None, at_most: float | None = None) -> Verdict:
    """Whether all of the interval keeps to the bar, or none of it; an end on the bar keeps to it."""
    low, high = (found.low, found.high) if at_least is not None else (-found.high, -found.low)
    bar = at_least if at_least is not None else -at_most
    if low >= bar:
        return Verdict.PASSED
    return Verdict.MISSED if high < bar else Verdict.NOISY


def tell(case: str, verdict: Verdict, **facts: object) -> Verdict:
    """Print the JSON line of a case."""
    print(json.dumps({"case": case, **facts, "verdict": verdict}), flush=True)
    return verdict


def figure(
    case: str, ours: float, *, at_least: float | None = None, at_most: float | None = None, **facts: object
) -> Verdict:
    """Print the line of a figure that does not depend on the machine's speed, such as memory or a score."""
    verdict = judge(Interval(ours, ours, ours), at_least=at_least, at_most=at_most)
    bar = {"at_least": at_least} if at_least is not None else {"at_most": at_most}
    return tell(case, verdict, ours=ours, **bar, **facts)


def equal(case: str, same: bool, **facts: object) -> Verdict:
    """Print the line of a comparison of two sides' figures, which must be the same."""
    return tell(case, Verdict.PASSED if same else Verdict.MISSED, **facts)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Missed where one is missed, else too noisy where one is, else passed."""
    found = set(verdicts)
    return next((one for one in (Verdict.MISSED, Verdict.NOISY) if one in found), Verdict.PASSED)


def finish(verdicts: Sequence[Verdict]) -> None:
    """Print the verdict on all cases and leave, with code 1 where a bar was missed."""
    machine = {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
    print(json.dumps({"verdict": worst(verdicts), "cases": len(verdicts), **machine}), flush=True)
    sys.exit(1 if Verdict.MISSED in verdicts else 0)
