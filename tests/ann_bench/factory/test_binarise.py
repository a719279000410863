"""Codes of float rows: their bits against the plain formula, and what they promise about distances."""

import faiss
import numpy as np
import pytest

from ann_bench.factory import binarise

DRAW = np.random.default_rng(0)
SAMPLE = (DRAW.normal(size=(3000, 16)) @ DRAW.normal(size=(16, 32)) + 3).astype(np.float32)


def bits(packed):
    return np.unpackbits(packed, axis=1).astype(bool)


@pytest.mark.parametrize("kind, count", [("ITQ", 16), ("RR", 16), ("RR", 64)])
def test_codes_are_packed_signs(kind, count):
    transform = binarise.KINDS[kind](SAMPLE, count, seed=1)
    codes = binarise.codes(transform, SAMPLE[:100])
    assert codes.shape == (100, count // 8) and codes.dtype == np.uint8
    projected = transform.apply(SAMPLE[:100])
    for row in range(100):
        for bit in range(count):
            assert (codes[row, bit // 8] >> (7 - bit % 8)) & 1 == (projected[row, bit] > 0)


def test_random_rotation_is_one_about_the_mean():
    transform = binarise.random_rotation(SAMPLE, 32, seed=1)
    centred = SAMPLE - SAMPLE.mean(axis=0)
    np.testing.assert_allclose(
        np.linalg.norm(transform.apply(SAMPLE), axis=1), np.linalg.norm(centred, axis=1), rtol=1e-3
    )


def test_differing_bits_of_a_random_rotation_tell_the_angle():
    pair = DRAW.normal(size=(2, 32)).astype(np.float32)
    mean = SAMPLE.mean(axis=0)
    angle = np.arccos(pair[0] @ pair[1] / np.linalg.norm(pair[0]) / np.linalg.norm(pair[1]))
    differing = []
    for seed in range(40):
        codes = bits(binarise.codes(binarise.random_rotation(SAMPLE, 64, seed=seed), pair + mean))
        differing.append((codes[0] != codes[1]).mean())
    assert np.mean(differing) == pytest.approx(angle / np.pi, abs=0.03)


def test_itq_signs_lie_nearer_than_those_of_the_principal_directions():
    """What ITQ minimises: how far the projected rows, of unit length before, are from their signs."""
    itq = binarise.itq(SAMPLE, 8, seed=1)
    unit = SAMPLE - faiss.vector_to_array(itq.mean)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    directions = np.linalg.svd(unit - unit.mean(axis=0), full_matrices=False)[2][:8]
    principal = (unit - unit.mean(axis=0)) @ directions.T
    rotated = itq.apply(SAMPLE)
    np.testing.assert_allclose(np.linalg.norm(rotated, axis=1), np.linalg.norm(principal, axis=1), rtol=0.05)

    def loss(rows):
        scale = np.abs(rows).mean()
        return ((rows - scale * np.sign(rows)) ** 2).sum() / (rows**2).sum()

    assert loss(rotated) < 0.95 * loss(principal)


@pytest.mark.parametrize("kind", ("ITQ", "RR"))
def test_the_seed_decides(kind):
    one, same, other = (binarise.codes(binarise.KINDS[kind](SAMPLE, 16, seed=seed), SAMPLE) for seed in (1, 1, 2))
    assert (one == same).all() and (one != other).any()


def test_near_rows_have_near_codes():
    near = SAMPLE + 0.02 * DRAW.normal(size=SAMPLE.shape).astype(np.float32) * SAMPLE.std()
    for kind in binarise.KINDS:
        transform = binarise.KINDS[kind](SAMPLE, 16, seed=0)
        codes = bits(binarise.codes(transform, SAMPLE))
        assert (codes != bits(binarise.codes(transform, near))).mean() < 0.05
        assert 0.4 < (codes != codes[DRAW.permutation(len(codes))]).mean() < 0.6
