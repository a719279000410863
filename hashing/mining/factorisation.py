"""Codes of training images from their similarity alone: (N, N) of 1 and -1, factorised by coordinate descent.

The first stage of CNNH (Xia et al., AAAI 2014): H (N, K), in [-1, 1], brings |S - H H' / K|^2 down, one entry after
another by a Newton step; the codes are its signs. S is never made: images of the same labels have the same row of it,
so that a product with a column of H is one of sums over such groups of images.
"""

from typing import NamedTuple

import numpy as np

from datasets.compiled import compiled

_SWEEPS = 5  # over all entries
_HALVINGS = 8  # of a step that would not bring the objective down, before it is left out


class Groups(NamedTuple):
    """Images by their labels, and which of these groups are similar.

    group (N,) : int64, of each image, 0 ... U - 1
    starts (U + 1,), similar (E,) : int64, those similar to group u are ``similar[starts[u] : starts[u + 1]]``
    itself (U,) : float64, 1 where images of the group are similar to each other, else -1
    """

    group: np.ndarray
    starts: np.ndarray
    similar: np.ndarray
    itself: np.ndarray


def codes(labels: np.ndarray, bits: int, rng: np.random.Generator) -> np.ndarray:
    """(N, bits) uint8 of 0 and 1, for images of ``labels`` (N,), or (N, L) of which a shared one makes similar.

    An image without any label is similar to none. Chance draws where H begins and the order of its entries.
    """
    return (factorised(labels, bits, rng)[0] > 0).astype(np.uint8)


def factorised(
    labels: np.ndarray, bits: int, rng: np.random.Generator, *, sweeps: int = _SWEEPS
) -> tuple[np.ndarray, np.ndarray]:
    """H (N, bits) float64, and (sweeps,) by how much each sweep has brought |K S - H H'|^2 down, never up."""
    groups = grouped(labels)
    made = rng.uniform(-1, 1, (len(labels), bits))
    gram, sums = made.T @ made, np.zeros((len(groups.itself), bits))
    np.add.at(sums, groups.group, made)
    falls = [_sweep(made, gram, sums, sums.sum(axis=0), groups, rng.permutation(made.size)) for _ in range(sweeps)]
    return made, np.array(falls)


def grouped(labels: np.ndarray) -> Groups:
    """The images of ``labels`` (N,), or (N, L) of ones and zeros, by their labels."""
    sets, group = np.unique(labels, axis=0, return_inverse=True)
    count = len(sets)
    if labels.ndim == 1:
        pairs = np.arange(count), np.arange(count)
    else:
        shared = sets.astype(np.float32)
        pairs = np.nonzero(shared @ shared.T > 0)
    itself = np.full(count, -1.0)
    itself[pairs[0][pairs[0] == pairs[1]]] = 1
    starts = np.searchsorted(pairs[0], np.arange(count + 1))
    return Groups(group.ravel().astype(np.int64), starts.astype(np.int64), pairs[1].astype(np.int64), itself)


@compiled
def _sweep(
    made: np.ndarray, gram: np.ndarray, sums: np.ndarray, total: np.ndarray, groups: Groups, order: np.ndarray
) -> float:
    """A step for each entry of ``made`` (N, K) in ``order``; how far |K S - made made'|^2 has fallen.

    gram : (K, K) made' made; sums : (U, K) of each group's rows; total : (K,) of all rows; all are kept right
    """
    bits, fallen = made.shape[1], 0.0
    for place in order:
        i, k = place // bits, place % bits
        u, entry = groups.group[i], made[i, k]
        near = 0.0
        for other in groups.similar[groups.starts[u] : groups.starts[u + 1]]:
            near += sums[other, k]
        residual = -bits * groups.itself[u]  # of the image with itself
        along = -bits * (2 * near - total[k])  # the image's residuals times the column
        for m in range(bits):
            residual += made[i, m] ** 2
            along += made[i, m] * gram[m, k]
        curvature = gram[k, k] + entry**2 + residual
        step = -along / curvature if curvature > 0 else -np.sign(along)
        step = min(max(step, -1 - entry), 1 - entry)
        for _ in range(_HALVINGS):
            change = _change(step, entry, along, residual, gram[k, k])
            if change <= 0:
                break
            step /= 2
        if change > 0:
            continue
        fallen -= change
        for m in range(bits):
            gram[m, k] += step * made[i, m]
            gram[k, m] = gram[m, k]
        gram[k, k] += step * entry + step**2  # once for the column and once for the row, and the square
        made[i, k] += step
        sums[u, k] += step
        total[k] += step
    return fallen


@compiled
def _change(step: float, entry: float, along: float, residual: float, squares: float) -> float:
    """What ``step`` adds to the objective: the image with each other twice, and with itself."""
    others = 4 * step * (along - residual * entry) + 2 * step**2 * (squares - entry**2)
    return others + (residual + 2 * step * entry + step**2) ** 2 - residual**2
