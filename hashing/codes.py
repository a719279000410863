"""Codes: the signs of activations as packed bits, (N, bits / 8) uint8, in the order of ``np.packbits``.

A bit is 1 where the activation is above 0; the first activation is the highest bit of the first byte.

A code of one-hot blocks (SuBiC) is packed the same way, 256 bits for each of its bytes, one of which is 1: two such
codes differ in two bits for every byte that differs, so that Hamming search finds what it should.
"""

import numpy as np

from datasets.errors import InputError

BLOCK = 256  # units of a one-hot block, which is worth a byte

_FEWEST, _MOST = 8, 1024


def check_bits(bits: int) -> None:
    """Raises InputError unless codes can be that long: a multiple of 8 from 8 to 1024."""
    if bits % 8 or not _FEWEST <= bits <= _MOST:
        raise InputError(f"--bits={bits}: must be a multiple of 8 from {_FEWEST} to {_MOST}")


def pack(activations: np.ndarray) -> np.ndarray:
    """Codes (N, K / 8) uint8 of activations (N, K), real numbers.

    Raises ValueError for a K that is no multiple of 8, and InputError where an activation is NaN, which has no sign.
    """
    if activations.shape[1] % 8:
        raise ValueError(f"{activations.shape[1]} activations make no whole bytes")
    lost = np.isnan(activations).any(axis=1)
    if lost.any():
        which = f"{lost.sum()} of {len(lost)} rows of activations hold NaN, the first is row {lost.argmax()}"
        raise InputError(f"{which}: the training diverged, lower --lr")
    return np.packbits(activations > 0, axis=1)


def unpack(codes: np.ndarray) -> np.ndarray:
    """Bits (N, K) bool of codes (N, K / 8) uint8."""
    return np.unpackbits(codes, axis=1).astype(bool)


def words(codes: np.ndarray) -> np.ndarray:
    """(N, W) uint64: a copy of codes (N, bytes) uint8 in whole words of 8 bytes, with zeros behind the last.

    The order of bits within a word is the machine's; it is the same for all codes, so that distances hold.
    """
    padded = np.zeros((len(codes), -(-codes.shape[1] // 8) * 8), np.uint8)
    padded[:, : codes.shape[1]] = codes
    return padded.view(np.uint64)
