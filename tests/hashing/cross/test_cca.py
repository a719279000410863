"""Canonical correlation against scikit-learn's, its shrinkage, and codes that both kinds share."""

import numpy as np
import pytest
from sklearn.cross_decomposition import CCA

from datasets.errors import InputError
from hashing.cross import cca


def paired(count=300, seed=0):
    """Two kinds of rows that have three hidden numbers in common."""
    rng = np.random.default_rng(seed)
    hidden = rng.standard_normal((count, 3))
    one = hidden @ rng.standard_normal((3, 10)) + 0.3 * rng.standard_normal((count, 10))
    other = hidden @ rng.standard_normal((3, 12)) + 0.3 * rng.standard_normal((count, 12))
    return one.astype(np.float32), other.astype(np.float32)


def correlations(one, other):
    return [np.corrcoef(one[:, i], other[:, i])[0, 1] for i in range(one.shape[1])]


def test_without_shrinkage_it_is_scikit_learns():
    one, other = paired()
    first, second = cca.fit(one, other, 3, shrink=0.0)
    theirs = CCA(3, max_iter=5000, tol=1e-10).fit(one, other)
    expected = correlations(*theirs.transform(one, other))
    np.testing.assert_allclose(correlations(first(one), second(other)), expected, atol=1e-4)


def test_directions_are_scaled_by_their_correlation():
    one, other = paired()
    first, second = cca.fit(one, other, 5, shrink=0.0)
    found = first(one)
    np.testing.assert_allclose(found.std(axis=0), correlations(found, second(other)), atol=1e-4)


def test_shrinkage_keeps_few_pairs_of_many_features_from_being_learned_by_heart():
    one, other = np.random.default_rng(1).standard_normal((2, 30, 40)).astype(np.float32)  # nothing in common
    by_heart, shrunk = cca.fit(one, other, 2, shrink=1e-9), cca.fit(one, other, 2, shrink=1.0)
    scales = [np.abs(project(one)).std(axis=0).mean() for project, _ in (by_heart, shrunk)]
    assert scales[1] < 0.8 * scales[0]  # the correlation that it believes in


@pytest.mark.parametrize("count", [0, 7, 10])
def test_rows_are_projected_a_block_at_a_time(monkeypatch, count):
    monkeypatch.setattr(cca, "_BLOCK", 4)
    one, other = paired()
    project, _ = cca.fit(one, other, 3)
    expected = (one[:count].astype(float) - one.mean(axis=0, dtype=float)) @ project.directions
    assert project(one[:count]).dtype == np.float32
    np.testing.assert_allclose(project(one[:count]), expected, atol=1e-6)


def test_codes_of_both_kinds_agree():
    one, other = paired(400)
    of_one, of_other = cca.cca_itq(one[:300], other[:300], 8, seed=0)
    mine, its = of_one(one[300:]) > 0, of_other(other[300:]) > 0
    own = (mine == its).mean()
    assert own > 0.6 and own > (mine == np.roll(its, 1, axis=0)).mean() + 0.1


def test_more_bits_than_there_are_numbers_are_refused():
    with pytest.raises(InputError, match="--bits=16: too many for cca-itq of 300 pairs of 10 and 12 numbers; give at"):
        cca.cca_itq(*paired(), 16, seed=0)
