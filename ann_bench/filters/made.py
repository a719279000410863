"""Made filters, for sets without attributes: a share of the rows, at random, or on the query's side or the other."""

from collections.abc import Sequence

import numpy as np

from datasets.attributes.condition import Between
from datasets.attributes.filter import Filter
from datasets.errors import InputError
from datasets.vectors import rows
from datasets.vectors.base import VectorSet

RANDOM, NEAR, FAR = KINDS = ("made", "made_near", "made_far")
_COLUMNS = {RANDOM: "made_random", NEAR: "made_side", FAR: "made_side"}
_BLOCK = 1 << 16


def shares(name: str, text: str) -> list[float]:
    """ "0.1,0.01" as shares of the rows; raises InputError naming what is none."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = [0.0]
    if not all(0 < share <= 1 for share in found):
        raise InputError(f"--filter={name}:{text}: must be shares of the rows, above 0 and at most 1: {name}:0.5,0.01")
    return found


def column(name: str, vector_set: VectorSet, seed: int) -> tuple[str, np.ndarray]:
    """The attribute that a made filter asks for, and its name: (G,) int64, every row's rank from 0.

    made : in a random order; made_near, made_far : along the line through two random rows, as trees part them
    """
    count = len(vector_set.gallery)
    if name == RANDOM:
        return _COLUMNS[name], np.random.default_rng(seed).permutation(count)
    order = np.argsort(_side(vector_set.gallery, vector_set, seed), kind="stable")
    ranks = np.empty(count, np.int64)
    ranks[order] = np.arange(count)
    return _COLUMNS[name], ranks


def filters(name: str, wanted: Sequence[float], vector_set: VectorSet, seed: int) -> list[Filter]:
    """A filter a share. Along the line the rows fall into parts of that share; a query asks for its own, or the one
    farthest from it in rank: the filter is correlated with nearness, or against it.
    """
    queries, count = len(vector_set.queries), len(vector_set.gallery)
    if name == RANDOM:
        return [_parts(name, share, count, np.zeros(queries, np.int64)) for share in wanted]
    gallery = np.sort(_side(vector_set.gallery, vector_set, seed))
    places = np.searchsorted(gallery, _side(vector_set.queries, vector_set, seed)) / count
    places = places if name == NEAR else (places + 0.5) % 1
    return [_parts(name, share, count, (places / share).astype(np.int64)) for share in wanted]


def _parts(name: str, share: float, count: int, part: np.ndarray) -> Filter:
    """Queries (Q,) that ask for the rows of a part of that share each; the last parts end with the last row."""
    size = max(1, round(share * count))
    different, of_query = np.unique(np.minimum(part * size, count - size), return_inverse=True)
    conditions = (Between(_COLUMNS[name], int(low), int(low) + size, below=True) for low in different)
    title, text = f"{name.replace('_', ' ')} {share:g}", f"{name}:{share:g}"
    return Filter(title, tuple(conditions), of_query.astype(np.int64), text)


def _side(vectors: np.ndarray, vector_set: VectorSet, seed: int) -> np.ndarray:
    """(N,) how far vectors lie along the line through two rows of the gallery."""
    one, other = _numbers(rows.sample(vector_set.gallery, 2, seed=seed), vector_set.metric)
    parts = (_numbers(block, vector_set.metric) @ (other - one) for _, block in rows.blocks(vectors, _BLOCK))
    return np.concatenate(list(parts))


def _numbers(vectors: np.ndarray, metric: str) -> np.ndarray:
    """Rows as floats; bits as 0 and 1."""
    if metric == "hamming":
        return np.unpackbits(vectors, axis=1).astype(np.float32)
    return rows.prepared(vectors, metric)
