"""Photographed: a flat picture as a camera sees it, among other things, in perspective, light, blur and noise."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from datasets.drawing.covers import clouds

LONGEST = (320, 480)  # pixels of a photograph's longest side
SIDES = (3 / 4, 1.0, 4 / 3, 2 / 3)  # height to width
QUALITY = (40, 85)  # of JPEG
_NOISE = 640  # pixels of a side


@dataclass(frozen=True)
class Camera:
    """How a kind of thing is photographed; pairs are the least and the most.

    fill : the thing's longer side, as a share of the photograph's shorter one
    turn : degrees to either side
    tilt : how far each corner is off, as a share of the thing's side
    off : how far its middle is from that of the photograph, as a share of the side
    covered : the chance that something lies on it, or stands before it
    """

    fill: tuple[float, float]
    turn: float
    tilt: float
    off: float
    covered: float


def photograph(
    flat: np.ndarray, others: Sequence[np.ndarray], camera: Camera, rng: np.random.Generator
) -> tuple[np.ndarray, int]:
    """(photograph (h, w, 3) uint8 RGB, its JPEG quality) of a flat picture, and of ``others`` left and right of it."""
    shape = _shape(rng)
    image = clutter(rng, shape)
    corners = _corners(flat)
    seen = _seen(corners, shape, camera, rng)
    for one, left in _row(flat, others, rng):
        place = corners[3] + (left, 0) + _corners(one) - _corners(one)[3]  # all stand on one line
        warp = cv2.getPerspectiveTransform(_corners(one), _carried(place, corners, seen))
        cv2.warpPerspective(one, warp, shape[::-1], image, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)
    if rng.random() < camera.covered:
        _cover(image, seen, rng)
    return _exposed(image, rng), int(rng.integers(*QUALITY))


def _corners(flat: np.ndarray) -> np.ndarray:
    """(4, 2) float32, clockwise from the upper left."""
    height, width = flat.shape[:2]
    return np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)


def _carried(points: np.ndarray, corners: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Where points (4, 2) of the plane are seen in which ``corners`` are ``seen``; float32."""
    warp = cv2.getPerspectiveTransform(corners, seen)
    return cv2.perspectiveTransform(points[None].astype(np.float32), warp)[0]


def _row(flat: np.ndarray, others: Sequence[np.ndarray], rng: np.random.Generator) -> list[tuple[np.ndarray, float]]:
    """What stands beside each other and where each begins, in pixels from where ``flat`` does, which comes last."""
    row, half = [], len(others) // 2
    left, right = 0.0, float(flat.shape[1])
    for place, other in enumerate(others):
        gap = rng.uniform(4, 20)
        if place < half:
            left -= gap + other.shape[1]
            row.append((other, left))
        else:
            row.append((other, right + gap))
            right += gap + other.shape[1]
    return [*row, (flat, 0.0)]


def _shape(rng: np.random.Generator) -> tuple[int, int]:
    longest, ratio = rng.integers(*LONGEST), rng.choice(SIDES)
    height, width = (longest, longest / ratio) if ratio > 1 else (longest * ratio, longest)
    return round(height), round(width)


def clutter(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """(h, w, 3) uint8: a table or a wall, and things on it."""
    base, other = rng.uniform(50, 220) + rng.uniform(-30, 30, 3), rng.uniform(-40, 40) + rng.uniform(-15, 15, 3)
    grain = clouds(rng, shape, int(rng.integers(4, 40)))
    image = np.ascontiguousarray(base + other * grain[..., None], np.float32)
    height, width = shape
    for _ in range(rng.integers(2, 10)):
        place = (int(rng.integers(width)), int(rng.integers(height)))
        axes = tuple(int(side) for side in rng.integers(8, max(9, height // 6), 2))
        colour = (rng.uniform(20, 235) + rng.uniform(-60, 60, 3)).tolist()
        if rng.random() < 0.5:
            cv2.ellipse(image, place, axes, rng.uniform(0, 180), 0, 360, colour, -1, cv2.LINE_AA)
        else:
            box = cv2.boxPoints((place, axes, rng.uniform(0, 180))).astype(np.int32)
            cv2.fillPoly(image, [box], colour, cv2.LINE_AA)
    return image.clip(0, 255).astype(np.uint8)


def _seen(corners: np.ndarray, shape: tuple[int, int], camera: Camera, rng: np.random.Generator) -> np.ndarray:
    """Where the camera sees the corners, (4, 2) float32."""
    sides = corners[2] - corners[0]
    scale = rng.uniform(*camera.fill) * min(shape) / max(sides)
    angle = np.radians(rng.uniform(-camera.turn, camera.turn))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    flat = (corners - corners.mean(axis=0)) * scale + rng.uniform(-camera.tilt, camera.tilt, (4, 2)) * sides * scale
    middle = np.array(shape[::-1]) * (0.5 + rng.uniform(-camera.off, camera.off, 2))
    return (flat @ turn + middle).astype(np.float32)


def _cover(image: np.ndarray, seen: np.ndarray, rng: np.random.Generator) -> None:
    """A finger, a leaf, a lamp post: something plain over a corner or an edge of what is seen."""
    corner = rng.integers(4)
    place = seen[corner] + rng.uniform(0, 0.5) * (seen[(corner + 1) % 4] - seen[corner])
    side = np.linalg.norm(seen[2] - seen[0])
    axes = tuple(int(max(4, side * share)) for share in (rng.uniform(0.1, 0.3), rng.uniform(0.06, 0.16)))
    middle = tuple(int(value) for value in place)
    cv2.ellipse(image, middle, axes, rng.uniform(0, 180), 0, 360, rng.uniform(20, 235, 3).tolist(), -1, cv2.LINE_AA)


def _exposed(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Under some light, out of focus or not, with noise; (h, w, 3) uint8."""
    shape = image.shape[:2]
    curve = np.linspace(0, 1, 256) ** rng.uniform(0.75, 1.35)
    tint = rng.uniform(0.9, 1.1, 3) * rng.uniform(0.75, 1.1)
    seen = cv2.LUT(image, (255 * curve[:, None] * tint)[None].astype(np.float32))
    seen *= 0.65 + 0.6 * clouds(rng, shape, 3)[..., None]
    if rng.random() < 0.3:
        seen += 160 * np.maximum(clouds(rng, shape, 5) - 0.8, 0)[..., None] / 0.2
    seen = cv2.GaussianBlur(seen, (0, 0), rng.uniform(0.3, 1.6))
    top, left = rng.integers(_NOISE - LONGEST[1], size=2)
    seen += rng.uniform(2, 9) * _noise()[top : top + shape[0], left : left + shape[1]]
    return seen.clip(0, 255).astype(np.uint8)


@lru_cache(maxsize=1)
def _noise() -> np.ndarray:
    """Of which every photograph has a part; drawing it anew would take as long as all else."""
    return np.random.default_rng(0).standard_normal((_NOISE, _NOISE, 3), np.float32)
