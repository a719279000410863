"""Covers of books and records, and posters, as flat pictures; those of a series are of one style."""

import colorsys
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from datasets.drawing import lettering

BOOK, RECORD, POSTER = (330, 220), (280, 280), (360, 250)  # height and width in pixels, about

Shape = tuple[int, int]  # height and width


@dataclass(frozen=True)
class Style:
    """What the covers of a series have in common.

    colours : (5, 3) float32 RGB; the first two are of the ground, the last is of the letters
    ground, motif : names of what is drawn, see GROUNDS and MOTIFS
    high : where the title stands, as a share of the height; band : whether on a band of its own
    """

    shape: Shape
    colours: np.ndarray
    ground: str
    motif: str
    face: str
    high: float
    band: bool


def style(rng: np.random.Generator, shape: Shape) -> Style:
    """The style of a series, its covers of about ``shape``."""
    height, width = shape
    return Style(
        shape=(round(height * rng.uniform(0.9, 1.1)), round(width * rng.uniform(0.9, 1.1))),
        colours=palette(rng),
        ground=rng.choice(list(GROUNDS)),
        motif=rng.choice(list(MOTIFS)),
        face=rng.choice(lettering.faces()),
        high=rng.choice([0.06, 0.4, 0.72]),
        band=bool(rng.random() < 0.5),
    )


def palette(rng: np.random.Generator) -> np.ndarray:
    """(5, 3) float32 of RGB that go together: two of a hue, two far from it, and light or dark letters."""
    hue, dark = rng.random(), rng.random() < 0.5
    hues = hue + np.array([0, rng.normal(0, 0.06), rng.uniform(0.3, 0.7), rng.uniform(0.1, 0.9)])
    values = rng.uniform(0.15, 0.5, 2) if dark else rng.uniform(0.7, 1, 2)
    values = np.concatenate([values, rng.uniform(0.4, 1, 2)])
    tints = [colorsys.hsv_to_rgb(h % 1, s, v) for h, s, v in zip(hues, rng.uniform(0.2, 0.95, 4), values, strict=True)]
    letters = (0.95, 0.93, 0.88) if dark else (0.08, 0.07, 0.1)
    return 255 * np.array([*tints, letters], np.float32)


def cover(style: Style, rng: np.random.Generator) -> np.ndarray:
    """One cover of a series, (h, w, 3) uint8 RGB: its motif and its words are its own."""
    image = GROUNDS[style.ground](style, rng)
    MOTIFS[style.motif](image, style, rng)
    height, width = style.shape
    top = round(height * style.high)
    if style.band:
        image[top - height // 60 : top + height // 5] = style.colours[0 if rng.random() < 0.8 else 1]
    _letter(image, lettering.words(rng, rng.integers(1, 4)), style, top, height // 8)
    author = 0.9 if style.high < 0.7 else 0.05
    _letter(image, lettering.words(rng, 2), style, round(height * author), height // 18)
    return image.clip(0, 255).astype(np.uint8)


def _letter(image: np.ndarray, text: str, style: Style, top: int, height: int) -> None:
    width = image.shape[1]
    ink = lettering.line(text, style.face, width=round(0.86 * width), height=height)
    left = (width - ink.shape[1]) // 2
    part = image[top : top + ink.shape[0], left : left + ink.shape[1]]
    part += (style.colours[4] - part) * ink[: part.shape[0], :, None]


def _between(share: np.ndarray, style: Style) -> np.ndarray:
    """(h, w, 3) float32: from the first colour of the ground where (h, w) is 0 to the second where it is 1."""
    return style.colours[0] + (style.colours[1] - style.colours[0]) * share[..., None].astype(np.float32)


def _places(shape: Shape) -> np.ndarray:
    """(2, h, w): y and x, each from 0 to 1."""
    return np.stack(np.meshgrid(*(np.linspace(0, 1, side) for side in shape), indexing="ij"))


def _plain(style: Style, rng: np.random.Generator) -> np.ndarray:
    return _between(np.zeros(style.shape), style)


def _gradient(style: Style, rng: np.random.Generator) -> np.ndarray:
    y, x = _places(style.shape)
    return _between(y if rng.random() < 0.7 else (x + y) / 2, style)


def _cloudy(style: Style, rng: np.random.Generator) -> np.ndarray:
    return _between(clouds(rng, style.shape, 9), style)


def _striped(style: Style, rng: np.random.Generator) -> np.ndarray:
    y, x = _places(style.shape)
    return _between(((rng.choice([0, 1]) * x + y) * rng.integers(4, 14)) % 1 < 0.5, style)


def clouds(rng: np.random.Generator, shape: Shape, cells: int) -> np.ndarray:
    """(h, w) float32 in [0, 1]: smooth and random, about ``cells`` hills to a side."""
    small = rng.random((cells, cells), np.float32)
    return cv2.resize(small, shape[::-1], interpolation=cv2.INTER_CUBIC).clip(0, 1)


def _colour(style: Style, rng: np.random.Generator) -> list[float]:
    return [float(value) for value in style.colours[rng.integers(1, 4)]]


def _point(style: Style, rng: np.random.Generator, *, margin: float = 0.1) -> tuple[int, int]:
    height, width = style.shape
    return tuple(round(side * rng.uniform(margin, 1 - margin)) for side in (width, height))


def _discs(image: np.ndarray, style: Style, rng: np.random.Generator) -> None:
    for _ in range(rng.integers(7, 16)):
        radius = round(min(style.shape) * rng.uniform(0.04, 0.22))
        thick = -1 if rng.random() < 0.6 else max(2, radius // 5)
        cv2.circle(image, _point(style, rng), radius, _colour(style, rng), thick, cv2.LINE_AA)


def _shards(image: np.ndarray, style: Style, rng: np.random.Generator) -> None:
    for _ in range(rng.integers(6, 14)):
        corners = np.array([_point(style, rng, margin=-0.1) for _ in range(rng.integers(3, 5))])
        middle = corners.mean(axis=0)
        corners = np.rint(middle + (corners - middle) * rng.uniform(0.3, 0.8)).astype(np.int32)
        cv2.fillPoly(image, [corners], _colour(style, rng), cv2.LINE_AA)


def _hills(image: np.ndarray, style: Style, rng: np.random.Generator) -> None:
    height, width = style.shape
    cv2.circle(image, _point(style, rng, margin=0.25), height // 9, _colour(style, rng), -1, cv2.LINE_AA)
    for layer in range(3):
        steps = rng.integers(4, 9)
        tops = height * (0.4 + 0.17 * layer + rng.uniform(-0.12, 0.12, steps))
        ridge = np.column_stack([np.linspace(0, width, steps), tops])
        ground = np.array([(width, height), (0, height)])
        corners = np.rint(np.concatenate([ridge, ground])).astype(np.int32)
        colour = (style.colours[2] * (1 - layer / 3) + style.colours[3] * layer / 3).tolist()
        cv2.fillPoly(image, [corners], colour, cv2.LINE_AA)
    _dots(image, style, rng, 14)


def _dots(image: np.ndarray, style: Style, rng: np.random.Generator, count: int) -> None:
    """Stars, trees, birds: small things here and there, some of three corners and some of four."""
    for _ in range(count):
        side = style.shape[1] * rng.uniform(0.02, 0.06)
        turns = rng.uniform(0, 2 * np.pi) + np.arange(rng.integers(3, 5)) * rng.uniform(1.2, 2.2)
        corners = side * np.column_stack([np.cos(turns), np.sin(turns)]) + _point(style, rng)
        cv2.fillPoly(image, [np.rint(corners).astype(np.int32)], _colour(style, rng), cv2.LINE_AA)


def _scribble(image: np.ndarray, style: Style, rng: np.random.Generator) -> None:
    for _ in range(rng.integers(5, 10)):
        turns = np.cumsum(rng.normal(0, 0.35, 60)) + rng.uniform(0, 6.3)
        steps = np.column_stack([np.cos(turns), np.sin(turns)]) * style.shape[1] / 25
        path = np.cumsum(steps, axis=0) + _point(style, rng, margin=0.2)
        corners = [np.rint(path).astype(np.int32)]
        cv2.polylines(image, corners, False, _colour(style, rng), int(rng.integers(2, 9)), cv2.LINE_AA)


def _tiles(image: np.ndarray, style: Style, rng: np.random.Generator) -> None:
    height, width = style.shape
    count = rng.integers(4, 8)
    for row in range(count):
        for column in range(count):
            if rng.random() < 0.55:
                corner = (column * width // count, row * height // count)
                end = (corner[0] + round(0.8 * width / count), corner[1] + round(0.8 * height / count))
                cv2.rectangle(image, corner, end, _colour(style, rng), -1)


def _letters(image: np.ndarray, style: Style, rng: np.random.Generator) -> None:
    """One or two letters as large as the cover, among dots."""
    _dots(image, style, rng, 12)
    height, width = style.shape
    text = lettering.words(rng, 1)[: rng.integers(1, 3)]
    ink = lettering.line(text, style.face, width=round(0.9 * width), height=round(0.6 * height))
    top, left = (height - ink.shape[0]) // 2, (width - ink.shape[1]) // 2
    part = image[top : top + ink.shape[0], left : left + ink.shape[1]]
    part += (style.colours[2] - part) * ink[..., None]


GROUNDS: dict[str, Callable[[Style, np.random.Generator], np.ndarray]] = {
    "plain": _plain,
    "gradient": _gradient,
    "cloudy": _cloudy,
    "striped": _striped,
}
MOTIFS: dict[str, Callable[[np.ndarray, Style, np.random.Generator], None]] = {
    "discs": _discs,
    "shards": _shards,
    "hills": _hills,
    "scribble": _scribble,
    "tiles": _tiles,
    "letters": _letters,
}
