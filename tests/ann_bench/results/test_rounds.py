"""Rounds: single runs are put together until there are enough, and nobody sees them before."""

from dataclasses import replace

import numpy as np
import pytest

from ann_bench.results import results, rounds


def one_run(made, qps: float):
    result = made(qps=qps, search_peak_bytes=qps)
    return replace(result, seconds=result.seconds[:1])


def test_the_best_run_counts_and_all_are_kept(tmp_path, made):
    point = made().point
    for turn, qps in enumerate((100, 300, 200)):
        assert rounds.measured(tmp_path, point, 3) == turn and not list(tmp_path.rglob("*.hdf5"))
        merged, whole = rounds.add(tmp_path, one_run(made, qps), 3)
        assert whole == (turn == 2) and len(merged.seconds) == turn + 1
    (found,) = results.read_all(tmp_path)
    np.testing.assert_allclose(found.seconds, [0.2, 20 / 300, 0.1])
    assert found.qps == pytest.approx(300) and found.times.sum() == pytest.approx(20 / 300)
    assert found.facts["search_peak_bytes"] == 300 and found.facts["interleaved"]
    assert not list(tmp_path.rglob("*.partial"))


def test_at_once_where_there_are_no_rounds(tmp_path, made):
    rounds.add(tmp_path, one_run(made, 100), 3)
    found, whole = rounds.add(tmp_path, made(), 0)
    assert whole and len(found.seconds) == 2 and not list(tmp_path.rglob("*.partial"))


def test_a_run_that_was_cut_short_is_measured_again_and_a_last_one_is_always_left(tmp_path, made):
    point = made().point
    rounds.add(tmp_path, one_run(made, 100), 3)
    rounds.add(tmp_path, one_run(made, 100), 3)
    assert rounds.measured(tmp_path, point, 2) == 1, "it was to have three"
    (path,) = tmp_path.rglob("*.partial")
    path.write_bytes(path.read_bytes()[:100])
    assert rounds.measured(tmp_path, point, 3) == 0
    rounds.forget(tmp_path, [point])
    assert not path.exists()
