"""Signs: codes of bits as rows of unit length, so that whoever asks adds, subtracts and compares them like others.

The cosine of two such rows is 1 - 2 h / K, of K bits of which h differ.
"""

import numpy as np

from hashing import codes


def rows(bits: np.ndarray) -> np.ndarray:
    """(N, K) float32 unit rows of bits (N, K) bool."""
    return np.where(bits, 1, -1).astype(np.float32) / np.sqrt(np.float32(bits.shape[1]))


def of_codes(packed: np.ndarray) -> np.ndarray:
    """The same of codes (N, K / 8) uint8."""
    return rows(codes.unpack(packed))


def packed(rows: np.ndarray) -> np.ndarray:
    """The codes (N, K / 8) uint8 whose bits are the signs of rows (N, K)."""
    return codes.pack(rows)


def cosines(differing: np.ndarray, bits: int) -> np.ndarray:
    """Of numbers of differing bits, infinite where there is no neighbor."""
    return (1 - 2 * differing / bits).astype(np.float32)
