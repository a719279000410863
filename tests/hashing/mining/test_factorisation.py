"""Codes of a factorised similarity against slow numpy: the objective, one step of it, and that it falls."""

import numpy as np
import pytest

from datasets.relevance import relevant
from hashing.mining import factorisation

LABELS = {
    "classes": np.array([2, 0, 1, 1, 2, 0, 5, 2, 2, 0]),
    "concepts": np.random.default_rng(1).random((10, 4)) < 0.4,
    "unlabelled": np.zeros((10, 4), bool),
    "one class": np.zeros(10, np.int64),
}


@pytest.fixture(params=LABELS)
def labels(request):
    return LABELS[request.param]


def similarity(labels):
    """(N, N) of 1 and -1."""
    rows = labels[:, None] if labels.ndim == 1 else labels[:, None, :]
    return np.where(relevant(rows, labels), 1.0, -1.0)


def objective(made, labels):
    return ((made.shape[1] * similarity(labels) - made @ made.T) ** 2).sum()


def slow(labels, bits, rng, sweeps):
    """The same descent, with all of S and all residuals made anew for every entry."""
    made = rng.uniform(-1, 1, (len(labels), bits))
    for _ in range(sweeps):
        for place in rng.permutation(made.size):
            i, k = divmod(int(place), bits)
            residuals = made @ made.T - bits * similarity(labels)
            curvature = (made[:, k] ** 2).sum() + made[i, k] ** 2 + residuals[i, i]
            slope = residuals[i] @ made[:, k]
            step = -slope / curvature if curvature > 0 else -np.sign(slope)
            step = np.clip(step, -1 - made[i, k], 1 - made[i, k])
            for _ in range(8):
                moved = made.copy()
                moved[i, k] += step
                if objective(moved, labels) <= objective(made, labels):
                    made = moved
                    break
                step /= 2
    return made


def test_it_is_the_slow_descent(labels):
    made, _ = factorisation.factorised(labels, 8, np.random.default_rng(4), sweeps=2)
    np.testing.assert_allclose(made, slow(labels, 8, np.random.default_rng(4), 2), atol=1e-6)


def test_slopes_are_those_of_the_objective():
    """The Newton step's own formula, by differences."""
    labels, made = LABELS["classes"], np.random.default_rng(0).uniform(-1, 1, (10, 8))
    residuals = made @ made.T - 8 * similarity(labels)
    ahead, behind = made.copy(), made.copy()
    ahead[3, 2] += 1e-4
    behind[3, 2] -= 1e-4
    values = [objective(rows, labels) for rows in (ahead, made, behind)]
    assert (values[0] - values[2]) / 2e-4 == pytest.approx(4 * residuals[3] @ made[:, 2], rel=1e-5)
    second = 4 * ((made[:, 2] ** 2).sum() + made[3, 2] ** 2 + residuals[3, 3])
    assert (values[0] - 2 * values[1] + values[2]) / 1e-8 == pytest.approx(second, rel=1e-3)


def test_every_sweep_brings_the_objective_down_by_what_it_says(labels):
    falls = factorisation.factorised(labels, 8, np.random.default_rng(4), sweeps=6)[1]
    made = [factorisation.factorised(labels, 8, np.random.default_rng(4), sweeps=n)[0] for n in range(7)]
    values = np.array([objective(rows, labels) for rows in made])
    np.testing.assert_allclose(values[:-1] - values[1:], falls, atol=1e-6 * values[0])
    assert (falls >= 0).all() and falls[0] > 0
    assert all(np.abs(rows).max() <= 1 for rows in made)


def test_codes_tell_the_similar_from_others():
    labels = np.arange(600) % 10
    codes = factorisation.codes(labels, 32, np.random.default_rng(0))
    assert codes.shape == (600, 32) and codes.dtype == np.uint8
    products = (2.0 * codes - 1) @ (2.0 * codes - 1).T / 32
    same = labels[:, None] == labels
    assert products[same].mean() > 0.95 and products[~same].mean() < 0.05


def test_concepts_of_which_one_is_there_are_classes():
    labels = np.array([2, 0, 1, 1, 2, 0, 2])
    found = [factorisation.factorised(given, 16, np.random.default_rng(3))[0] for given in (labels, np.eye(3)[labels])]
    np.testing.assert_allclose(*found, atol=1e-9)
