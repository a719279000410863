"""Facades of buildings as flat pictures: windows on a grid, one much like the other; a street has one style."""

from dataclasses import dataclass

import cv2
import numpy as np

from datasets.drawing.covers import clouds, palette

HEIGHT, WIDTH = 330, 270  # pixels, about
ROOF, GROUND = 0.1, 0.2  # shares of the height

Box = tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True)
class Street:
    """What the facades of a street have in common. colours : (5, 3) float32 RGB of wall, roof, frames, doors, glass."""

    colours: np.ndarray
    shape: tuple[int, int]
    floors: int
    columns: int
    arched: bool
    bars: int
    bricks: bool


def street(rng: np.random.Generator) -> Street:
    """The style of a street."""
    colours = palette(rng)
    colours[0] = 150 + 0.4 * (colours[0] - 128) + rng.uniform(-40, 60)
    colours[4] = rng.uniform(40, 120) + np.array([0, 10, 25])
    return Street(
        colours=colours,
        shape=(round(HEIGHT * rng.uniform(0.85, 1.1)), round(WIDTH * rng.uniform(0.85, 1.2))),
        floors=int(rng.integers(3, 6)),
        columns=int(rng.integers(3, 7)),
        arched=bool(rng.random() < 0.4),
        bars=int(rng.integers(0, 3)),
        bricks=bool(rng.random() < 0.5),
    )


def facade(style: Street, rng: np.random.Generator) -> np.ndarray:
    """One facade of a street, (h, w, 3) uint8 RGB: its door is its own, and which windows are lit."""
    height, width = style.shape
    image = style.colours[0] + 30 * (clouds(rng, style.shape, 12)[..., None] - 0.5) + rng.uniform(-12, 12, 3)
    image = np.ascontiguousarray(image, np.float32)
    if style.bricks:
        _brick(image)
    cv2.rectangle(image, (0, 0), (width, round(ROOF * height)), style.colours[1].tolist(), -1)
    top, bottom = round((ROOF + 0.03) * height), round((1 - GROUND) * height)
    tall, wide = (bottom - top) / style.floors, width / style.columns
    for floor in range(style.floors):
        for column in range(style.columns):
            left, high = (column + 0.22) * wide, top + (floor + 0.15) * tall
            _window(image, tuple(map(round, (left, high, left + 0.56 * wide, high + 0.7 * tall))), style, rng)
        line = round(top + (floor + 1) * tall)
        cv2.line(image, (0, line), (width, line), (0.8 * style.colours[0]).tolist(), 2)
    _ground_floor(image, style, rng)
    return image.clip(0, 255).astype(np.uint8)


def _brick(image: np.ndarray) -> None:
    image[::7] *= 0.82
    for row, start in enumerate(range(0, image.shape[0], 7)):
        image[start : start + 7, (row % 2) * 7 :: 14] *= 0.85


def _window(image: np.ndarray, box: Box, style: Street, rng: np.random.Generator) -> None:
    left, top, right, bottom = box
    frame, glass = style.colours[2].tolist(), style.colours[4] + rng.uniform(-25, 25)
    if rng.random() < 0.12:
        glass = np.array([250, 225, 140], np.float32)  # lit
    if style.arched:
        middle = ((left + right) // 2, top)
        cv2.ellipse(image, middle, ((right - left) // 2, (right - left) // 2), 0, 180, 360, frame, -1, cv2.LINE_AA)
    cv2.rectangle(image, (left - 2, top - 2), (right + 2, bottom + 2), frame, -1)
    cv2.rectangle(image, (left, top), (right, bottom), glass.tolist(), -1)
    for bar in range(style.bars):
        across = left + (right - left) * (bar + 1) // (style.bars + 1)
        cv2.line(image, (across, top), (across, bottom), frame, 2)
    _occupied(image, box, style, rng)


def _occupied(image: np.ndarray, box: Box, style: Street, rng: np.random.Generator) -> None:
    """What tells a window from the others: a blind, shutters, flowers, or nothing at all."""
    left, top, right, bottom = box
    what = rng.random()
    if what < 0.2:
        end = top + round((bottom - top) * rng.uniform(0.2, 0.9))
        cv2.rectangle(image, (left, top), (right, end), style.colours[rng.integers(0, 4)].tolist(), -1)
    elif what < 0.35:
        for edge in (left - 2, right + 2):
            side = edge + (-1 if edge < left else 1) * (right - left) // 3
            corners = (min(edge, side), top), (max(edge, side), bottom)
            cv2.rectangle(image, *corners, style.colours[3].tolist(), -1)
    elif what < 0.5:
        for _ in range(8):
            place = (int(rng.integers(left, right + 1)), bottom + int(rng.integers(-2, 4)))
            cv2.circle(image, place, 3, rng.uniform(60, 255, 3).tolist(), -1)


def _ground_floor(image: np.ndarray, style: Street, rng: np.random.Generator) -> None:
    """A door, and windows of shops."""
    height, width = style.shape
    top, edges = round((1 - GROUND + 0.03) * height), np.linspace(0, width, rng.integers(3, 6)).round().astype(int)
    door = rng.integers(len(edges) - 1)
    for place, (left, right) in enumerate(zip(edges[:-1] + 8, edges[1:] - 8, strict=True)):
        if place == door:
            middle = (left + right) // 2
            box = (middle - 16, top), (middle + 16, height)
            cv2.rectangle(image, *((int(x), int(y)) for x, y in box), style.colours[3].tolist(), -1)
        else:
            cv2.rectangle(image, (int(left), top), (int(right), height - 12), rng.uniform(30, 200, 3).tolist(), -1)
            cv2.rectangle(image, (int(left), top - 8), (int(right), top), rng.uniform(60, 255, 3).tolist(), -1)
