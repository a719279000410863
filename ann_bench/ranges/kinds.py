"""Kinds of queries: some of the gallery's kind beside those of a set, and how far from the gallery they lie."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.stored import from_file
from datasets.vectors import rows
from datasets.vectors.base import VectorSet

NEAREST, TIMES, OUTSIDE = "nearest neighbor", "times as far", "outside of the gallery"
OFFSET = "offset from the gallery"

_QUANTILE = 0.99  # of the gallery's own queries lie nearer to it than the border
_SAMPLED = 20_000  # rows by which centre and spread are told


def of_gallery(vector_set: VectorSet, *, seed: int) -> VectorSet:
    """The set with random rows of its gallery in place of its queries, as many, none of which finds itself."""
    asking = rows.sample_ids(len(vector_set.gallery), len(vector_set.queries), seed)
    return replace(_without_queries(vector_set, rows.take(vector_set.gallery, asking)), query_rows=asking)


def of_file(vector_set: VectorSet, path: Path) -> VectorSet:
    """The set with the queries of a file; raises InputError, naming it, where they do not fit."""
    queries = from_file.rows_of(path)
    if queries.shape[1] != vector_set.gallery.shape[1]:
        width = vector_set.gallery.shape[1]
        raise InputError(f"--near-queries={path}: has {queries.shape[1]} dimensions, {vector_set.name} {width}")
    try:
        return _without_queries(vector_set, queries)
    except ValueError as error:
        raise InputError(f"--near-queries={path}: {error}") from error


def _without_queries(vector_set: VectorSet, queries: np.ndarray) -> VectorSet:
    """Other queries, of which nothing is known but their vectors."""
    unknown = {"query_labels": None, "query_cameras": None, "query_rows": None, "neighbors": None, "distances": None}
    return replace(vector_set, queries=queries, query_paths=(), **unknown)


def facts(asked: VectorSet, near: VectorSet) -> Mapping[str, float]:
    """How far queries lie from the gallery; both sets with their true neighbors.

    NEAREST : the mean distance to the nearest neighbor, of inner products its product
    TIMES : as many times as far as those of ``near``; inner products, which may be negative, have no ratio
    OUTSIDE : the share whose nearest neighbor is farther than those of 99 in 100 of ``near``
    OFFSET : from the gallery's centre to theirs, in units of how far the gallery's rows lie from its centre (root of
        the mean square); bits have no centre
    """
    assert asked.distances is not None and near.distances is not None
    mine, theirs = asked.distances[:, 0], near.distances[:, 0]
    found = {NEAREST: float(mine.mean())}
    if asked.metric == "inner_product":
        found[OUTSIDE] = float((mine < np.quantile(theirs, 1 - _QUANTILE)).mean())
    else:
        found[OUTSIDE] = float((mine > np.quantile(theirs, _QUANTILE)).mean())
        found |= {TIMES: float(mine.mean() / theirs.mean())} if theirs.mean() > 0 else {}
    return found if asked.metric == "hamming" else {**found, OFFSET: _offset(asked)}


def _offset(vector_set: VectorSet) -> float:
    gallery, queries = (
        rows.prepared(rows.sample(part, _SAMPLED, seed=0), vector_set.metric).astype(np.float64)
        for part in (vector_set.gallery, vector_set.queries)
    )
    centre = gallery.mean(axis=0)
    spread = np.sqrt(((gallery - centre) ** 2).sum(axis=1).mean())
    return float(np.linalg.norm(queries.mean(axis=0) - centre) / spread) if spread else 0.0
