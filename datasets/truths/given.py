"""Given truth: true neighbors under a filter that somebody else found, held against ours."""

import numpy as np

from datasets.errors import InputError
from datasets.vectors import exact
from datasets.vectors.base import VectorSet

_RELATIVE, _ABSOLUTE = 1e-4, 1e-6  # by how much distances may differ that were computed elsewhere
_WRONG = 0.01  # the share of neighbors that may be others: what rounding elsewhere may have done


def check(given: VectorSet, found: VectorSet, file: str) -> None:
    """Raises InputError where the ``given`` neighbors of a set are not as near as those ``found`` (Q, k) for it.

    Both end in -1 where fewer pass. Of the given ones the first k count; ties in another order do no harm.
    """
    neighbors, true, metric = given.neighbors, found.neighbors, found.metric
    assert neighbors is not None and true is not None and found.distances is not None
    k = min(neighbors.shape[1], true.shape[1])
    neighbors, true, distances = neighbors[:, :k], true[:, :k], found.distances[:, :k]
    counts, wanted = (neighbors >= 0).sum(axis=1), (true >= 0).sum(axis=1)
    if (counts != wanted).any():
        query = int((counts != wanted).argmax())
        raise InputError(
            f"--truth={file}: has {counts[query]} neighbors of query {query}, of which {wanted[query]} among the first"
            f" {k} pass the filter; it is of another filter, or of other attributes"
        )
    said = np.sort(exact.between(given.queries, given.gallery, neighbors, metric=metric), axis=1)
    with np.errstate(invalid="ignore"):
        off = np.abs(said - np.sort(distances, axis=1)) > _RELATIVE * np.abs(said) + _ABSOLUTE
    off &= np.isfinite(said)
    if off.mean() > _WRONG:
        query = int(off.any(axis=1).argmax())
        raise InputError(
            f"--truth={file}: the neighbors of query {query} are not the nearest that pass ({metric}); it is of another"
            " filter, of other vectors or of another metric"
        )
