"""Intervals of runs: their ends, and how often two points that are equally fast are told apart by them."""

from dataclasses import replace

import h5py
import numpy as np
import pytest

from ann_bench.results import intervals, results
from ann_bench.results.points import as_fast, better, equal


def test_from_the_slowest_run_to_the_fastest():
    assert intervals.of_runs(np.array([2.0, 4.0, 1.0]), 100) == (25, 100)
    assert intervals.of_runs(np.array([2.0]), 100) == (50, 50)


def test_of_many_runs_a_slow_one_leaves_no_mark():
    assert intervals.of_runs(np.array([1.0, 90.0, 1.25, 1.0, 1.0, 1.0, 80.0]), 100) == (80, 100)


@pytest.mark.parametrize(("runs", "share"), [(3, 0.10), (4, 0.0286), (5, 0.0079), (10, 0.0325)])
def test_equals_are_told_apart_as_often_as_is_said(runs, share):
    rng = np.random.default_rng(runs)
    times = np.sort(rng.gamma(2.0, size=(20_000, 2, runs)), axis=2)[:, :, : intervals.COUNTED]
    first, last = times[..., 0], times[..., -1]
    apart = (last[:, 0] < first[:, 1]) | (last[:, 1] < first[:, 0])
    assert apart.mean() == pytest.approx(share, abs=0.006)


def of(made, recall=0.9, qps=1000.0, spread=0.0, wide=0.0):
    """A row whose runs were up to ``spread`` slower, and whose recall may be ``wide`` off."""
    result = made(recall=recall, qps=qps, **{"k-recall@10 low": recall - wide, "k-recall@10 high": recall + wide})
    return replace(result, seconds=np.array([1, 1 + spread]) * 20 / qps).row


def test_a_row_has_both_intervals(made):
    row = of(made, recall=0.9, qps=1000, spread=0.25, wide=0.02)
    assert (row["qps_low"], row["qps_high"]) == pytest.approx((800, 1000)) and row["qps_high"] == row["qps"]
    assert (row["recall_low"], row["recall_high"]) == pytest.approx((0.88, 0.92))


def test_equal_is_overlapping_in_both(made):
    one, near, fast, good = (
        of(made, 0.9, 1000, 0.1, 0.02),
        of(made, 0.93, 1050, 0.1, 0.02),
        of(made, 0.9, 1200, 0.1, 0.02),
        of(made, 0.95, 1000, 0.1, 0.02),
    )
    assert equal(one, near) and equal(near, one) and as_fast(one, near)
    assert not equal(one, fast) and not as_fast(one, fast)
    assert not equal(one, good) and as_fast(one, good)
    assert better(fast, one) and better(good, one) and not better(near, one) and not better(one, near)
    assert not better(fast, good) and not better(good, fast), "each is better in one"


def test_a_result_from_before_there_were_intervals_is_only_itself(made, tmp_path):
    path = results.write(tmp_path, made(recall=0.9, qps=1000))
    with h5py.File(path) as file:
        assert not [name for name in file["scores"].attrs if "low" in name]
    row = results.read(path).row
    assert row["recall_low"] == row["recall_high"] == 0.9 and row["qps_low"] == pytest.approx(500)
    assert equal(row, row) and not equal(row, of(made, 0.91, 1000))
