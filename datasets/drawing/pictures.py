"""Pictures of scenes: coloured shapes on light paper, in random tint, pose and noise."""

import cv2
import numpy as np

from datasets.drawing.scene import Scene, Thing

SIDE = 64  # pixels of a picture's side
FINE = 4  # a shape is drawn that many times as large and averaged down
RADIUS = {"small": (5.5, 6.3), "large": (8.5, 9.5)}  # pixels, drawn from evenly
OFF_MIDDLE = 15.0  # pixels from the middle of the picture to that of a thing at a side
WANDER = 2.0  # pixels by which it may be nearer or further
ALONG = 7.0  # pixels by which it may be off sideways, where there is room
TURN = 12.0  # degrees, to either side

RGB = {
    "red": (215, 30, 35),
    "orange": (245, 135, 20),
    "yellow": (245, 220, 40),
    "green": (35, 150, 60),
    "blue": (35, 75, 205),
    "purple": (120, 40, 150),
    "pink": (245, 150, 190),
    "brown": (120, 70, 35),
    "grey": (125, 125, 130),
    "black": (25, 25, 25),
}


def picture(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """The scene as (64, 64, 3) uint8, RGB."""
    image = rng.uniform(195, 245) + rng.uniform(-8, 8, size=3) + np.zeros((SIDE, SIDE, 3))
    for thing in scene:
        ink = np.array(RGB[thing.colour]) + rng.uniform(-14, 14, size=3)
        image += (ink - image) * _covered(thing, rng)[..., None]
    image += rng.uniform(2, 8) * rng.standard_normal(image.shape, dtype=np.float32)
    return np.clip(image, 0, 255).astype(np.uint8)


def _covered(thing: Thing, rng: np.random.Generator) -> np.ndarray:
    """Which share of every pixel the shapes of ``thing`` cover, (64, 64) in [0, 1]."""
    radius = rng.uniform(*RADIUS[thing.size])
    canvas = np.zeros((FINE * SIDE, FINE * SIDE), np.uint8)
    for middle in _middles(thing, radius, rng):
        # OpenCV takes the hole of a ring from the second of two outlines.
        outlines = [_turned(outline, rng.uniform(-TURN, TURN)) for outline in OUTLINES[thing.shape]]
        corners = [np.rint(FINE * (middle + radius * outline)).astype(np.int32) for outline in outlines]
        cv2.fillPoly(canvas, corners, 255)
    return cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA) / 255


def _middles(thing: Thing, radius: float, rng: np.random.Generator) -> np.ndarray:
    """The middles of its shapes as (count, 2) x and y: in a line across the direction in which the thing lies."""
    away = np.array([("right" in thing.place) - ("left" in thing.place), _down(thing.place)], dtype=float)
    across = np.array([abs(away[1]), abs(away[0])]) if not away.all() else np.array([1.0, 0.0])
    gap = 2 * radius + 0.5
    room = min(ALONG, SIDE / 2 - thing.count * gap / 2)
    middle = SIDE / 2 + away * (OFF_MIDDLE + rng.uniform(-WANDER, WANDER))
    middle = middle + across * rng.uniform(-room, room) * (1.0 if not away.all() else 0.3)
    steps = np.arange(thing.count) - (thing.count - 1) / 2
    return middle + steps[:, None] * gap * across


def _down(place: str) -> int:
    return ("bottom" in place) - ("top" in place)


def _turned(outline: np.ndarray, degrees: float) -> np.ndarray:
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return outline @ np.array([[cos, sin], [-sin, cos]])


def _corners(radii: list[float], *, start: float = -90.0) -> np.ndarray:
    """Corners (len(radii), 2) in equal steps of angle, clockwise from ``start`` degrees (-90: the top)."""
    angles = np.radians(start + 360 / len(radii) * np.arange(len(radii)))
    return np.array(radii)[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])


_CROSS = np.array([(1, 3), (1, 1), (3, 1), (3, -1), (1, -1), (1, -3)]) / 3.1

# Outlines in units of the radius, x to the right and y down.
OUTLINES = {
    "circle": [_corners([0.95] * 40)],
    "square": [_corners([1.2] * 4, start=45.0)],
    "triangle": [_corners([1.15] * 3) + np.array([0.0, 0.2])],
    "star": [_corners([1.15, 0.46] * 5)],
    "cross": [np.concatenate([_CROSS, -_CROSS])],
    "ring": [_corners([1.0] * 40), _corners([0.58] * 40)],
}
