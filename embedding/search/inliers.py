"""Inliers: how many local features two pictures of a set have in common, kept of every two that were ever compared."""

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from datasets.errors import InputError
from datasets.files import contents
from datasets.files.whole import beside
from datasets.images.base import ImageSet
from embedding.reranking import verify
from embedding.search.verified import Pictures, Verifier

_UNKNOWN = -1
_MOST = 20_000  # pictures, whose table takes 800 MB


class Inliers:
    """The table of a set, in ``folder``: after a kill all that was compared stands in it.

    images : the set, whose queries and gallery are compared
    Raises InputError where these are so many that a number for each two of them is too much.
    """

    def __init__(self, images: ImageSet, folder: Path, verifier: Verifier) -> None:
        self._images, self._verifier = images, verifier
        self._rows = np.union1d(images.query, images.gallery)
        if len(self._rows) > _MOST:
            many = f"dataset {images.name}: {len(self._rows):,} pictures, more than {_MOST:,}"
            raise InputError(f"{many}, are not compared by two and two; give --rerank=none")
        self._table = _table(folder / f"inliers-{_mark(images, verifier)}.npy", len(self._rows))
        self._features = None

    def of(self, asks: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """(Q, k) int32 of the pictures ``asks`` (Q,) and those that answer each, (Q, k), all rows of the set."""
        asks, answers = (np.searchsorted(self._rows, rows) for rows in (asks, answers))
        missing = self._table[asks[:, None], answers] == _UNKNOWN
        todo = np.flatnonzero(missing.any(axis=1))
        for place in tqdm(todo, "compare pictures", disable=not sys.stderr.isatty() or not len(todo), leave=False):
            self._compare(int(asks[place]), answers[place][missing[place]])
        return self._table[asks[:, None], answers].astype(np.int32)

    def _compare(self, row: int, others: np.ndarray) -> None:
        if self._features is None:
            self._features = self._verifier.features(Pictures(self._images, self._rows))
        scores = np.zeros((1, len(others)), np.float32)
        query, how = [self._features[row]], {"workers": self._verifier.workers}
        found = verify.verify(others[None], scores, query, self._features, self._verifier.how, **how)
        self._table[row, found.neighbors[0]] = np.minimum(found.inliers[0], np.iinfo(np.int16).max)


def _table(path: Path, count: int) -> np.ndarray:
    """(count, count) int16 in a file, which is there before anything is known."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside(path) as part, part.open("wb") as file:
            np.save(file, np.full((count, count), _UNKNOWN, np.int16))
    return np.load(path, mmap_mode="r+", allow_pickle=False)


def _mark(images: ImageSet, verifier: Verifier) -> str:
    files = [] if isinstance(images.images, np.ndarray) else [contents.state(path) for path in images.images]
    how = replace(verifier.how, floor=0, weight=0.0)  # what the numbers are for changes none of them
    about = ("queries and gallery", images.fingerprint(), files, verifier.sift, how)
    return hashlib.sha256(repr(about).encode()).hexdigest()[:12]
