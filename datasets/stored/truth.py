"""The true nearest neighbors of a set: the published ones, or computed once, resumed after a kill, and kept on disk."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from datasets.cluster.connect import connect
from datasets.errors import InputError
from datasets.stored import blocks
from datasets.stored.blocks import Truth
from datasets.vectors import exact, rows
from datasets.vectors.base import VectorSet

_SAMPLE = 10_000  # gallery rows, and a tenth as many queries, that published neighbors are held against
_SEARCHED, _SEARCHED_ROWS = 20, 10_000_000  # so many queries are searched exactly, in a gallery of at most so many rows
_WRONG = 0.01  # the share of published neighbors that may be too far: what rounding elsewhere may have done


def with_truth(
    vector_set: VectorSet,
    k: int,
    *,
    cache: Path,
    progress: bool = True,
    cluster: str = "",
    load: Callable[[], VectorSet] | None = None,
) -> VectorSet:
    """The set with its true ``neighbors`` (Q, k) and their ``distances`` (Q, k), none of them the query itself.

    They are the set's own where those reach to k, else exact search's. Either way the distances are computed anew from
    the differences, and neighbors come in their order, the lower id first among equals; which of the rows that tie for
    the last place is found is not defined. The result stands in the folder ``cache`` by the set's fingerprint, and that
    of the neighbors where they are its own; a search that was killed goes on with what is missing (``blocks``).
    All vectors are looked through once for NaN.

    progress : whether a bar is shown where stderr is a terminal
    cluster, load : who searches, as ``--cluster`` says; its workers ``load`` the set and all see ``cache``

    Raises InputError where k is larger than the set, vectors are
    not finite, or the set's own neighbors are not its nearest: each is held against a sample of 10,000 gallery rows,
    and those of 20 queries against exact search where the gallery has no more than 10 million.
    """
    own = vector_set.own_rows
    room = len(vector_set.gallery) - bool((own >= 0).any())
    if not room:
        raise InputError(
            f"vectors {vector_set.name}: one row finds nothing besides itself; two rows or more are needed"
        )
    if not 1 <= k <= room:
        besides = "" if room == len(vector_set.gallery) else " besides the query itself"
        raise InputError(f"--k={k}: {vector_set.name} has {room} vectors to find{besides}; choose 1 to {room}")
    fingerprint, published, own_mark = vector_set.fingerprint(), _published(vector_set, k), mark(vector_set, k)
    name = f"{fingerprint}.{own_mark}" if own_mark else fingerprint
    found = _cached(cache, name, k)
    if found is None:
        if not any(cache.glob(f"{fingerprint}[.-]*")):
            vector_set.check_finite()
        if published is None:
            with connect(cluster) as pool:
                job = blocks.job(vector_set, k, cache / f"{name}-{k}.blocks", load if pool.remote else None)
                found = blocks.search(job, pool, progress=progress)
        else:
            found = _checked(vector_set, published)
        blocks.write(cache / f"{name}-{found[0].shape[1]}.npz", found)
        shutil.rmtree(cache / f"{name}-{k}.blocks", ignore_errors=True)
    neighbors, distances = (values[:, :k] for values in found)
    return replace(vector_set, neighbors=neighbors, distances=distances)


def mark(vector_set: VectorSet, k: int) -> str:
    """8 hexadecimal digits that tell the set's own neighbors from others; "" where ``with_truth`` computes them."""
    published = _published(vector_set, k)
    return "" if published is None else hashlib.sha256(published).hexdigest()[:8]


def _cached(cache: Path, name: str, k: int) -> Truth | None:
    """What stands in the cache, of k or more columns."""
    widths = {int(path.stem.partition("-")[2]): path for path in cache.glob(f"{name}-*.npz")}
    found = (blocks.read(widths[width]) for width in sorted(widths) if width >= k)
    return next((truth for truth in found if truth is not None), None)


def _published(vector_set: VectorSet, k: int) -> np.ndarray | None:
    """The set's own neighbors, where there are k of them for every query, none of them the query."""
    neighbors, own = vector_set.neighbors, vector_set.own_rows
    if neighbors is None or neighbors.shape[1] < k:
        return None
    if (neighbors < 0).any() or (neighbors == own[:, None]).any():
        return None
    return np.ascontiguousarray(neighbors)


def _checked(vector_set: VectorSet, published: np.ndarray) -> Truth:
    """Published neighbors in order, and their distances; raises InputError where they are not the nearest."""
    in_order = np.sort(published, axis=1)
    twice = (in_order[:, 1:] == in_order[:, :-1]).any(axis=1)
    if twice.any():
        raise InputError(
            f"vectors {vector_set.name}: query {int(twice.argmax())} has a row twice among its true neighbors; leave"
            " them out, or name the right file"
        )
    found = blocks.in_order(vector_set.queries, vector_set.gallery, published, vector_set.metric)
    _check_by_sample(vector_set, *found)
    if len(vector_set.gallery) <= _SEARCHED_ROWS:
        _check_by_search(vector_set, *found)
    return found


def _check_by_sample(vector_set: VectorSet, neighbors: np.ndarray, distances: np.ndarray) -> None:
    """Raises InputError where a random gallery row is nearer than the farthest published neighbor, yet none of them."""
    metric, gallery = vector_set.metric, vector_set.gallery
    asked = rows.sample_ids(len(neighbors), _SAMPLE // 10, seed=0)
    others = rows.sample_ids(len(gallery), _SAMPLE, seed=0)
    queries = rows.take(vector_set.queries, asked)
    nearest, _ = exact.search(queries, rows.take(gallery, others), 1, metric=metric)
    ids, bound = others[nearest], distances[asked, -1:]
    near = exact.between(queries, gallery, ids, metric=metric)
    slack = 1e-3 * (np.abs(bound) + np.abs(near)) + 1e-6
    nearer = near - slack > bound if metric == "inner_product" else near + slack < bound
    missed = nearer & ~(neighbors[asked] == ids).any(axis=1, keepdims=True) & (ids != vector_set.own_rows[asked, None])
    if missed.any():
        row = int(missed.argmax())
        raise _nearer(vector_set, ids[row, 0], asked[row])


def _check_by_search(vector_set: VectorSet, neighbors: np.ndarray, distances: np.ndarray) -> None:
    """Raises InputError where too many published neighbors of some queries are farther than those of exact search."""
    metric, gallery, largest = vector_set.metric, vector_set.gallery, vector_set.metric == "inner_product"
    asked = rows.sample_ids(len(neighbors), _SEARCHED, seed=1)
    queries, own = rows.take(vector_set.queries, asked), vector_set.own_rows[asked]
    exclude = own if (own >= 0).any() else None
    ids, _ = exact.search(queries, gallery, neighbors.shape[1], metric=metric, exclude=exclude)
    ids, near = blocks.in_order(queries, gallery, ids, metric)
    bound, reached = near[:, -1:].astype(np.float64), distances[asked]
    if metric == "euclidean":  # where |x|^2 - 2xy + |y|^2 is off by the length, squared, in the last digits
        length = np.linalg.norm(queries.astype(np.float64), axis=1, keepdims=True)
        slack = np.sqrt(bound**2 + 1e-6 * length**2) - bound
    else:
        slack = 1e-5 * np.abs(bound) + 1e-6
    far = reached < bound - slack if largest else reached > bound + slack
    if far.mean() > _WRONG:
        row = int(far.sum(axis=1).argmax())
        missing = ids[row][~np.isin(ids[row], neighbors[asked[row]])]
        raise _nearer(vector_set, missing[0], asked[row])


def _nearer(vector_set: VectorSet, row: int, query: int) -> InputError:
    return InputError(
        f"vectors {vector_set.name}: row {row} is nearer to query {query} ({vector_set.metric}) than its true"
        " neighbors: they belong to other vectors or to another metric; leave them out, or name the right file"
    )
