"""Glyphs, the built-in set: Unicode characters in many fonts and random poses; test characters are never trained on.

In the spirit of Omniglot (Lake, Salakhutdinov, Tenenbaum, Science 2015): many classes, few images of each. The fonts
are those that matplotlib ships, so there is nothing to download.
"""

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from datasets.drawing import characters
from datasets.drawing.characters import MAX_ANGLE, SIDE, Face
from datasets.errors import InputError
from datasets.images.base import ImageSet, split_by_class

SEED = 0
PER_CLASS = 16  # images of a class
TRAIN_SHARE = 0.7  # of the classes


def load(root: str | Path | None = None, *, boxes: bool = False) -> ImageSet:
    """The glyphs, bit for bit the same on every call; ``root`` is ignored.

    ``images`` is a read-only array (N, 32, 32, 3) uint8. Raises InputError where ``boxes`` are asked for.
    """
    if boxes:
        raise InputError("dataset glyphs has no boxes: do not ask for crops to boxes")
    return _generated()


@lru_cache(maxsize=1)
def _generated() -> ImageSet:
    faces = characters.faces()
    drawn = characters.distinct(faces)
    rng = np.random.default_rng(SEED)
    train_classes = rng.permutation(len(drawn))[: round(TRAIN_SHARE * len(drawn))]
    images = np.concatenate([_images(character, faces, rng) for character in drawn])
    images.flags.writeable = False  # one array is shared by all who load the set
    labels = np.repeat(np.arange(len(drawn), dtype=np.int64), PER_CLASS)
    return ImageSet(
        name="glyphs",
        images=images,
        labels=labels,
        class_names=tuple(map(characters.class_name, drawn)),
        size=SIDE,
        **split_by_class(labels, train_classes),
    ).check()


def _images(character: str, faces: dict[str, Face], rng: np.random.Generator) -> np.ndarray:
    """The images of one class, (PER_CLASS, 32, 32, 3) uint8: the faces that have it take turns in random order."""
    fonts = [font for font, covered in faces.values() if character in covered]
    drawings = [characters.drawing(character, fonts[place]) for place in rng.permutation(len(fonts))[:PER_CLASS]]
    ink = np.stack([_ink(drawings[turn % len(drawings)], rng) for turn in range(PER_CLASS)])
    return _coloured(ink, rng)


def _ink(drawing: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One image (32, 32) uint8 of ink, in random weight, blur and pose."""
    pen = np.ones((3, 3), np.uint8)
    heavy = cv2.dilate(drawing, pen) if rng.random() < 0.5 else drawing
    return characters.posed(
        cv2.GaussianBlur(heavy, (0, 0), rng.uniform(0.6, 1.8)),
        angle=rng.uniform(-MAX_ANGLE, MAX_ANGLE),
        scale=rng.uniform(0.7, 1.1),
        shear=rng.uniform(-0.2, 0.2),
        shift=rng.uniform(-2.0, 2.0, size=2),
    )


def _coloured(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Images (N, 32, 32, 3) uint8 of a dark pen on light paper, both slightly tinted, with noise; ink (N, 32, 32)."""
    one, rgb = (len(ink), 1, 1, 1), (len(ink), 1, 1, 3)
    pen = rng.uniform(0, 90, size=one) + rng.uniform(-20, 20, size=rgb)
    paper = rng.uniform(165, 255, size=one) + rng.uniform(-20, 20, size=rgb)
    clean = paper + (pen - paper) * (ink[..., None] / 255)
    noise = rng.uniform(4, 20, size=one) * rng.standard_normal(clean.shape, dtype=np.float32)
    return np.clip(clean + noise, 0, 255).astype(np.uint8)
