"""Kinds of queries: some of the gallery's kind beside those of a set, and how far from the gallery they lie.

A row that lies in an index is no query: a graph walks to the row itself and finds the row's own list of near ones.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files import whole
from datasets.stored import from_file
from datasets.vectors import rows
from datasets.vectors.base import VectorSet

NEAREST, TIMES, OUTSIDE = "nearest neighbor", "times as far", "outside of the gallery"
OFFSET = "offset from the gallery"

_QUANTILE = 0.99  # of the gallery's own queries lie nearer to it than the border
_SAMPLED = 20_000  # rows by which centre and spread are told
_HELD = 10  # one of so many rows is held out at most
_BLOCK = 1 << 17  # rows copied at a time


def held_out(vector_set: VectorSet, *, folder: Path, seed: int) -> tuple[VectorSet, VectorSet]:
    """The set without random rows of its gallery, as many as queries, a tenth of all at most; and those as its queries.

    The gallery that is left is written to ``folder`` once, and mapped. Raises InputError where there are too few rows.
    """
    gallery = vector_set.gallery
    asking = rows.sample_ids(len(gallery), min(len(vector_set.queries), len(gallery) // _HELD), seed)
    if not len(asking):
        raise InputError(
            f"--near-queries: {vector_set.name} has {len(gallery)} vectors, too few to hold some of them out; name a"
            " file of queries of their kind"
        )
    path = folder / f"{vector_set.fingerprint()}-without-{len(asking)}-{seed}.npy"
    stays = np.ones(len(gallery), bool)
    stays[asking] = False
    if not path.exists():
        _write(path, gallery, stays)
    left = replace(
        vector_set,
        gallery=np.load(path, mmap_mode="r"),
        neighbors=None,
        distances=None,
        gallery_labels=None if vector_set.gallery_labels is None else vector_set.gallery_labels[stays],
        gallery_paths=tuple(name for name, stay in zip(vector_set.gallery_paths, stays, strict=False) if stay),
        gallery_cameras=None if vector_set.gallery_cameras is None else vector_set.gallery_cameras[stays],
        gallery_trained=None,
        pairs=None,
        attrs={**vector_set.attrs, "leave_one_out": False},
    )
    return left, _without_queries(left, rows.take(gallery, asking))


def _write(path: Path, gallery: np.ndarray, stays: np.ndarray) -> None:
    """The rows that stay, as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole.own_beside(path) as part:
        shape = (int(stays.sum()), gallery.shape[1])
        copy = np.lib.format.open_memmap(part, mode="w+", dtype=gallery.dtype, shape=shape)
        place = 0
        for start, block in rows.blocks(gallery, _BLOCK):
            block = block[stays[start : start + len(block)]]
            copy[place : place + len(block)] = block
            place += len(block)
        copy.flush()


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
