"""Paired measurements: rounds are added while the bar lies within the interval, and no longer."""

import itertools
import json

import paired
import pytest
from verdicts import Verdict


def measured(ratios, capsys, *, at_least=1.0, patience=1e9, monkeypatch=None):
    """The verdict and the line of a measurement whose rounds have these ratios, and what it said of noise."""
    if monkeypatch:
        monkeypatch.setattr(paired, "PATIENCE", patience)
    endless = itertools.cycle(ratios)
    verdict = paired.by_rounds("a case", lambda _: (10.0, 10.0 * next(endless)), at_least=at_least)
    said = capsys.readouterr()
    return verdict, json.loads(said.out), said.err.splitlines()


def test_a_clear_case_takes_the_first_rounds_only(capsys):
    verdict, line, said = measured([1.5, 1.6, 1.4], capsys)
    assert verdict == Verdict.PASSED
    assert line["rounds"] == 7
    assert (line["ours_ms"], line["at_least"], line["verdict"]) == (10.0, 1.0, "passed")
    assert line["low"] <= line["ratio"] <= line["high"]
    assert not said


def test_a_bar_is_missed_where_all_of_the_interval_is_below(capsys):
    assert measured([0.7, 0.8, 0.75], capsys)[0] == Verdict.MISSED


def test_a_noisy_case_takes_more_rounds_and_says_so(capsys):
    verdict, line, said = measured([0.8] + [1.2] * 10, capsys)
    assert verdict == Verdict.PASSED
    assert line["rounds"] > 7
    assert said[0].startswith("a case: too noisy after 7 rounds (0.800 to 1.200 around the bar of 1.0), 7 more")


def test_a_case_that_stays_noisy_ends_and_says_that(capsys):
    verdict, line, said = measured([0.9, 1.1], capsys)
    assert (verdict, line["verdict"], line["rounds"]) == (Verdict.NOISY, "too noisy to say", 28)
    assert len(said) == 2


def test_a_slow_case_gets_no_more_rounds(capsys, monkeypatch):
    verdict, line, said = measured([0.9, 1.1], capsys, patience=0.0, monkeypatch=monkeypatch)
    assert (verdict, line["rounds"], said) == (Verdict.NOISY, 7, [])


def test_both_ways_alternate(capsys):
    called = []
    paired.compare("a case", lambda: called.append("ours"), lambda: called.append("peer"), at_least=0, warm_up=False)
    assert called[:6] == ["ours", "peer", "peer", "ours", "ours", "peer"]
    assert called.count("ours") == called.count("peer") == 7


@pytest.mark.parametrize("share", [1, 0.1])
def test_the_peer_s_share_of_the_work_is_taken_into_account(share, capsys, monkeypatch):
    monkeypatch.setattr(paired, "time_call", lambda call, loops: 2.0)
    paired.compare("a case", int, int, at_least=0, warm_up=False, peer_share=share)
    assert json.loads(capsys.readouterr().out)["ratio"] == pytest.approx(1 / share)
