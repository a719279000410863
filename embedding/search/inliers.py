"""Inliers: how many local features two pictures of a set have in common, kept of every two that were ever compared."""

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from datasets.files import contents
from datasets.images.base import ImageSet
from embedding.reranking import verify
from embedding.search.verified import Pictures, Verifier

_UNKNOWN = -1


class Inliers:
    """The table of a set, in ``folder``: after a kill all that was compared stands in it.

    images : the set, of so many pictures that a number for each two of them is no matter
    """

    def __init__(self, images: ImageSet, folder: Path, verifier: Verifier) -> None:
        self._images, self._verifier = images, verifier
        count = len(images)
        self._table = _table(folder / f"inliers-{_mark(images, verifier)}.npy", count)
        self._features = None

    def of(self, asks: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """(Q, k) int32 of the pictures ``asks`` (Q,) and those that answer each, (Q, k), all rows of the set."""
        missing = self._table[asks[:, None], answers] == _UNKNOWN
        todo = np.flatnonzero(missing.any(axis=1))
        for place in tqdm(todo, "compare pictures", disable=not sys.stderr.isatty() or not len(todo), leave=False):
            self._compare(int(asks[place]), answers[place][missing[place]])
        return self._table[asks[:, None], answers].astype(np.int32)

    def _compare(self, row: int, others: np.ndarray) -> None:
        if self._features is None:
            self._features = self._verifier.features(Pictures(self._images, np.arange(len(self._images))))
        scores = np.zeros((1, len(others)), np.float32)
        query, how = [self._features[row]], {"workers": self._verifier.workers}
        found = verify.verify(others[None], scores, query, self._features, self._verifier.how, **how)
        self._table[row, found.neighbors[0]] = np.minimum(found.inliers[0], np.iinfo(np.int16).max)


def _table(path: Path, count: int) -> np.ndarray:
    """(count, count) int16 in a file, which is there before anything is known."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, np.full((count, count), _UNKNOWN, np.int16))
    return np.load(path, mmap_mode="r+", allow_pickle=False)


def _mark(images: ImageSet, verifier: Verifier) -> str:
    files = [] if isinstance(images.images, np.ndarray) else [contents.state(path) for path in images.images]
    how = replace(verifier.how, floor=0, weight=0.0)  # what the numbers are for changes none of them
    about = (images.fingerprint(), files, verifier.sift, how)
    return hashlib.sha256(repr(about).encode()).hexdigest()[:12]
