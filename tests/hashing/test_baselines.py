"""The baselines without training: better than chance, seeded, and each what its name says."""

import faiss
import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes

from datasets.errors import InputError
from hashing import baselines

CLASSES, DIM, BITS = 8, 24, 16


@pytest.fixture(scope="module")
def clusters() -> tuple[np.ndarray, np.ndarray]:
    """Features (400, 24) of unit length around eight directions, far from the origin, and their classes (400,)."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, 400)
    rows = rng.standard_normal((CLASSES, DIM))[labels] + 0.4 * rng.standard_normal((400, DIM)) + 1
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), labels


@pytest.fixture(params=baselines.names())
def name(request):
    return request.param


def quantisation_error(activations: np.ndarray) -> float:
    return ((activations - np.sign(activations)) ** 2).sum() / len(activations)


def components(features: np.ndarray, bits: int) -> np.ndarray:
    """The first principal components by a singular value decomposition in double precision."""
    centred = features.astype(np.float64) - features.mean(axis=0)
    return centred @ np.linalg.svd(centred, full_matrices=False)[2][:bits].T


def itq_error(projected: np.ndarray, seed: int) -> float:
    """Of the algorithm as the paper gives it, in double precision, the rotation by an orthogonal Procrustes solver."""
    turn = np.linalg.qr(np.random.default_rng(seed).standard_normal((projected.shape[1],) * 2))[0]
    for _ in range(50):
        turn = orthogonal_procrustes(projected, np.sign(projected @ turn))[0]
    return quantisation_error(projected @ turn)


def test_codes_of_a_class_are_nearer_than_others(name, clusters):
    features, labels = clusters
    activations = baselines.fit(name, features[:200], BITS, 0)(features[200:])
    assert activations.shape == (200, BITS)
    assert activations.dtype == np.float32
    codes, same = activations > 0, labels[200:, None] == labels[200:]
    apart = (codes[:, None] != codes).sum(axis=2)
    nearest = np.argsort(apart + BITS * np.eye(200, dtype=int), axis=1)[:, :5]
    assert np.take_along_axis(same, nearest, axis=1).mean() > 0.6  # chance is an eighth
    assert 0.2 < codes.mean() < 0.8


def test_a_seed_gives_the_same_codes_again(name, clusters):
    features, _ = clusters
    one, again, other = (baselines.fit(name, features, BITS, seed)(features) for seed in (3, 3, 4))
    assert (one == again).all()
    assert (one == other).all() == (name == "pca")


def test_fitting_leaves_the_features_as_they_are(name, clusters):
    features, _ = clusters
    given = features.copy()
    baselines.fit(name, given, BITS, 0)(given)
    assert (given == features).all()


def test_lsh_projects_centred_features(clusters):
    features, _ = clusters
    project = baselines.fit("lsh", features, 64, 0)
    np.testing.assert_allclose(project(features).mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(project(features.mean(axis=0, keepdims=True)), 0, atol=1e-4)
    # The share of bits in which two rows differ is their angle over pi, of centred rows.
    centred = features - features.mean(axis=0)
    lengths = np.linalg.norm(centred, axis=1)
    angles = np.arccos(np.clip(centred @ centred.T / np.outer(lengths, lengths), -1, 1)) / np.pi
    codes = baselines.fit("lsh", features, 1024, 0)(features[:50]) > 0
    np.testing.assert_allclose((codes[:, None] != codes).mean(axis=2), angles[:50, :50], atol=0.09)


def test_pca_gives_the_principal_components(clusters):
    features, _ = clusters
    found, expected = baselines.fit("pca", features, BITS, 0)(features), components(features, BITS)
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-4)


def test_itq_comes_as_close_to_its_signs_as_a_plain_one(clusters):
    features, _ = clusters
    projected = components(features, BITS)
    found = [quantisation_error(baselines.fit("itq", features, BITS, seed)(features)) for seed in range(3)]
    plain = [itq_error(projected, seed) for seed in range(3)]
    assert max(found) < quantisation_error(projected)
    np.testing.assert_allclose(found, plain, rtol=0.01)
    assert max(found) < faiss_error(projected)


def faiss_error(projected: np.ndarray) -> float:
    turn = faiss.ITQMatrix(BITS)
    turn.train(projected.astype(np.float32))
    return quantisation_error(turn.apply(projected.astype(np.float32)))


def test_itq_only_turns_the_principal_components(clusters):
    features, _ = clusters
    found, expected = baselines.fit("itq", features, BITS, 0)(features), components(features, BITS)
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=1e-3)


@pytest.mark.parametrize("name", ["itq", "pca"])
def test_more_bits_than_dimensions_are_refused(name, clusters):
    features, _ = clusters
    with pytest.raises(InputError, match=f"--bits=32: too many for {name}, as the features have 24 dimensions"):
        baselines.fit(name, features, 32, 0)
    with pytest.raises(InputError, match=f"--bits=16: too many for {name}, as there are 10 features to fit to"):
        baselines.fit(name, features[:10], 16, 0)


def test_lsh_has_as_many_bits_as_one_likes(clusters):
    features, _ = clusters
    assert baselines.fit("lsh", features, 64, 0)(features).shape == (400, 64)


def test_an_unknown_one_is_named(clusters):
    with pytest.raises(InputError, match="unknown baseline 'lhs': did you mean lsh"):
        baselines.fit("lhs", clusters[0], 16, 0)
