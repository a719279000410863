import numpy as np
import pytest

from embedding.reranking.local_features import Features, none
from embedding.reranking.matching import Matcher, two_best


def features(descriptors: np.ndarray) -> Features:
    return Features(descriptors, np.zeros((len(descriptors), 4), np.uint16), (100, 100))


def alike(count: int, other: int, *, seed: int = 0) -> tuple[Features, Features]:
    """Two pictures' features, of which some are nearly the same and some are equal."""
    rng = np.random.default_rng(seed)
    one = rng.integers(0, 120, (count, 128)).astype(np.uint8)
    two = rng.integers(0, 120, (other, 128)).astype(np.uint8)
    shared = min(count, other) // 2
    two[:shared] = np.clip(one[:shared].astype(int) + rng.integers(-60, 60, (shared, 128)), 0, 255)
    two[shared - 1] = two[0]
    return features(one), features(two[rng.permutation(other)])


def plainly(one: Features, two: Features, ratio: float) -> list[tuple[int, int]]:
    """(query, found) of every match, the surest first, by loops."""
    a, b = one.descriptors.astype(int), two.descriptors.astype(int)
    distances = [[int(((x - y) ** 2).sum()) for y in b] for x in a]
    found = []
    for i, row in enumerate(distances):
        order = sorted(range(len(row)), key=lambda j: (row[j], j))
        first, second = row[order[0]], row[order[1]]
        share = np.float32((first / second) ** 0.5 if first < second else 1)
        if share < ratio:
            found.append((share, i, order[0]))
    kept = {}
    for _, i, j in sorted(found):
        kept.setdefault(j, i)
    return [(i, j) for j, i in kept.items()]


@pytest.mark.parametrize("ratio", [0.7, 0.95, 1.0])
@pytest.mark.parametrize(("count", "other"), [(40, 60), (60, 40), (7, 2)])
def test_matches_are_those_of_a_double_loop(count, other, ratio):
    one, two = alike(count, other)
    pairs = Matcher(one).match(two, ratio=ratio)
    assert list(zip(pairs.query, pairs.found, strict=True)) == plainly(one, two, ratio)
    assert (np.diff(pairs.ratios) >= 0).all()
    assert len(set(pairs.query)) == len(set(pairs.found)) == len(pairs)


def test_two_best_are_exact():
    one, two = alike(50, 70, seed=3)
    a, b = one.descriptors.astype(np.float32), two.descriptors.astype(np.float32)
    best, second, at = two_best(a @ b.T, (a * a).sum(1), (b * b).sum(1))
    distances = ((a[:, None] - b[None]) ** 2).sum(2).astype(int)
    np.testing.assert_array_equal(best, np.sort(distances)[:, 0])
    np.testing.assert_array_equal(second, np.sort(distances)[:, 1])
    np.testing.assert_array_equal(at, distances.argmin(1))


@pytest.mark.parametrize(("count", "other"), [(0, 5), (5, 0), (0, 0), (5, 1), (1, 1)])
def test_without_a_second_best_nothing_matches(count, other):
    rng = np.random.default_rng(0)
    one, two = (features(rng.integers(0, 99, (n, 128)).astype(np.uint8)) for n in (count, other))
    assert not len(Matcher(one).match(two, ratio=0.99))
    assert not len(Matcher(none((5, 5))).match(two, ratio=0.99))


def test_repeated_features_do_not_match():
    row = np.random.default_rng(0).integers(0, 99, (1, 128)).astype(np.uint8)
    assert not len(Matcher(features(row)).match(features(np.repeat(row, 2, 0)), ratio=0.99))
