"""Known classes: the reach learned from them groups new ones, few strangers pass as known, confidence tells purity."""

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.categories import known as module
from embedding.categories.confidence import purities
from embedding.categories.known import confidence_of, draws, floor_of, known_classes, reach_of
from embedding.categories.linkage import average_linkage
from embedding.categories.neighborhood import unit_rows
from embedding.categories.proposals import linked, propose
from embedding.evaluation import metrics


def images(classes: int, seed: int, *, spread: float = 0.6, per_class: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), per_class)
    spreads = rng.uniform(0.5, 1.5, classes)[labels, None] * spread
    return unit_rows(rng.normal(size=(classes, 12))[labels] + spreads * rng.normal(size=(len(labels), 12))), labels


def test_the_reach_is_the_best_of_all_heights():
    rows, labels = images(20, 0)
    known = known_classes(rows, labels)
    reach = reach_of(known, [np.arange(len(rows))])
    tree = average_linkage(rows)
    best = max(metrics.pairwise_f1(labels, tree.after(merges)) for merges in range(len(tree.heights) + 1))
    assert metrics.pairwise_f1(labels, tree.cut(reach)) > best - 0.02


def test_the_reach_of_known_classes_is_that_of_new_ones():
    known = known_classes(*images(60, 0))
    rows, labels = images(20, 1)
    reach = reach_of(known, draws(known, len(rows)))
    tree = average_linkage(rows)
    best = max(metrics.pairwise_f1(labels, tree.cut(height)) for height in np.linspace(0, 1, 100))
    assert metrics.pairwise_f1(labels, tree.cut(reach)) > 0.9 * best


def test_draws_are_whole_classes_of_about_the_size_asked_for(monkeypatch):
    known = known_classes(*images(40, 0))
    drawn = draws(known, 100, seed=3)
    assert len(drawn) == 5 and len({tuple(rows) for rows in drawn}) == 5
    for rows in drawn:
        assert len(rows) == 108 and set(np.bincount(known.labels[rows])) == {0, 12}
    np.testing.assert_array_equal(drawn[2], draws(known, 100, seed=3)[2])
    assert [len(rows) for rows in draws(known, 1)] == [24] * 5  # two classes at least
    assert [len(rows) for rows in draws(known, 480)] == [480]
    monkeypatch.setattr(module, "_LARGEST_DRAW", 50)
    assert [len(rows) for rows in draws(known, 10**6)] == [60] * 5


def test_few_strangers_pass_as_known_and_many_of_the_known_do():
    rows, labels = images(80, 0, spread=0.3)
    is_known = labels < 60
    known = known_classes(rows[is_known][::2], labels[is_known][::2] * 10)
    floor, found = floor_of(known)
    marks = known.mark(rows, floor)
    assert (marks[~is_known] >= 0).mean() < 0.12
    shown = np.flatnonzero(is_known)[1::2]  # images of known classes that were not shown
    assert (marks[shown] == labels[shown] * 10).mean() == pytest.approx(found, abs=0.1)
    assert found > 0.7


def test_the_floor_lets_the_asked_share_of_images_pass_whose_class_is_hidden():
    rows, labels = images(15, 0)
    floor, _ = floor_of(known_classes(rows, labels), mistaken=0.2)
    best = []
    for row, label in zip(rows, labels, strict=True):
        centers = [rows[labels == other].mean(axis=0) for other in range(15) if other != label]
        best.append(max(float(row @ center / np.linalg.norm(center)) for center in centers))
    assert floor == pytest.approx(np.quantile(best, 0.8), abs=1e-5)


def test_confidence_tells_the_purity_of_new_clusters():
    known = known_classes(*images(90, 0))
    rows, labels = images(60, 1)
    drawn = draws(known, len(rows))
    method = linked(1.1 * reach_of(known, drawn))
    found = propose(rows, method, min_size=3, confidence=confidence_of(known, drawn, method, min_size=3))
    truth = purities(labels, found.clusters)
    assert np.corrcoef(found.confidences, truth)[0, 1] > 0.5
    assert abs(found.confidences.mean() - truth.mean()) < 0.1


def test_classes_of_one_image_and_too_few_classes():
    rows, labels = images(3, 0)
    known = known_classes(rows[[0, 12, 24]], labels[[0, 12, 24]])
    assert floor_of(known)[1] == 0
    assert reach_of(known, draws(known, 2)) >= 0
    with pytest.raises(InputError, match="1 known class"):
        known_classes(rows[:5], labels[:5])
