"""Matching: for each local feature of one picture the feature of another that is most like it, where one stands out."""

from dataclasses import dataclass

import numpy as np

from datasets.compiled import compiled
from embedding.reranking.local_features import Features

_NONE = np.iinfo(np.int32).max  # farther than any feature


@dataclass(frozen=True)
class Pairs:
    """m features of one picture, each with the one that it matches in another, the surest first.

    query, found : (m,) int64 positions of the two features; ratios : (m,) float32, how far the match is from the
    feature in what the second best is, 0 for one that is equal
    """

    query: np.ndarray
    found: np.ndarray
    ratios: np.ndarray

    def __len__(self) -> int:
        return len(self.query)


class Matcher:
    """The features of a picture, made ready to be matched with those of many others."""

    def __init__(self, query: Features) -> None:
        self._vectors = query.descriptors.astype(np.float32)
        self._lengths = _lengths(self._vectors)

    def match(self, other: Features, *, ratio: float) -> Pairs:
        """The pairs whose match is nearer than ``ratio`` times the second best (Lowe 2004), each feature in one.

        One product tells all distances, exactly: sums of bytes' products are whole numbers below 2^24.
        """
        vectors = other.descriptors.astype(np.float32)
        best, second, at = two_best(self._vectors @ vectors.T, self._lengths, _lengths(vectors))
        ratios = np.where(best < second, np.sqrt(best / np.maximum(second, 1)), 1).astype(np.float32)
        good = (at >= 0) & (second < _NONE) & (ratios < ratio)
        query = np.flatnonzero(good)
        query = query[np.argsort(ratios[query], kind="stable")]
        query = query[np.sort(np.unique(at[query], return_index=True)[1])]  # who is surest of a feature has it
        return Pairs(query, at[query].astype(np.int64), ratios[query])


def _lengths(vectors: np.ndarray) -> np.ndarray:
    return np.einsum("nd,nd->n", vectors, vectors)


def two_best(
    products: np.ndarray, lengths: np.ndarray, other_lengths: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each row the squared distances of the nearest and of the second, and where the nearest is.

    products : (n, m) float32 of vectors of whole numbers; lengths, other_lengths : (n,), (m,), squared
    Returns best, second (n,) int32, and at (n,) int32: of equal ones the first, -1 for none.
    """
    rows, columns = products.shape
    best, second = np.full(rows, _NONE, np.int32), np.full(rows, _NONE, np.int32)
    at = np.full(rows, -1, np.int32)
    if rows and columns:
        _scan(products, lengths, other_lengths, best, second, at)
    return best, second, at


@compiled
def _scan(products, lengths, other_lengths, best, second, at):  # noqa: ANN001, ANN202
    for i in range(products.shape[0]):
        row, first, next_one, place = products[i], np.float32(3e38), np.float32(3e38), -1
        for j in range(products.shape[1]):
            distance = other_lengths[j] - 2 * row[j]
            if distance < next_one:
                if distance < first:
                    first, next_one, place = distance, first, j
                else:
                    next_one = distance
        best[i], at[i] = first + lengths[i], place
        if next_one < np.float32(3e38):
            second[i] = next_one + lengths[i]
