"""Canonical correlation: directions in which two kinds of features of the same things go along with each other."""

from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError
from hashing import baselines

_BLOCK = 4096  # rows in double precision at once
_SHRINK = 0.1  # of the mean variance, added to every variance: few pairs say little of many features


@dataclass(frozen=True)
class Projection:
    """Rows (N, D) of one kind to the common space (N, K): less their mean, times ``directions`` (D, K)."""

    mean: np.ndarray
    directions: np.ndarray

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        blocks = (rows[first : first + _BLOCK] for first in range(0, max(len(rows), 1), _BLOCK))
        return np.concatenate([((block - self.mean) @ self.directions).astype(np.float32) for block in blocks])


def fit(one: np.ndarray, other: np.ndarray, dims: int, *, shrink: float = _SHRINK) -> tuple[Projection, Projection]:
    """Projections of both kinds onto the first ``dims`` pairs of directions, each scaled by their correlation.

    one (N, D), other (N, E) : rows of what belongs together
    shrink : so much of the mean variance of a kind is added to its variances; at 0 it is plain CCA

    Hotelling, "Relations between two sets of variates", 1936; scaled as by Gong and Lazebnik (CVPR 2011) before ITQ.
    Raises InputError for more dimensions than there are.
    """
    most = min(len(one), one.shape[1], other.shape[1])
    if dims > most:
        sizes = f"{len(one):,} pairs of {one.shape[1]} and {other.shape[1]} numbers"
        raise InputError(f"--bits={dims}: too many for cca-itq of {sizes}; give at most {most}")
    means = [part.mean(axis=0, dtype=np.float64) for part in (one, other)]
    centred = [part - mean for part, mean in zip((one, other), means, strict=True)]
    whiten = [_whitening(part, shrink) for part in centred]
    across = whiten[0].T @ (centred[0].T @ centred[1] / len(one)) @ whiten[1]
    left, correlations, right = np.linalg.svd(across, full_matrices=False)
    scale = correlations[:dims]
    directions = (whiten[0] @ left[:, :dims] * scale, whiten[1] @ right[:dims].T * scale)
    return tuple(Projection(mean, found) for mean, found in zip(means, directions, strict=True))


def _whitening(centred: np.ndarray, shrink: float) -> np.ndarray:
    """(D, D) W with W' (C + shrinkage) W = I for the covariance C of rows without their mean."""
    covariance = centred.T @ centred / len(centred)
    more = shrink * np.trace(covariance) / len(covariance) or 1e-12
    values, vectors = np.linalg.eigh(covariance)
    return vectors / np.sqrt(np.maximum(values, 1e-12 * values.max()) + more)


def cca_itq(one: np.ndarray, other: np.ndarray, bits: int, seed: int) -> tuple[baselines.Hash, baselines.Hash]:
    """Hash functions of both kinds that know no labels: CCA, then one rotation by ITQ for the two.

    Each turns rows into activations (N, bits); errors as of ``fit``.
    """
    projections = fit(one, other, bits)
    both = np.concatenate([project(rows) for project, rows in zip(projections, (one, other), strict=True)])
    turn = baselines.fit("itq", both, bits, seed)
    first, second = projections
    return lambda rows: turn(first(rows)), lambda rows: turn(second(rows))
