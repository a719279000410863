"""Vectors of pictures of a snapshot as floats, whatever it keeps."""

import numpy as np

from web.serving.snapshot import Snapshot


def floats(snapshot: Snapshot, rows: np.ndarray) -> np.ndarray:
    """The vectors (n, D) float32 of rows (n,); packed bits as -1 and 1."""
    found = np.asarray(snapshot.vectors[rows])
    if found.dtype == np.uint8:
        return np.unpackbits(found, axis=1).astype(np.float32) * 2 - 1
    return found.astype(np.float32, copy=False)


def nearest(snapshot: Snapshot, vector: np.ndarray, count: int) -> np.ndarray:
    """The numbers of the pictures nearest to a vector (D,) float32, no more than ``count``, nearest first."""
    numbers, _scores = snapshot.search(vector[None], min(count, len(snapshot)))
    return numbers[0][numbers[0] >= 0]


def mean(vectors: np.ndarray) -> np.ndarray:
    """The mean (D,) of vectors (n, D), at unit length."""
    middle = vectors.mean(axis=0)
    return middle / max(float(np.linalg.norm(middle)), 1e-30)
