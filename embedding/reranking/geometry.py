"""Geometry: which matches of two pictures one movement of a plane explains, seen from afar: an affine map."""

from dataclasses import dataclass

import cv2
import numpy as np

from datasets.compiled import compiled
from embedding.reranking.local_features import Features
from embedding.reranking.matching import Pairs

_LEAST = 4  # matches: three are always explained
_ROUNDS = 3  # of fitting anew to what the last fit explains


@dataclass(frozen=True)
class Fit:
    """What explains the most matches.

    matrix : (3, 3) float64 from places of the first picture to those of the second; None where nothing does
    inliers : (m,) bool, the matches that it explains
    """

    matrix: np.ndarray | None
    inliers: np.ndarray

    @property
    def count(self) -> int:
        """How many matches it explains."""
        return int(self.inliers.sum())


@dataclass(frozen=True)
class Movement:
    """What counts as the same plane seen from elsewhere.

    within : how far, in shares of the longest side, a feature may lie from where its match is moved to
    turn : how much more a feature may be turned than its neighbors, in radians, up to half a turn
    zoom : by which factor it may be larger or smaller than its neighbors
    most_zoom, most_stretch : of the whole movement: how many times larger or smaller it may make things, and how many
        times more along one direction than along the other. What goes further has no likeness left to be seen
    """

    within: float = 0.03
    turn: float = 0.6
    zoom: float = 1.8
    most_zoom: float = 8.0
    most_stretch: float = 4.0


def fit(query: Features, found: Features, pairs: Pairs, how: Movement = Movement()) -> Fit:
    """What moves most of the matched features of ``query`` to where they are ``found``.

    Every match alone tells a shift, a turn and a zoom, from the places, directions and diameters of its two features;
    the one that explains most is fitted anew to all that it explains, as an affine map. Nothing is drawn by chance.
    Philbin, Chum, Isard, Sivic & Zisserman, "Object retrieval with large vocabularies and fast spatial matching",
    CVPR 2007.
    """
    frames, moved = _frames(query, pairs.query), _frames(found, pairs.found)
    within = how.within * max(found.shape)
    inliers = _supporters(frames, moved, within, how.turn, np.log(how.zoom))
    matrix = None
    for _ in range(_ROUNDS):
        if inliers.sum() < _LEAST:
            return _nothing(pairs)
        matrix = _affine(frames[inliers, :2], moved[inliers, :2])
        if not _sound(matrix, how):
            return _nothing(pairs)
        near = _distances(matrix, frames[:, :2], moved[:, :2]) < within
        if (near == inliers).all():
            break
        inliers = near
    return Fit(matrix, inliers)


def _frames(features: Features, rows: np.ndarray) -> np.ndarray:
    """(m, 4) float64: x, y, the logarithm of the diameter, the direction."""
    sizes = np.log(np.maximum(features.sizes[rows], 1e-3))
    return np.column_stack((features.places[rows], sizes, features.angles[rows])).astype(np.float64)


def _nothing(pairs: Pairs) -> Fit:
    return Fit(None, np.zeros(len(pairs), bool))


def _affine(places: np.ndarray, moved: np.ndarray) -> np.ndarray:
    ones = np.column_stack((places, np.ones(len(places))))
    return np.vstack((np.linalg.lstsq(ones, moved, rcond=None)[0].T, (0, 0, 1)))


def _distances(matrix: np.ndarray, places: np.ndarray, moved: np.ndarray) -> np.ndarray:
    return np.linalg.norm(cv2.perspectiveTransform(places[None], matrix)[0] - moved, axis=1)


def _sound(matrix: np.ndarray, how: Movement) -> bool:
    """Whether a person would know again what is moved so: not mirrored, and not zoomed or stretched too much."""
    if not np.linalg.det(matrix[:2, :2]) > 0:
        return False
    most, least = np.linalg.svd(matrix[:2, :2], compute_uv=False)
    return most <= how.most_stretch * least and most <= how.most_zoom and least >= 1 / how.most_zoom


@compiled
def _supporters(frames, moved, within, turn, zoom):  # noqa: ANN001, ANN202
    """Which matches (m,) agree with the match that most agree with."""
    count = len(frames)
    most, best, least_cosine = 0, np.zeros(count, np.bool_), np.cos(turn)
    for i in range(count):
        grow, around = moved[i, 2] - frames[i, 2], moved[i, 3] - frames[i, 3]
        cosine, sine = np.exp(grow) * np.cos(around), np.exp(grow) * np.sin(around)
        agree, those = 0, np.zeros(count, np.bool_)
        for j in range(count):
            x, y = frames[j, 0] - frames[i, 0], frames[j, 1] - frames[i, 1]
            dx = cosine * x - sine * y + moved[i, 0] - moved[j, 0]
            dy = sine * x + cosine * y + moved[i, 1] - moved[j, 1]
            if dx * dx + dy * dy > within * within or abs(moved[j, 2] - frames[j, 2] - grow) > zoom:
                continue
            other = moved[j, 3] - frames[j, 3] - around
            if np.cos(other) >= least_cosine:
                those[j] = True
                agree += 1
        if agree > most:
            most, best = agree, those
    return best
