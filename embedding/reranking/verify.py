"""Verification: the first answers of a query in a new order, by what of their local features fits the query's."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from embedding.reranking.geometry import Fit, Movement, fit
from embedding.reranking.local_features import Features
from embedding.reranking.matching import Matcher


@dataclass(frozen=True)
class Verification:
    """How the first answers are verified.

    ratio, mutual : of a match, as in ``matching.Matcher.match``
    movement : what counts as the same plane
    floor : inliers that two pictures of different things have by chance
    weight : of log(1 + inliers above the floor), which is added to the score
    """

    ratio: float = 0.9
    mutual: bool = True
    movement: Movement = field(default_factory=Movement)
    floor: int = 8
    weight: float = 0.2


class Match(NamedTuple):
    """What two pictures have in common: (m, 2) float32 places of the same m features in both.

    Places are in shares of the picture's longest side, so that they can be drawn on it at any size.
    """

    query: np.ndarray
    found: np.ndarray


class Verified(NamedTuple):
    """The first k of Q queries in their new order.

    neighbors (Q, k) int64; scores (Q, k) float32, falling; inliers (Q, k) int32; matches[q][j], of the two pictures
    """

    neighbors: np.ndarray
    scores: np.ndarray
    inliers: np.ndarray
    matches: list[list[Match]]


def verify(
    neighbors: np.ndarray,
    scores: np.ndarray,
    queries: Sequence[Features],
    gallery: Sequence[Features],
    how: Verification = Verification(),
    *,
    workers: int = 2,
) -> Verified:
    """The first k answers of each query, ordered by score and geometry together.

    neighbors : (Q, k) int64 positions in ``gallery``, -1 for none; scores : (Q, k) float32 cosines, the more the better
    queries : of Q pictures; gallery : by position, read as they are asked for
    Equal scores keep their order; what is none stays last.
    """
    verified = [
        _one(row, own, query, gallery, how, workers) for row, own, query in zip(neighbors, scores, queries, strict=True)
    ]
    if not verified:
        return Verified(neighbors, scores.astype(np.float32), np.zeros(neighbors.shape, np.int32), [])
    new, joint, inliers, matches = zip(*verified, strict=True)
    return Verified(np.stack(new), np.stack(joint), np.stack(inliers), list(matches))


def _one(row, own, query, gallery, how, workers):  # noqa: ANN001, ANN202
    matcher = Matcher(query)

    def look(position: int) -> tuple[int, Match]:
        if position < 0:
            return 0, Match(np.empty((0, 2), np.float32), np.empty((0, 2), np.float32))
        found = gallery[position]
        pairs = matcher.match(found, ratio=how.ratio, mutual=how.mutual)
        explained: Fit = fit(query, found, pairs, how.movement)
        kept = explained.inliers
        places = query.places[pairs.query[kept]] / max(query.shape), found.places[pairs.found[kept]] / max(found.shape)
        return explained.count, Match(*places)

    with ThreadPoolExecutor(workers) as pool:
        looked = list(pool.map(look, row.tolist()))
    inliers = np.array([count for count, _ in looked], np.int32)
    joint = (own + how.weight * np.log1p(np.maximum(inliers - how.floor, 0))).astype(np.float32)
    order = np.argsort(np.where(row < 0, np.inf, -joint), kind="stable")
    return row[order], joint[order], inliers[order], [looked[i][1] for i in order]
