"""Every score against its definition in plain loops, and NMI against scikit-learn."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import normalized_mutual_info_score, pair_confusion_matrix

from embedding.evaluation import metrics


def rankings(seed: int, queries: int = 40, gallery: int = 25) -> tuple[np.ndarray, np.ndarray]:
    """Full rankings (Q, G) of all densities, first of all none and all, and their number of relevant items."""
    rng = np.random.default_rng(seed)
    hits = rng.random((queries, gallery)) < np.linspace(0, 1, queries)[:, None]
    return hits, hits.sum(axis=1)


def plain_average_precision(row: list[bool], depth: int) -> float:
    relevant = sum(row)
    if not relevant:
        return 0.0
    found = [sum(row[: rank + 1]) / (rank + 1) for rank in range(depth) if row[rank]]
    return sum(found) / relevant


@pytest.mark.parametrize("seed", range(3))
def test_all_scores_against_plain_loops(seed):
    hits, relevant = rankings(seed)
    ks = (1, 3, 25)
    recall, precision = metrics.recall_at_k(hits, ks), metrics.precision_at_k(hits, ks)
    r_precision = metrics.r_precision(hits, relevant)
    at_r, full = metrics.average_precision_at_r(hits, relevant), metrics.average_precision(hits, relevant)
    for i, row in enumerate(hits.tolist()):
        assert recall[i].tolist() == [float(any(row[:k])) for k in ks]
        assert precision[i].tolist() == pytest.approx([sum(row[:k]) / k for k in ks])
        many = sum(row)
        assert r_precision[i] == pytest.approx(sum(row[:many]) / many if many else 0)
        assert at_r[i] == pytest.approx(plain_average_precision(row, many))
        assert full[i] == pytest.approx(plain_average_precision(row, len(row)))


def test_map_at_k_against_plain_loops_and_by_hand():
    hits, relevant = rankings(7)
    for k in (1, 4, 25):
        found = metrics.average_precision_at_k(hits, relevant, k)
        for row, value in zip(hits.tolist(), found, strict=True):
            expected = sum(sum(row[: rank + 1]) / (rank + 1) for rank in range(k) if row[rank])
            assert value == pytest.approx(expected / min(k, sum(row)) if any(row) else 0)
    # Of five relevant ones four could stand among the first four: (1/1 + 2/3 + 3/4) / 4. Of two, two: (1/1 + 2/3) / 2.
    row = np.array([[1, 0, 1, 1, 1, 1], [1, 0, 1, 0, 0, 0]], bool)
    at_4 = metrics.average_precision_at_k(row, np.array([5, 2]), 4)
    assert at_4 == pytest.approx([(1 + 2 / 3 + 3 / 4) / 4, (1 + 2 / 3) / 2])
    with pytest.raises(ValueError, match="hold 6 neighbors a query, 10 are needed"):
        metrics.average_precision_at_k(row, np.array([5, 2]), 10)


def test_map_at_r_by_hand():
    hits = np.array([[1, 0, 1, 0, 1]], bool)  # R = 3: (1/1 + 2/3) / 3; all five ranks: (1/1 + 2/3 + 3/5) / 3
    relevant = np.array([3])
    assert metrics.average_precision_at_r(hits, relevant)[0] == pytest.approx((1 + 2 / 3) / 3)
    assert metrics.average_precision(hits, relevant)[0] == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)
    assert metrics.r_precision(hits, relevant)[0] == pytest.approx(2 / 3)


def test_a_cut_ranking_counts_what_lies_beyond_as_not_found():
    assert metrics.average_precision(np.array([[True]]), np.array([4]))[0] == 0.25


def test_mean_leaves_out_queries_with_nothing_to_find():
    values, relevant = np.array([[1.0, 0.5], [0.0, 0.0], [0.0, 1.0]]), np.array([2, 0, 1])
    assert metrics.mean(values, relevant).tolist() == [0.5, 0.75]
    assert metrics.mean(values[:, 0], np.zeros(3, int)) == 0


def test_too_few_neighbors_are_refused():
    hits = np.ones((2, 3), bool)
    for score in (
        lambda: metrics.recall_at_k(hits, (1, 4)),
        lambda: metrics.precision_at_k(hits, (4,)),
        lambda: metrics.r_precision(hits, np.array([1, 4])),
        lambda: metrics.average_precision_at_r(hits, np.array([1, 4])),
    ):
        with pytest.raises(ValueError, match="3 neighbors a query, 4 are needed"):
            score()


def groupings() -> list[tuple[list[int], list[int]]]:
    rng = np.random.default_rng(0)
    drawn = [(rng.integers(0, a, 60).tolist(), rng.integers(-5, b, 60).tolist()) for a, b in [(3, 2), (9, 30), (60, 1)]]
    same = drawn[0][0]
    return [*drawn, (same, same), (same, [7 - x for x in same]), (same, [0] * 60), ([0] * 60, same)] + [
        ([1] * 60, [2] * 60),
        (list(range(60)), list(range(60))),
        (list(range(60)), [5] * 60),
    ]


@pytest.mark.parametrize(("labels", "clusters"), groupings())
def test_nmi_is_that_of_scikit_learn(labels, clusters):
    ours = metrics.nmi(np.array(labels), np.array(clusters))
    assert ours == pytest.approx(normalized_mutual_info_score(labels, clusters), abs=1e-9)
    assert 0 <= ours <= 1


@pytest.mark.parametrize(("labels", "clusters"), groupings())
def test_pairwise_f1_against_all_pairs(labels, clusters):
    answered = {(i, j) for i, j in itertools.combinations(range(60), 2) if clusters[i] == clusters[j]}
    true = {(i, j) for i, j in itertools.combinations(range(60), 2) if labels[i] == labels[j]}
    expected = 2 * len(answered & true) / (len(answered) + len(true)) if answered or true else 1.0
    assert metrics.pairwise_f1(np.array(labels), np.array(clusters)) == pytest.approx(expected)
    _, (_, both) = pair_confusion_matrix(labels, clusters)
    assert both == 2 * len(answered & true)
