"""Recall in three senses, ratio and labels: against plain loops, and where distances tie."""

import numpy as np
import pytest

from ann_bench.measuring import metrics
from datasets.vectors import exact
from datasets.vectors.base import METRICS, VectorSet


def made_up(metric: str, *, gallery: int = 50, queries: int = 7, k: int = 5) -> VectorSet:
    rng = np.random.default_rng(3)
    if metric == "hamming":
        parts = [rng.integers(0, 256, (count, 4), dtype=np.uint8) for count in (gallery, queries)]
    else:
        parts = [rng.normal(size=(count, 12)).astype(np.float32) for count in (gallery, queries)]
    neighbors, distances = exact.search(parts[1], parts[0], k, metric=metric)
    return VectorSet("made up", metric, *parts, neighbors=neighbors, distances=distances)


def distances_of(vector_set: VectorSet, neighbors: np.ndarray) -> np.ndarray:
    return exact.between(vector_set.queries, vector_set.gallery, neighbors, metric=vector_set.metric)


@pytest.mark.parametrize("metric", METRICS)
def test_the_truth_scores_one_and_other_rows_less(metric):
    vector_set = made_up(metric)
    scores = metrics.scores(vector_set, vector_set.neighbors, distances_of(vector_set, vector_set.neighbors))
    assert scores["k-recall@5"] == scores["k-recall@5 by id"] == scores["1-recall@1"] == scores["1-recall@5"] == 1
    assert scores["k-recall@5 low"] == scores["k-recall@5 high"] == 1
    if metric != "inner_product":
        assert scores["distance ratio"] == pytest.approx(1, abs=1e-4)
    _, far = np.zeros(1), exact.search(vector_set.queries, vector_set.gallery, 50, metric=metric)[0][:, -5:]
    scores = metrics.scores(vector_set, far, distances_of(vector_set, far))
    assert scores["k-recall@5 by id"] == scores["1-recall@1"] == 0
    assert scores["k-recall@5"] < 0.2  # a tie of whole bits may remain
    assert metric == "inner_product" or scores["distance ratio"] > 1.2


def test_ties_cost_nothing_but_by_id_they_do():
    truth, true_distances = np.array([[0, 1]]), np.array([[1.0, 2.0]], np.float32)
    neighbors, distances = np.array([[0, 7]]), np.array([[1.0, 2.0]], np.float32)
    assert metrics.recall(distances, true_distances, "euclidean") == 1
    assert metrics.recall_by_id(neighbors, truth) == 0.5


def test_recalls_by_hand():
    truth = np.array([[3, 1, 2], [5, 6, 7]])
    true_distances = np.array([[1, 2, 3], [1, 2, 3]], np.float32)
    neighbors = np.array([[1, 9, 3], [-1, -1, 8]])
    distances = np.array([[2, 3.5, 1], [np.inf, np.inf, 9]], np.float32)
    assert metrics.recall(distances, true_distances, "euclidean") == pytest.approx(2 / 6)
    assert metrics.recall_by_id(neighbors, truth) == pytest.approx(2 / 6)
    assert metrics.first_recall(distances, true_distances, 1, "euclidean") == 0
    assert metrics.first_recall(distances, true_distances, 3, "euclidean") == 0.5
    assert metrics.distance_ratio(distances, true_distances, "euclidean") == pytest.approx(
        np.mean([1, 2 / 2, 3.5 / 3, 9])  # ranks by distance; two are missing
    )


def test_recall_by_id_is_the_same_in_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    truth, found = (np.argsort(rng.random((40, 30)), axis=1)[:, :8] for _ in range(2))
    plain = np.mean([len(set(t) & set(f)) / 8 for t, f in zip(truth.tolist(), found.tolist(), strict=True)])
    assert metrics.recall_by_id(found, truth) == pytest.approx(plain)
    monkeypatch.setattr(metrics, "_BLOCK", 24)
    assert metrics.recall_by_id(found, truth) == pytest.approx(plain)


def test_a_ratio_of_nothing_is_no_number():
    zeros = np.zeros((2, 3), np.float32)
    assert np.isnan(metrics.distance_ratio(zeros, zeros, "euclidean"))
    nearly = np.full((2, 3), 1e-15, np.float32)  # of copies, 1 - cosine is rarely 0 itself
    assert np.isnan(metrics.distance_ratio(zeros + 0.1, nearly, "angular"))


def test_the_interval_is_that_of_drawing_queries_one_after_another():
    rng = np.random.default_rng(1)
    shares = rng.binomial(10, rng.beta(9, 1, size=200)) / 10
    drawn = rng.choice(shares, size=(4000, 200)).mean(axis=1)
    found = metrics.interval(shares)
    assert found == pytest.approx(np.quantile(drawn, (0.025, 0.975)), abs=0.004)
    assert found == metrics.interval(shares) != metrics.interval(shares, seed=1)
    assert found[0] < shares.mean() < found[1]


def test_the_interval_holds_what_other_queries_give():
    rng = np.random.default_rng(2)
    samples = [rng.binomial(10, 0.9, size=100) / 10 for _ in range(200)]
    held = [low <= 0.9 <= high for low, high in map(metrics.interval, samples)]
    assert 0.89 < np.mean(held) < 0.99


def test_where_every_query_finds_as_much_there_is_no_interval():
    assert metrics.with_interval("recall", np.ones(30)) == {"recall": 1, "recall low": 1, "recall high": 1}


def test_labels_found_and_lost():
    neighbors = np.array([[0, 1], [2, -1], [-1, -1]])
    gallery_labels, query_labels = np.array([4, 5, 6]), np.array([5, 7, 6])
    assert metrics.label_recall(neighbors, gallery_labels, query_labels) == pytest.approx(1 / 3)
    labelled = VectorSet(
        "labelled",
        "euclidean",
        np.array([[0], [1], [2], [9]], np.float32),
        np.array([[0], [2]], np.float32),
        neighbors=np.array([[0], [2]]),
        distances=np.zeros((2, 1), np.float32),
        gallery_labels=np.array([0, 1, 1, 0]),
        query_labels=np.array([0, 1]),
    )
    found = np.array([[0], [3]])
    scores = metrics.scores(labelled, found, distances_of(labelled, found))
    assert (scores["label recall@1"], scores["exact label recall@1"], scores["label recall loss"]) == (0.5, 1, 0.5)
