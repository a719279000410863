"""Tuples: a query, a positive, and negatives mined over a pool of images; which images train together in an epoch.

Radenovic, Tolias & Chum, "Fine-tuning CNN image retrieval with no human annotation", TPAMI 2018.
"""

from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.vectors import exact

_BLOCK = 256  # queries whose distances to the whole pool are held at a time


@dataclass(frozen=True)
class Drawn:
    """What an epoch is made of: pairs (Q, 2) of a query and a positive, and a pool (P,), all rows of the images."""

    pairs: np.ndarray
    pool: np.ndarray


def draw(images: ImageSet, *, seed: int, epoch: int, queries: int, pool: int) -> Drawn:
    """At most so many pairs of a query and a positive, no pair twice, and images for the pool, from the train part.

    Pairs come from the set's matches, or where it has none from its labels: an image and any other of its class.
    Raises InputError where there is none.
    """
    rng = np.random.default_rng((seed, epoch))
    known = images.matches
    found = _of_labels(images, queries, rng) if known is None else known[rng.permutation(len(known))[:queries]]
    if not len(found):
        raise InputError(f"dataset {images.name}: no two of its training images show the same; nothing can be learned")
    return Drawn(found, rng.permutation(images.train)[:pool])


def _of_labels(images: ImageSet, queries: int, rng: np.random.Generator) -> np.ndarray:
    """So many images, each with another of its class, (Q, 2)."""
    rows = rng.permutation(images.train)
    rows = rows[np.argsort(images.labels[rows], kind="stable")]  # by class, in an order of chance within each
    labels = images.labels[rows]
    starts, ends = (np.searchsorted(labels, labels, side=side) for side in ("left", "right"))
    asks = rng.permutation(np.flatnonzero(ends - starts > 1))[:queries]
    size = (ends - starts)[asks]
    other = starts[asks] + (asks - starts[asks] + rng.integers(1, size)) % size  # any but itself
    return np.stack([rows[asks], rows[other]], axis=1)


def hardest(
    queries: np.ndarray, of_queries: np.ndarray, pool: np.ndarray, of_pool: np.ndarray, *, count: int
) -> np.ndarray:
    """For each query the ``count`` nearest of the pool, hardest first, at most one of a label: (Q, count) int64.

    queries (Q, D), pool (P, D) : vectors; of_queries (Q,), of_pool (P,) : their labels. The query's own is left out, as
    are rows of the pool that are NaN. One comparison of all with all. Raises ValueError where the pool has too few
    labels.
    """
    there = np.flatnonzero(~np.isnan(pool).any(axis=1))
    order = there[np.argsort(of_pool[there], kind="stable")]
    names, starts = np.unique(of_pool[order], return_index=True)
    ends = np.append(starts[1:], len(order))
    fewest = len(names) - int(np.isin(of_queries, names).any())  # whose own label is among them
    if fewest < count:
        raise ValueError(f"{count} negatives of different labels cannot be mined from {fewest} others")
    sorted_pool, chosen = np.ascontiguousarray(pool[order]), np.empty((len(queries), count), np.int64)
    for rows, distances in exact.all_distances(queries, sorted_pool, block=_BLOCK):
        nearest = np.minimum.reduceat(distances, starts, axis=1)  # of each label
        nearest[names == of_queries[rows, None]] = np.inf
        labels = np.argsort(nearest, axis=1, kind="stable")[:, :count]
        for query, row in enumerate(range(rows.start, rows.stop)):
            within = (int(starts[k] + distances[query, starts[k] : ends[k]].argmin()) for k in labels[query])
            chosen[row] = order[list(within)]
    return chosen
