"""Made runbooks: what comes and goes in each, the same for the same seed, for sets with labels and without."""

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.runbooks import made
from datasets.runbooks.history import follow
from datasets.vectors.base import VectorSet

COUNT = 400


def vectors(*, labels=None, metric="euclidean"):
    rng = np.random.default_rng(0)
    if metric == "hamming":
        rows = rng.integers(0, 256, (COUNT, 4), dtype=np.uint8)
    else:
        rows = rng.normal(size=(COUNT, 8)).astype(np.float32)
    asked = {"gallery_labels": labels, "query_labels": labels[:5]} if labels is not None else {}
    return VectorSet("made up", metric, rows, rows[:5].copy(), **asked)


def history(text, seed=0, **about):
    vector_set = vectors(**about)
    return follow(made.make(text, vector_set, seed=seed), COUNT, name=vector_set.name)


def test_a_window_moves_over_the_rows_as_they_lie():
    found = history("window:0.25,steps=10")
    assert found.runbook.name == "window:0.25,steps=10" and len(found.searches) == 11
    for place, step in enumerate(found.searches):
        assert found.rows[found.there(step)].tolist() == list(range(30 * place, 30 * place + 100))


def test_growing_ends_with_all_rows():
    found = history("growing:begin=0.5,steps=4")
    assert found.alive[found.searches].tolist() == [200, 250, 300, 350, 400]
    assert (found.rows == np.arange(COUNT)).all() and (found.died == len(found.steps)).all()


def test_rows_expire_each_part_after_a_while_of_its_own():
    found = history("expiry:0.3,steps=10,begin=0.2")
    assert sorted(found.rows) == list(range(COUNT)) and (found.rows != np.arange(COUNT)).any()
    lives = np.searchsorted(found.searches, found.died) - np.searchsorted(found.searches, found.born)
    assert len(set(lives.tolist())) > 4 and lives.min() >= 1
    assert (found.died < len(found.steps)).mean() > 0.3
    assert len(found.searches) == 11
    again, other = (history("expiry:0.3,steps=10,begin=0.2", seed=seed) for seed in (0, 1))
    assert again.runbook.mark == found.runbook.mark != other.runbook.mark


@pytest.mark.parametrize("metric", ["euclidean", "hamming"])
def test_classes_drift_by_k_means(metric):
    found = history("drift:0.5,classes=6", metric=metric)
    assert sorted(found.rows) == list(range(COUNT)) and len(found.searches) == 4
    assert set(found.there(found.searches[0])).isdisjoint(found.there(found.searches[-1]))


def test_classes_drift_by_labels_and_many_labels_share_one():
    labels = np.arange(COUNT) % 12
    found = history("drift:0.5,classes=4", labels=labels)
    for step in found.searches:
        there = found.rows[found.there(step)]
        assert len(set(labels[there])) == 6 and len(there) == COUNT // 2, "whole labels come and go"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("windw:0.5", "neither a file nor a made one; did you mean window"),
        ("window:half", "alive=half: is no number"),
        ("window:1.5", "must be a share of the rows between 0 and 1"),
        ("window:0.5,step=3", "did you mean steps"),
        ("window:steps=1", "must be at least 2"),
        ("window:steps=2.5", "is no whole number"),
        ("growing:steps=100", "too few for 100 rounds"),
    ],
)
def test_mistakes_are_one_line(text, words):
    with pytest.raises(InputError, match=words):
        history(text)


def test_too_few_classes():
    with pytest.raises(InputError, match="fewer than 3 classes"):
        history("drift", labels=np.arange(COUNT) % 2)
