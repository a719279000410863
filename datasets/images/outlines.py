"""Outlines, the built-in set of sketches: dark characters on a bright coloured ground, and outlines of such characters.

The characters are those of ``glyphs``. A sketch and a photograph of a class never come from one drawing: fonts, poses
and weights of the pen differ. Three in ten classes are unseen: they train nothing.
"""

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from datasets.drawing import characters
from datasets.drawing.characters import Face
from datasets.errors import InputError
from datasets.images.base import ImageSet

SEED = 0
SIDE = 32  # pixels of an image's side
CLASSES = 100  # the characters are many more
PER_CLASS = 12  # sketches of a class, and as many photographs
HELD = 3  # of either that do not train, of a class that does
TRAIN_SHARE = 0.7  # of the classes
MAX_ANGLE = 20.0  # degrees, to either side


def load(root: str | Path | None = None, *, boxes: bool = False) -> ImageSet:
    """The outlines, bit for bit the same on every call; ``root`` is ignored.

    ``images`` is a read-only array (N, 32, 32, 3) uint8. Raises InputError where ``boxes`` are asked for.
    """
    if boxes:
        raise InputError("dataset outlines has no boxes: do not ask for crops to boxes")
    return _generated()


@lru_cache(maxsize=1)
def _generated() -> ImageSet:
    faces, rng = characters.faces(), np.random.default_rng(SEED)
    drawn = characters.distinct(faces)
    drawn = [drawn[row] for row in np.sort(rng.permutation(len(drawn))[:CLASSES])]
    seen = np.isin(np.arange(len(drawn)), rng.permutation(len(drawn))[: round(TRAIN_SHARE * len(drawn))])
    images = np.concatenate([_of_class(character, faces, rng) for character in drawn])
    images.flags.writeable = False  # one array is shared by all who load the set
    labels = np.repeat(np.arange(len(drawn), dtype=np.int64), 2 * PER_CLASS)
    place = np.tile(np.arange(PER_CLASS), 2 * len(drawn))
    is_sketch = np.tile(np.repeat([True, False], PER_CLASS), len(drawn))
    trains = seen[labels] & (place >= HELD)
    return ImageSet(
        name="outlines",
        images=images,
        labels=labels,
        class_names=tuple(map(characters.class_name, drawn)),
        size=SIDE,
        train=np.flatnonzero(trains),
        query=np.flatnonzero(is_sketch & ~trains),
        gallery=np.flatnonzero(~is_sketch),
        sketches=is_sketch,
    ).check()


def _of_class(character: str, faces: dict[str, Face], rng: np.random.Generator) -> np.ndarray:
    """The images of one class, (2 * PER_CLASS, 32, 32, 3) uint8: its sketches, then its photographs."""
    fonts = [font for font, covered in faces.values() if character in covered]
    turns = rng.permutation(len(fonts))
    drawings = [characters.drawing(character, fonts[turns[turn % len(fonts)]]) for turn in range(2 * PER_CLASS)]
    sketches = [_sketch(drawing, rng) for drawing in drawings[:PER_CLASS]]
    return np.stack([*sketches, *(_photograph(drawing, rng) for drawing in drawings[PER_CLASS:])])


def _ink(drawing: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The drawing in a random weight and pose, twice as large as an image, (64, 64) uint8."""
    heavy = cv2.dilate(drawing, np.ones((3, 3), np.uint8)) if rng.random() < 0.5 else drawing
    return characters.posed(
        heavy,
        angle=rng.uniform(-MAX_ANGLE, MAX_ANGLE),
        scale=rng.uniform(0.8, 1.15),
        shear=rng.uniform(-0.2, 0.2),
        shift=rng.uniform(-4.0, 4.0, size=2),
        side=2 * SIDE,
    )


def _sketch(drawing: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A thin dark line along the edge of the ink on white, a little shaky."""
    ink = _shaken(_ink(drawing, rng), rng)
    edge = cv2.morphologyEx((ink > 127).astype(np.uint8) * 255, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    line = cv2.resize(edge, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    grey = 255 - np.minimum(line * rng.uniform(0.8, 1.3), 255)
    return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)


def _shaken(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The ink moved by a smooth field of some pixels, as a hand moves that does not draw along a ruler."""
    field = cv2.resize(rng.normal(0, 1.2, (5, 5, 2)).astype(np.float32), ink.shape, interpolation=cv2.INTER_CUBIC)
    columns, rows = np.meshgrid(*map(np.arange, ink.shape))
    return cv2.remap(ink, (columns + field[..., 0]).astype(np.float32), (rows + field[..., 1]).astype(np.float32), 1)


def _photograph(drawing: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The ink filled with one colour before a ground that goes from one colour to another, with noise."""
    ink = cv2.resize(_ink(drawing, rng), (SIDE, SIDE), interpolation=cv2.INTER_AREA)[..., None] / 255
    ground, colour = _colours(rng)
    slope = cv2.resize(rng.uniform(-25, 25, (3, 3, 3)), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    noise = rng.uniform(4, 16) * rng.standard_normal((SIDE, SIDE, 3))
    return np.clip(ground + slope + (colour - ground) * ink + noise, 0, 255).astype(np.uint8)


def _colours(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Those of the ground, bright, and of the character, dark."""
    return rng.uniform(120, 250, 3), rng.uniform(10, 110, 3)
