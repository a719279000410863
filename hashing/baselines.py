"""Hash functions without training on labels: random projections, principal components, iterative quantisation.

They are what every trained method has to beat, on the same features.
"""

from collections.abc import Callable

import numpy as np
from sklearn.decomposition import PCA

from datasets.errors import InputError, unknown

_TURNS = 50  # of itq

Hash = Callable[[np.ndarray], np.ndarray]


def names() -> list[str]:
    """The names of all baselines."""
    return sorted(_FITS)


def fit(name: str, features: np.ndarray, bits: int, seed: int) -> Hash:
    """The baseline ``name`` fitted to features (N, D) float32: features (M, D) to activations (M, bits) float32.

    A bit is 1 where its activation is above 0. All take the mean of ``features`` away first.

    seed : of what is drawn: all of lsh, the first rotation of itq; pca draws nothing
    Raises InputError for an unknown name, and for more bits of pca or itq than the features have dimensions, or than
    there are features to fit to.
    """
    if name not in _FITS:
        raise unknown("baseline", name, names())
    features = np.ascontiguousarray(features, dtype=np.float32)
    return _FITS[name](features, bits, seed)


def _lsh(features: np.ndarray, bits: int, seed: int) -> Hash:
    """Signs of random projections (Charikar, "Similarity estimation techniques from rounding algorithms", 2002)."""
    directions = np.random.default_rng(seed).standard_normal((features.shape[1], bits), dtype=np.float32)
    mean = features.mean(axis=0)
    return lambda rows: (rows - mean) @ directions


def _pca(features: np.ndarray, bits: int, seed: int) -> Hash:
    """Signs of the first principal components."""
    return _components(features, bits, "pca").transform


def _itq(features: np.ndarray, bits: int, seed: int) -> Hash:
    """Signs of the first principal components, turned to lie close to their signs (Gong, Lazebnik, CVPR 2011).

    As in the paper: from a random rotation, 50 times the signs and then the rotation that is closest to them. Faiss's
    ITQMatrix ends farther from its signs, halfway to principal components that are not turned at all, and finds less.
    """
    components = _components(features, bits, "itq")
    rows = components.transform(features)
    turn = np.linalg.qr(np.random.default_rng(seed).standard_normal((bits, bits)))[0].astype(np.float32)
    for _ in range(_TURNS):
        left, _, right = np.linalg.svd(rows.T @ np.sign(rows @ turn))
        turn = left @ right
    return lambda rows: components.transform(rows) @ turn


def _components(features: np.ndarray, bits: int, name: str) -> PCA:
    count, dim = features.shape
    if bits > min(count, dim):
        few = f"the features have {dim} dimensions" if bits > dim else f"there are {count} features to fit to"
        raise InputError(f"--bits={bits}: too many for {name}, as {few}; give fewer bits, or leave {name} out")
    # By the covariance: a second for 10,000 features of 1,280 dimensions, where faiss.PCAMatrix takes half a minute.
    return PCA(bits, svd_solver="covariance_eigh").fit(features)


_FITS = {"itq": _itq, "lsh": _lsh, "pca": _pca}
