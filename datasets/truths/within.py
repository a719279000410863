"""Within: all pairs of a query and a gallery row within a radius, exactly; and the radius that gives so many."""

import shutil
from pathlib import Path

import numpy as np
from tqdm import tqdm

from datasets.errors import InputError
from datasets.truths import range_file
from datasets.truths.range_file import PairsWithin, ends_of
from datasets.vectors import exact, rows
from datasets.vectors.base import VectorSet

_BLOCK, _PART = 128, 1 << 16  # queries and gallery rows whose distances are held at a time
_KEPT = 1024  # queries that are not searched for again after a kill
_COMPARED = 1 << 22  # numbers of rows that are compared with their queries at a time
_ROUNDING = 2e-5  # of sums of products in single precision, as a share of the lengths
_SAMPLED, _SEARCHED = 256, 20  # queries by which a radius is chosen, and by which others' pairs are judged
_MOST = 50_000_000  # pairs of queries that are searched for together
_SLACK = 1e-4  # of a radius: what others may have rounded


def true_pairs(vector_set: VectorSet, radius: float, *, cache: Path, progress: bool = True) -> PairsWithin:
    """All pairs within ``radius``, ids ascending, none of a query with itself.

    radius : in the metric's units: the largest distance (euclidean not squared, 1 - cosine, differing bits), or the
        smallest inner product; a row exactly at the radius is within
    cache : the folder in which the pairs are kept, as ``range_file`` has them; a search that was killed goes on there

    Which rows come into question is found by products in single precision; which of these are within, by their
    differences in double precision. Raises InputError where vectors are not finite.
    """
    name = f"{vector_set.fingerprint()}-within-{float(radius)!r}"
    path, parts = cache / f"{name}.bin", cache / f"{name}.blocks"
    if path.is_file():
        return range_file.read(path)
    vector_set.check_finite()
    found, own = [], vector_set.own_rows
    starts = range(0, len(vector_set.queries), _KEPT)
    for start in tqdm(starts, unit="block", desc="true pairs", disable=not progress or None):
        part = parts / f"{start}.bin"
        if not part.is_file():
            asked = np.arange(start, min(start + _KEPT, len(vector_set.queries)))
            range_file.write(part, search(vector_set, radius, asked, own[asked]))
        found.append(range_file.read(part))
    counts = np.concatenate([one.counts for one in found])
    ids, distances = (np.concatenate([getattr(one, name) for one in found]) for name in ("ids", "distances"))
    range_file.write(path, PairsWithin(ends_of(counts), ids, distances))
    shutil.rmtree(parts, ignore_errors=True)
    return range_file.read(path)


def search(vector_set: VectorSet, radius: float, asked: np.ndarray, own: np.ndarray) -> PairsWithin:
    """The pairs of the queries ``asked`` (n,), of which none finds its ``own`` row (n,)."""
    queries, metric = rows.take(vector_set.queries, asked), vector_set.metric
    pairs, count = [], 0
    for first, part in rows.blocks(vector_set.gallery, _PART):
        bounds = _bounds(queries, part, radius, metric)
        for places, distances in exact.all_distances(queries, part, metric=metric, block=_BLOCK):
            query, row = np.nonzero(within(distances, bounds[places, None], metric))
            query, row = query + places.start, row + first
            other = row != own[query]
            pairs.append((query[other], row[other]))
            count += len(pairs[-1][0])
            if count > _MOST:
                raise InputError(
                    f"--radius={radius:g}: {_MOST:,} pairs of {len(asked)} queries are within, or more; too far"
                )
    query, row = (np.concatenate(of_parts) for of_parts in zip(*pairs, strict=True))
    distances = between(queries, vector_set.gallery, query, row, metric)
    inside = within(distances, radius, metric)
    query, row, distances = query[inside], row[inside], distances[inside]
    order = np.lexsort((row, query))
    counts = np.bincount(query, minlength=len(asked))
    return PairsWithin(ends_of(counts), row[order], distances[order].astype(np.float32))


def within(distances: np.ndarray, radius: np.ndarray | float, metric: str) -> np.ndarray:
    """Which distances are within a radius."""
    return distances >= radius if metric == "inner_product" else distances <= radius


def _bounds(queries: np.ndarray, gallery: np.ndarray, radius: float, metric: str) -> np.ndarray:
    """(n,) the radius of each query, widened by what rounding may have done."""
    if metric == "hamming":
        return np.full(len(queries), radius)
    if metric == "angular":
        return np.full(len(queries), radius + _ROUNDING)
    near = np.linalg.norm(queries.astype(np.float64), axis=1)
    far = np.linalg.norm(gallery.astype(np.float32, copy=False), axis=1).max(initial=0).astype(np.float64)
    if metric == "inner_product":
        return radius - _ROUNDING * near * far
    return np.sqrt(max(radius, 0) ** 2 + _ROUNDING * (near**2 + far**2))


def between(queries: np.ndarray, gallery: np.ndarray, query: np.ndarray, row: np.ndarray, metric: str) -> np.ndarray:
    """Distances (n,) float64 of pairs of places in ``queries`` and ``gallery``, from the rows themselves."""
    distances = np.empty(len(query))
    step = max(1, _COMPARED // max(1, queries.shape[1]))
    for start in range(0, len(query), step):
        part = slice(start, start + step)
        distances[part] = _between(queries[query[part]], rows.take(gallery, row[part]), metric)
    return distances


def _between(left: np.ndarray, right: np.ndarray, metric: str) -> np.ndarray:
    if metric == "hamming":
        return np.unpackbits(left ^ right, axis=1).sum(axis=1, dtype=np.float64)
    left, right = left.astype(np.float64), right.astype(np.float64)
    if metric == "euclidean":
        return np.linalg.norm(left - right, axis=1)
    products = np.einsum("nd,nd->n", left, right)
    if metric == "inner_product":
        return products
    lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return 1 - np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)


def radius_of_mean(vector_set: VectorSet, mean: float) -> float:
    """The radius within which 256 random queries have ``mean`` neighbors on average, to six digits.

    Raises InputError where that is more than the gallery has.
    """
    asked = rows.sample_ids(len(vector_set.queries), _SAMPLED, seed=0)
    queries, own = rows.take(vector_set.queries, asked), vector_set.own_rows[asked]
    exclude, metric = (own if (own >= 0).any() else None), vector_set.metric
    room, wanted = len(vector_set.gallery) - (exclude is not None), round(mean * len(asked))
    if not 1 <= wanted <= room * len(asked):
        raise InputError(f"--radius=mean:{mean:g}: must be above 0, and there are {room} rows to find")
    k = min(room, max(16, int(4 * mean)))
    while True:
        _, distances = exact.search(queries, vector_set.gallery, k, metric=metric, exclude=exclude)
        nearest = np.sort(distances, axis=None)
        radius = float(nearest[-wanted] if metric == "inner_product" else nearest[wanted - 1])
        if k == room or not within(distances[:, -1], radius, metric).any():  # else some have more than were looked at
            return float(f"{radius:.6g}")
        k = min(room, 4 * k)


def of_others(vector_set: VectorSet, radius: float, path: Path) -> PairsWithin:
    """The pairs of another's file, held against ours: every pair is within, and no pair of 20 queries is missing.

    Ids are sorted, distances computed anew. Raises InputError naming the file.
    """
    given = range_file.read(path)
    if len(given.counts) != len(vector_set.queries):
        raise InputError(f"{path}: has pairs of {len(given.counts)} queries, but there are {len(vector_set.queries)}")
    if len(given.ids) and not 0 <= given.ids.min() <= given.ids.max() < len(vector_set.gallery):
        raise InputError(f"{path}: names row {given.ids.max()}, the gallery has {len(vector_set.gallery)}")
    metric, query = vector_set.metric, given.asking
    order = np.lexsort((given.ids, query))
    ids = given.ids[order]
    distances = between(vector_set.queries, vector_set.gallery, query, ids, metric)
    slack = _SLACK * abs(radius) * (-1 if metric == "inner_product" else 1)
    wrong = ~within(distances, radius + slack, metric)
    if wrong.any():
        place = int(wrong.argmax())
        told = f"row {ids[place]} is at {distances[place]:.6g} from query {query[place]}"
        raise InputError(f"{path}: {told}, not within {radius:g}: the radius may be squared, or of another metric")
    asked = rows.sample_ids(len(vector_set.queries), _SEARCHED, seed=1)
    ours = search(vector_set, radius - slack, asked, vector_set.own_rows[asked])
    for place, one in enumerate(asked):
        missing = np.setdiff1d(ours.ids[ours.ends[place] : ours.ends[place + 1]], ids[query == one])
        if len(missing):
            raise InputError(f"{path}: row {missing[0]} is within {radius:g} of query {one} and is not there")
    return PairsWithin(given.ends, ids, distances.astype(np.float32))
