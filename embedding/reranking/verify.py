"""Verification: the first answers of a query in a new order, by how much of their local features fits the query's."""

import re
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from datasets.errors import InputError
from embedding.reranking.geometry import Movement, fit
from embedding.reranking.local_features import Features
from embedding.reranking.matching import Matcher


@dataclass(frozen=True)
class Verification:
    """How the first answers are verified.

    The defaults lie in the middle of what does best on photographs of books, buildings and scenes and on drawn things,
    where neither a half nor the double changes much.

    ratio : of a match, as in ``matching.Matcher.match``. Movements are told from single matches, so that a generous
        one costs little, and buildings in another light need it
    movement : what counts as the same plane
    floor : inliers that pictures of different things have by chance: of 100 pairs 99 have no more than about these,
        which change nothing
    weight : of log(1 + inliers above the floor), which is added to the cosine. A dozen inliers are then worth as much
        as most cosines are apart
    """

    ratio: float = 0.9
    movement: Movement = field(default_factory=Movement)
    floor: int = 4
    weight: float = 0.3

    @property
    def told(self) -> str:
        """What becomes of a score, in words."""
        return (
            f"+ {self.weight:g} ln(1 + inliers above {self.floor}), local features that match; some ten can be chance"
        )

    @property
    def changed(self) -> str:
        """Its floor and weight in words where they are not the usual ones, to be put after others."""
        usual = (Verification.floor, Verification.weight)
        return "" if (self.floor, self.weight) == usual else f", floor {self.floor}, weight {self.weight:g}"


class Match(NamedTuple):
    """What two pictures have in common: (m, 2) float32 places of the same m features in both.

    Places are x and y in shares of the picture's longest side, so that they can be drawn on it at any size.
    """

    query: np.ndarray
    found: np.ndarray


class Verified(NamedTuple):
    """The first k of Q queries in their new order.

    neighbors (Q, k) int64, scores (Q, k) float32, inliers (Q, k) int32, and matches[q][j] of the two pictures
    """

    neighbors: np.ndarray
    scores: np.ndarray
    inliers: np.ndarray
    matches: list[list[Match]]


_SETTING = re.compile(r"(\d{1,9})(?::(\d{1,9})(?::(\d{1,9}(?:\.\d{1,9})?))?)?")
_NOTHING = Match(np.empty((0, 2), np.float32), np.empty((0, 2), np.float32))
DEFAULT = Verification()


def verify(
    neighbors: np.ndarray,
    scores: np.ndarray,
    queries: Sequence[Features],
    gallery: Sequence[Features],
    how: Verification = DEFAULT,
    *,
    workers: int = 2,
) -> Verified:
    """The first k answers of each query, ordered by their score and by geometry together.

    neighbors : (Q, k) int64 positions in ``gallery``, best first, -1 for none
    scores : (Q, k) float32 cosines. Any other score, the more the better, takes another weight
    queries : of the Q pictures that ask; gallery : by position, read as they are asked for, by several threads
    Neither score decides alone: a cosine knows a building from across the street, where no feature is the same, and
    geometry two editions of a book apart. Equal scores keep their order.
    """
    order, joint = np.empty(neighbors.shape, np.int64), np.empty(neighbors.shape, np.float32)
    inliers, matches = np.zeros(neighbors.shape, np.int32), []
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(workers) as pool:  # whose threads would only fight ours
        for i, query in enumerate(queries):
            found = _in_common(query, neighbors[i], gallery, how, pool)
            counts = np.array([len(match.query) for match in found], np.int32)
            joint[i] = joined(scores[i], counts, how)
            order[i] = np.argsort(np.where(neighbors[i] < 0, np.inf, -joint[i]), kind="stable")
            inliers[i] = counts
            matches.append([found[j] for j in order[i]])
    neighbors, joint, inliers = (np.take_along_axis(part, order, axis=1) for part in (neighbors, joint, inliers))
    return Verified(neighbors, joint, inliers, matches)


def parsed(text: str, flag: str) -> tuple[int, Verification]:
    """How many of the first are verified and how, of "100" or "100:4:0.3": the count, 0 for none, floor and weight.

    Raises InputError, naming ``flag``, where it cannot be read.
    """
    found = _SETTING.fullmatch(text.strip())
    if not found:
        line = f"{flag}={text}: give how many of the first, such as 100, or with floor and weight, as 100:4:0.3"
        raise InputError(line)
    count, floor, weight = found.groups()
    how = DEFAULT if floor is None else replace(DEFAULT, floor=int(floor))
    return int(count), how if weight is None else replace(how, weight=float(weight))


def joined(scores: np.ndarray, inliers: np.ndarray, how: Verification = DEFAULT) -> np.ndarray:
    """Scores (...) float32 of cosines and inliers (...) together."""
    return (scores + how.weight * np.log1p(np.maximum(inliers - how.floor, 0))).astype(np.float32)


def _in_common(
    query: Features, neighbors: np.ndarray, gallery: Sequence[Features], how: Verification, pool: Executor
) -> list[Match]:
    """What the query has in common with each neighbor."""
    return list(pool.map(partial(_match, query, Matcher(query), gallery, how), neighbors.tolist()))


def _match(query: Features, matcher: Matcher, gallery: Sequence[Features], how: Verification, position: int) -> Match:
    if position < 0:
        return _NOTHING
    found = gallery[position]
    pairs = matcher.match(found, ratio=how.ratio)
    kept = fit(query, found, pairs, how.movement).inliers
    if not kept.any():
        return _NOTHING
    return Match(_shares(query, pairs.query[kept]), _shares(found, pairs.found[kept]))


def _shares(features: Features, rows: np.ndarray) -> np.ndarray:
    return features.places[rows] / np.float32(max(features.shape))
