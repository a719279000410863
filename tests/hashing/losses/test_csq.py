"""Central similarity: its centres, and the loss against its formula, value and gradient."""

import numpy as np
import pytest

from hashing.losses.csq import CSQLoss, hash_centres


def plain(z, batch, centres, ties, quantization):
    """One image and bit at a time, from probabilities."""
    terms, rounding = [], []
    for row, label in zip(z, batch.labels, strict=True):
        labels = [label] if batch.labels.ndim == 1 else np.flatnonzero(label)
        votes = sum((centres[i] for i in labels), np.zeros(len(row)))
        for k, value in enumerate(row):
            bit = np.sign(votes[k]) or np.sign(ties[k])
            p = 1 / (1 + np.exp(-2 * value))
            if len(labels):
                terms.append(-np.log(p if bit > 0 else 1 - p))
            rounding.append(np.log(np.cosh(np.abs(2 * p - 1) - 1)))
    return np.mean(terms or [0]) + quantization * np.mean(rounding)


@pytest.mark.parametrize("quantization", [1e-4, 2.0])
def test_equals_the_formula(equals_plain, batch, quantization):
    loss = CSQLoss(bits=8, classes=batch.classes)
    centres, ties = (param.value.asnumpy() for param in (loss.centres, loss.ties))
    equals_plain(CSQLoss, batch, lambda z: plain(z, batch, centres, ties[0], quantization), quantization=quantization)


@pytest.mark.parametrize("classes", [1, 10, 64, 128])
def test_hadamard_centres_differ_in_half_of_the_bits_or_in_all(classes):
    centres = hash_centres(classes, 64, seed=0)
    products = centres @ centres.T - 64 * np.eye(classes)
    assert set(np.unique(products)) <= {0, -64}


@pytest.mark.parametrize(("classes", "bits"), [(10, 48), (200, 64), (100, 24)])
def test_other_centres_have_half_of_their_bits_and_are_far_apart(classes, bits):
    centres = hash_centres(classes, bits, seed=0)
    assert (centres.sum(axis=1) == 0).all()
    apart = (bits - centres @ centres.T) / 2 + bits * np.eye(classes)
    assert apart.min() >= bits / 6
    assert (centres == hash_centres(classes, bits, seed=0)).all()
    assert (centres != hash_centres(classes, bits, seed=1)).any()
