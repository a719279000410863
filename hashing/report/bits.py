"""What the bits of codes are like: how often each is one, and how far each goes along with the others."""

from collections.abc import Iterator

import numpy as np

from hashing.codes import unpack

_BLOCK = 1 << 16  # codes that are unpacked at a time


def balance(codes: np.ndarray) -> np.ndarray:
    """(K,) the share of codes (N, K / 8) in which each bit is one; a half carries the most."""
    ones = sum(bits.sum(axis=0, dtype=np.int64) for bits in _blocks(codes))
    return ones / len(codes)


def correlation(codes: np.ndarray) -> np.ndarray:
    """(K, K) Pearson's correlation of the bits of codes (N, K / 8).

    A bit that never changes has 0 with all bits, itself included.
    """
    shares = balance(codes)
    both = sum(bits.T @ bits for bits in (block.astype(np.float64) for block in _blocks(codes)))
    covariance = both / len(codes) - np.outer(shares, shares)
    deviations = np.sqrt(shares * (1 - shares))
    scale = np.outer(deviations, deviations)
    return np.divide(covariance, scale, out=np.zeros_like(covariance), where=scale > 0).clip(-1, 1)


def _blocks(codes: np.ndarray) -> Iterator[np.ndarray]:
    return (unpack(codes[start : start + _BLOCK]) for start in range(0, len(codes), _BLOCK))
