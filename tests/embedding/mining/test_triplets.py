"""Batch-hard and semi-hard triplets against plain loops over distances in double precision."""

import numpy as np
import pytest

from embedding.mining import triplets
from embedding.mining.triplets import HardMiner, SemiHardMiner
from embedding.mx import autograd, nd

SLACK = 1e-5  # distances so close are ties


@pytest.fixture(params=["random", "regular", "one image a class", "one class", "ties", "close together"])
def batch(request) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings (B, 4) and labels (B,)."""
    rng = np.random.default_rng(1)
    rows, labels = rng.standard_normal((12, 4)).astype(np.float32), rng.integers(0, 5, 12)
    match request.param:
        case "regular":
            labels = np.repeat([7, 1, 2], 4)[rng.permutation(12)]
        case "one image a class":
            labels = np.arange(12)[::-1]
        case "one class":
            labels = np.full(12, 3)
        case "ties":
            rows = rng.integers(0, 2, (12, 4)).astype(np.float32)
        case "close together":
            rows = (rows * 1e-3 + 5).astype(np.float32)
    return rows, labels


def mine(miner, embeddings, labels, compiled):
    """Triplets (a, p, n), and the weights of all slots."""
    miner.hybridize(compiled, static_alloc=True)
    *rows, weight = (found.asnumpy() for found in miner(nd.array(embeddings), nd.array(labels, dtype="int64")))
    assert set(weight.ravel()) <= {0, 1}
    assert all(found.shape == weight.shape for found in rows)
    return [tuple(int(found[slot]) for found in rows) for slot in zip(*np.nonzero(weight), strict=True)]


def table(embeddings):
    """Distances of all rows, as a share of the largest."""
    x = embeddings.astype(np.float64)
    found = np.linalg.norm(x[:, None] - x[None], axis=2)
    return found / found.max()


def usable(labels):
    """Anchors with a positive and a negative."""
    return [a for a, y in enumerate(labels) if 1 < (labels == y).sum() < len(labels)]


@pytest.mark.parametrize("compiled", [False, True])
def test_each_anchor_has_its_farthest_positive_and_nearest_negative(batch, compiled):
    embeddings, labels = batch
    found, d = mine(HardMiner(), embeddings, labels, compiled), table(embeddings)
    assert [a for a, _, _ in found] == usable(labels)
    for a, p, n in found:
        same = labels == labels[a]
        assert same[p]
        assert not same[n]
        assert d[a, p] >= d[a, same].max() - SLACK
        assert d[a, n] <= d[a, ~same].min() + SLACK


@pytest.mark.parametrize("compiled", [False, True])
def test_each_pair_has_its_nearest_negative_that_is_farther(batch, compiled):
    embeddings, labels = batch
    found, d = mine(SemiHardMiner(slots=12), embeddings, labels, compiled), table(embeddings)
    pairs = sorted((a, p) for a in usable(labels) for p in np.flatnonzero(labels == labels[a]) if p != a)
    assert sorted((a, p) for a, p, _ in found) == pairs
    for a, p, n in found:
        negatives = d[a, labels != labels[a]]
        farther = negatives[negatives > d[a, p] + SLACK]
        assert labels[n] != labels[a]
        assert d[a, n] == pytest.approx(farther.min() if len(farther) else negatives.max(), abs=SLACK)


def test_of_too_large_a_class_the_first_are_positives():
    labels = np.array([4] * 5 + [2] * 3)
    rows = np.random.default_rng(0).standard_normal((8, 3))
    found = mine(SemiHardMiner(slots=3), rows, labels, compiled=True)
    assert all(labels[a] == labels[p] and a != p for a, p, _ in found)
    assert {a for a, _, _ in found} == set(range(8))
    assert [len({p for a, p, _ in found if labels[a] == label}) for label in (4, 2)] == [3, 3]


def test_of_identical_images_the_first_is_taken():
    rows = np.repeat(np.eye(3), [1, 3, 4], axis=0)
    found = mine(HardMiner(), rows, np.array([0, 0, 0, 1, 1, 1, 1, 1]), compiled=False)
    assert found[0] == (0, 1, 3)


def test_nearness_orders_rows_that_are_close_to_one_point():
    rows = (np.array([[0], [1], [3], [7]]) * 1e-4 + 1).astype(np.float32)
    near = triplets.nearness(nd, nd.array(rows), nd.zeros(4)).asnumpy()
    assert (np.argsort(-near[0]) == [0, 1, 2, 3]).all()
    assert near.min() >= -0.375 - 1e-6
    assert near.max() <= 0.125 + 1e-6


@pytest.mark.parametrize("miner", [HardMiner(), SemiHardMiner(slots=2)])
def test_no_gradient_passes(miner):
    x = nd.array(np.eye(4))
    x.attach_grad()
    with autograd.record():
        total = sum(found.sum() for found in miner(x, nd.array([0, 0, 1, 1]))) + x.sum() * 0
    total.backward()
    assert not x.grad.asnumpy().any()
