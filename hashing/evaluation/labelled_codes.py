"""Labelled codes: queries and gallery as the compiled loops take them, less the gallery items that are not to count."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from datasets.errors import InputError
from datasets.vectors.base import VectorSet
from hashing import codes
from hashing.evaluation.kernels import LabelledCodes

_BLOCK = 64  # queries at a time
_MOST_BITS = 16384  # twice the distance must fit into a cell

Result = TypeVar("Result")


def of(vectors: VectorSet) -> LabelledCodes:
    """The queries and the gallery of a labelled set of codes.

    Raises InputError where they are no codes, have no labels, or there are none.
    """
    _check(vectors)
    label_words = _classes if vectors.gallery_labels.ndim == 1 else _concepts
    return LabelledCodes(
        query_codes=codes.words(vectors.queries),
        gallery_codes=np.ascontiguousarray(codes.words(vectors.gallery).T),
        query_labels=label_words(vectors.query_labels),
        gallery_labels=np.ascontiguousarray(label_words(vectors.gallery_labels).T),
        classes=vectors.gallery_labels.ndim == 1,
        own=vectors.own_rows.astype(np.int64),
        bits=vectors.dim,
    )


def without(coded: LabelledCodes, dropped: np.ndarray) -> LabelledCodes:
    """The same queries and a gallery that lacks the items where ``dropped`` (G,) is True."""
    kept = ~dropped
    place = np.where(kept, np.cumsum(kept) - 1, -1)
    return coded._replace(
        gallery_codes=np.ascontiguousarray(coded.gallery_codes[:, kept]),
        gallery_labels=np.ascontiguousarray(coded.gallery_labels[:, kept]),
        own=np.where(coded.own >= 0, place[coded.own], -1),
    )


def candidates(coded: LabelledCodes) -> np.ndarray:
    """(Q,) how many gallery items there are to be found: all but the query itself."""
    return coded.gallery_codes.shape[1] - (coded.own >= 0)


def each_block(work: Callable[[LabelledCodes], Result], coded: LabelledCodes, threads: int = 0) -> list[Result]:
    """``work`` of block after block of the queries, in their order; on ``threads``, 0 is all that this process may use.

    What ``work`` holds at a time does not grow with the number of queries.
    """
    blocks = (
        coded._replace(
            query_codes=coded.query_codes[start : start + _BLOCK],
            query_labels=coded.query_labels[start : start + _BLOCK],
            own=coded.own[start : start + _BLOCK],
        )
        for start in range(0, len(coded.own), _BLOCK)
    )
    with ThreadPoolExecutor(threads or len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(work, blocks))


def _classes(labels: np.ndarray) -> np.ndarray:
    """(N, 1) uint64 of classes (N,) int64."""
    return np.ascontiguousarray(labels).view(np.uint64)[:, None]


def _concepts(labels: np.ndarray) -> np.ndarray:
    """(N, V) uint64, a bit a concept, of labels (N, L) bool."""
    return codes.words(np.packbits(labels, axis=1))


def _check(vectors: VectorSet) -> None:
    name = vectors.name
    if vectors.metric != "hamming":
        wrong = f"their metric is {vectors.metric}, so they are no codes"
        raise InputError(f"vectors {name}: {wrong}; write codes (train_hash.py), or score them as embeddings")
    if not len(vectors.queries) or not len(vectors.gallery):
        raise InputError(f"vectors {name}: {len(vectors.queries)} queries, {len(vectors.gallery)} codes in the gallery")
    if vectors.gallery_labels is None or vectors.query_labels is None:
        raise InputError(f"vectors {name} have no labels, so they cannot be scored; extract them by --data=folder")
    if vectors.dim > _MOST_BITS:
        raise InputError(f"vectors {name}: codes of {vectors.dim} bits, up to {_MOST_BITS} are scored")
