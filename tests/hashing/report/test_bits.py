"""Balance and correlation of bits: against numpy's own over unpacked bits."""

import numpy as np

from hashing.report import bits


def codes(count: int = 300) -> np.ndarray:
    """24 bits: the second repeats the first, the third is its contrary, the fourth never changes."""
    draw = np.random.default_rng(0)
    ones = draw.random((count, 24)) < draw.random(24)
    ones[:, 1], ones[:, 2], ones[:, 3] = ones[:, 0], ~ones[:, 0], True
    return np.packbits(ones, axis=1)


def test_balance_is_the_share_of_ones():
    plain = np.unpackbits(codes(), axis=1).mean(axis=0)
    np.testing.assert_allclose(bits.balance(codes()), plain, atol=1e-12)
    assert bits.balance(codes())[3] == 1


def test_correlation_is_pearsons():
    found, changing = bits.correlation(codes()), np.arange(24) != 3
    plain = np.corrcoef(np.unpackbits(codes(), axis=1)[:, changing].T)
    np.testing.assert_allclose(found[np.ix_(changing, changing)], plain, atol=1e-9)
    assert found[0, 1] == 1 and found[0, 2] == -1
    assert (found[3] == 0).all() and (found[:, 3] == 0).all(), "a bit that never changes tells nothing"


def test_in_blocks_it_is_the_same(monkeypatch):
    whole = bits.balance(codes()), bits.correlation(codes())
    monkeypatch.setattr(bits, "_BLOCK", 7)
    np.testing.assert_allclose(bits.balance(codes()), whole[0], atol=1e-12)
    np.testing.assert_allclose(bits.correlation(codes()), whole[1], atol=1e-12)
