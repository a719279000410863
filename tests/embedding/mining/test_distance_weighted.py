"""Mining against plain loops and stated distributions."""

import numpy as np
import pytest

from embedding.mining import distance_weighted
from embedding.mx import autograd, mx, nd


def unit_rows(count: int, dim: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def column(labels) -> nd.NDArray:
    return nd.array(labels).reshape((-1, 1))


def chances(embeddings: np.ndarray, labels: np.ndarray, cutoff: float = 0.5, loss_cutoff: float = 1.4) -> np.ndarray:
    """The stated distribution in double precision, one pair at a time."""
    count, n = embeddings.shape
    table = np.zeros((count, count))
    for i in range(count):
        others = [j for j in range(count) if labels[j] != labels[i]]
        logs = {}
        for j in others:
            d = np.linalg.norm(embeddings[i].astype(np.float64) - embeddings[j])
            if d < loss_cutoff:
                d = max(d, cutoff)
                logs[j] = (2 - n) * np.log(d) - (n - 3) / 2 * np.log(1 - d * d / 4)
        if not logs:
            logs = dict.fromkeys(others, 0.0)
        top = max(logs.values(), default=0.0)
        for j, value in logs.items():
            table[i, j] = np.exp(value - top)
        table[i] /= max(table[i].sum(), 1e-300)
    return table


@pytest.mark.parametrize("labels", [[0, 0, 0, 1, 1, 2], [0, 1, 2, 3], [5, 5, 5, 5], [0, 0, 7, 9, 9, 9]])
@pytest.mark.parametrize("reach", [1, 2, 5])
def test_rows_of_the_same_class_are_found_within_reach(labels, reach):
    before, after, rows = (a.asnumpy() for a in distance_weighted.rows_around(nd, column(labels), reach=reach))
    count = len(labels)
    for i in range(count):
        near = [j for j in range(count) if 0 < abs(i - j) <= reach and labels[j] == labels[i]]
        assert rows[i, after[i] == 1].tolist() == [j for j in near if j > i]
        assert [i - reach + s for s in np.flatnonzero(before[i])] == [j for j in near if j < i]


@pytest.mark.parametrize("dim", [4, 32, 128, 512])
def test_weights_follow_the_stated_density(dim):
    # A shared direction brings distances of any dimension below the outer cut-off, near pairs below the inner one.
    embeddings = unit_rows(24, dim, seed=dim) + np.eye(1, dim, dtype=np.float32) * np.linspace(0.5, 3, 24)[:, None]
    embeddings = (embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)).astype(np.float32)
    labels = np.repeat(np.arange(8), 3)
    weights = distance_weighted.distance_weights(nd, nd.array(embeddings), column(labels), dim=dim).asnumpy()
    np.testing.assert_allclose(weights, chances(embeddings, labels), rtol=2e-3, atol=1e-6)


def test_a_row_without_an_allowed_negative_draws_evenly_from_other_classes():
    embeddings = np.array([[1, 0, 0], [0.9, 0.1, 0], [-1, 0, 0], [-0.9, 0, 0.1]], np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    weights = distance_weighted.distance_weights(nd, nd.array(embeddings), column([0, 0, 1, 1]), dim=3).asnumpy()
    np.testing.assert_allclose(weights, [[0, 0, 0.5, 0.5]] * 2 + [[0.5, 0.5, 0, 0]] * 2)


@pytest.mark.parametrize("rows", [np.eye(3)[[0, 0, 0, 0]], np.eye(3)[[0, 1, 0, 1]] * [[1], [1], [-1], [-1]]])
@pytest.mark.parametrize("loss_cutoff", [0.5, 1.4, 2.0, 3.0])
def test_weights_are_finite_at_distance_0_and_2(rows, loss_cutoff):
    labels = column([0, 0, 1, 1])
    weights = distance_weighted.distance_weights(nd, nd.array(rows), labels, dim=3, loss_cutoff=loss_cutoff).asnumpy()
    assert np.isfinite(weights).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-6)


def test_drawn_negatives_follow_the_distribution():
    mx.random.seed(7)
    dim, labels = 8, np.repeat(np.arange(6), 2)
    embeddings = unit_rows(12, dim, seed=3)
    stated = chances(embeddings, labels)
    weights = distance_weighted.distance_weights(nd, nd.array(embeddings), column(labels), dim=dim)
    draws = 20_000  # of each of 12 anchors
    negatives, valid = distance_weighted.draw_negatives(nd, weights, column(labels), draws=draws)
    assert valid.asnumpy().all()
    for row, chance in zip(negatives.asnumpy(), stated, strict=True):
        seen = np.bincount(row, minlength=12)
        assert seen[chance == 0].sum() == 0
        possible = chance * draws > 5
        chi_square = ((seen - chance * draws)[possible] ** 2 / (chance * draws)[possible]).sum()
        freedom = possible.sum() - 1
        assert chi_square < freedom + 4 * np.sqrt(2 * freedom)  # four standard deviations above what chance gives


def test_a_batch_of_one_class_has_no_negative():
    weights = distance_weighted.distance_weights(nd, nd.array(unit_rows(4, 3)), nd.zeros((4, 1)), dim=3)
    _, valid = distance_weighted.draw_negatives(nd, weights, nd.zeros((4, 1)), draws=2)
    assert not valid.asnumpy().any()


@pytest.mark.parametrize("compiled", [False, True])
def test_miner_gives_each_anchor_as_many_negatives_as_positives(compiled):
    labels = np.array([3, 0, 3, 1, 0, 3, 2])
    embeddings = nd.array(unit_rows(7, 5))
    miner = distance_weighted.DistanceWeightedMiner(dim=5, reach=6)
    miner.hybridize(compiled)
    embeddings.attach_grad()
    with autograd.record():
        anchor, partner, weight = miner(embeddings, nd.array(labels, dtype="int32"))
    anchor, partner, weight = (a.asnumpy().astype(int).ravel() for a in (anchor, partner, weight))
    same = labels[anchor] == labels[partner]
    assert same[weight == 2].all()
    assert not same[weight == -1].any()
    assert set(weight) <= {2, -1, 0}
    counts = np.bincount(labels)[labels] - 1
    negatives = np.bincount(anchor[weight == -1], minlength=7)
    assert negatives.tolist() == counts.tolist()
    pairs = {frozenset(pair) for pair in zip(anchor[weight == 2], partner[weight == 2], strict=True)}
    assert pairs == {frozenset((i, j)) for i in range(7) for j in range(i) if labels[i] == labels[j]}


def test_of_too_large_a_class_anchors_have_as_many_negatives_as_positives_in_reach():
    labels = np.array([0] * 6 + [1] * 2)
    anchor, partner, weight = (
        a.asnumpy().astype(int).ravel()
        for a in distance_weighted.DistanceWeightedMiner(dim=4, reach=3)(nd.array(unit_rows(8, 4)), nd.array(labels))
    )
    found = np.bincount(anchor, np.minimum(weight, 0), minlength=8)
    near = [sum(0 < abs(i - j) <= 3 and labels[i] == labels[j] for j in range(8)) for i in range(8)]
    assert (-found).tolist() == near
    assert (labels[anchor] == labels[partner])[weight > 0].all()


@pytest.mark.parametrize("labels", [[0, 0, 0, 1, 1, 2], [4], [1, 2, 3], [7, 7, 7, 7, 7], [0, 0, 3, 3]])
def test_rows_of_a_class_are_paired_off(labels):
    first, second, valid = (a.asnumpy().astype(int) for a in distance_weighted.disjoint_pairs(nd, nd.array(labels)))
    assert len(valid) == (len(labels) + 1) // 2
    found = [(a, b) for a, b, holds in zip(first, second, valid, strict=True) if holds]
    assert found == [
        (a, a + 1) for y in set(labels) for a in range(labels.index(y), len(labels))[: labels.count(y) - 1 : 2]
    ]
    starts = distance_weighted.first_of_class(nd, nd.array(labels)).asnumpy().tolist()
    assert starts == [labels.index(y) for y in labels]


@pytest.mark.parametrize("compiled", [False, True])
def test_pairs_are_drawn_evenly(compiled):
    mx.random.seed(1)
    labels = np.array([5, 2, 5, 5, 2, 9])
    miner = distance_weighted.PairMiner()
    miner.hybridize(compiled)
    seen = np.zeros((6, 6))
    for _ in range(300):
        anchor, positive, valid = (a.asnumpy().astype(int) for a in miner(nd.array(labels, dtype="int32")))
        seen[anchor[valid == 1], positive[valid == 1]] += 1
    assert (seen[np.ix_([1, 4], [1, 4])].sum(), seen.sum()) == (300, 600)
    drawn = seen[np.ix_([0, 2, 3], [0, 2, 3])][~np.eye(3, dtype=bool)]
    assert drawn.sum() == 300
    assert (np.abs(drawn - 50) < 4 * np.sqrt(50)).all()
    assert abs(seen[1, 4] - 150) < 4 * np.sqrt(75)
