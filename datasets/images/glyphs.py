"""Glyphs, the built-in set: Unicode characters in many fonts and random poses; test characters are never trained on.

In the spirit of Omniglot (Lake, Salakhutdinov, Tenenbaum, Science 2015): many classes, few images of each. The fonts
are those that matplotlib ships, so there is nothing to download.
"""

import unicodedata
from collections import Counter
from functools import lru_cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from matplotlib.ft2font import FT2Font
from PIL import Image, ImageDraw, ImageFont

from datasets.errors import InputError
from datasets.images.base import ImageSet, split_by_class

SEED = 0
SIDE = 32  # pixels of an image's side
PER_CLASS = 16  # images of a class
TRAIN_SHARE = 0.7  # of the classes

# Which characters are classes.
FAMILIES = ("DejaVuSans", "DejaVuSansMono", "DejaVuSerif", "STIXGeneral")
REFERENCE = "DejaVuSans"  # the widest face: characters are compared as it draws them
KINDS = ("Lu", "Ll", "Lo", "N", "Sm", "Sc")  # Unicode categories: letters, numbers, signs of mathematics and currency
MIN_FACES = 8  # a class is drawn by that many faces at least
LOOK_ALIKE = 0.77  # correlation of two drawings from which on only the first of them is a class

# How they are drawn.
EM = 48  # pixels of the font size of a clean drawing
MARGIN = EM // 8  # empty pixels around its ink, room for a heavier pen and for blur
MAX_ANGLE = 30.0  # degrees, to either side

Face = tuple[ImageFont.FreeTypeFont, frozenset[str]]  # a font and the characters that it has


def load(root: str | Path | None = None, *, boxes: bool = False) -> ImageSet:
    """The glyphs, bit for bit the same on every call; ``root`` is ignored.

    ``images`` is a read-only array (N, 32, 32, 3) uint8. Raises InputError where ``boxes`` are asked for.
    """
    if boxes:
        raise InputError("dataset glyphs has no boxes: do not ask for crops to boxes")
    return _generated()


@lru_cache(maxsize=1)
def _generated() -> ImageSet:
    faces = _faces()
    characters = _distinct(_candidates(faces), faces[REFERENCE][0])
    rng = np.random.default_rng(SEED)
    train_classes = rng.permutation(len(characters))[: round(TRAIN_SHARE * len(characters))]
    images = np.concatenate([_images(character, faces, rng) for character in characters])
    images.flags.writeable = False  # one array is shared by all who load the set
    labels = np.repeat(np.arange(len(characters), dtype=np.int64), PER_CLASS)
    return ImageSet(
        name="glyphs",
        images=images,
        labels=labels,
        class_names=tuple(f"U+{ord(character):04X} {unicodedata.name(character)}" for character in characters),
        size=SIDE,
        **split_by_class(labels, train_classes),
    ).check()


def _faces() -> dict[str, Face]:
    """Every face of the families by its file name without the ending, in alphabetical order."""
    files = sorted(Path(matplotlib.get_data_path(), "fonts", "ttf").glob("*.ttf"))
    return {file.stem: (_font(file), _covered(file)) for file in files if _family(file) in FAMILIES}


def _family(file: Path) -> str:
    return "STIXGeneral" if file.stem.startswith("STIXGeneral") else file.stem.split("-")[0]


def _font(file: Path) -> ImageFont.FreeTypeFont:
    # The basic layout draws the same whether or not Pillow finds a text shaping library.
    return ImageFont.truetype(str(file), EM, layout_engine=ImageFont.Layout.BASIC)


def _covered(file: Path) -> frozenset[str]:
    return frozenset(chr(code) for code, glyph in FT2Font(str(file)).get_charmap().items() if glyph)


def _candidates(faces: dict[str, Face]) -> list[str]:
    """The characters of the right kind that enough faces have, without letters that are others with an accent."""
    count = Counter(character for _, covered in faces.values() for character in covered)
    common = sorted(character for character in faces[REFERENCE][1] if count[character] >= MIN_FACES)
    return [c for c in common if unicodedata.category(c).startswith(KINDS) and not unicodedata.decomposition(c)]


def _distinct(characters: list[str], font: ImageFont.FreeTypeFont) -> list[str]:
    """The characters without those that look, upright or turned as far as a pose may, like one before them."""
    drawings = [_drawing(character, font) for character in characters]
    upright, left, right = (_unit_rows(drawings, angle) for angle in (0.0, -MAX_ANGLE, MAX_ANGLE))
    alike = np.max([rows @ upright.T for rows in (upright, left, right)], axis=0)  # (C, C) correlations
    kept: list[int] = []
    for row in range(len(characters)):
        if alike[row, kept].max(initial=0.0) < LOOK_ALIKE:
            kept.append(row)
    return [characters[row] for row in kept]


def _unit_rows(drawings: list[np.ndarray], angle: float) -> np.ndarray:
    """The drawings turned, (N, pixels) float32, centred and of unit length: their products are correlations."""
    rows = np.stack([_posed(drawing, angle=angle) for drawing in drawings]).reshape(len(drawings), -1)
    rows = rows - rows.mean(axis=1, keepdims=True, dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _drawing(character: str, font: ImageFont.FreeTypeFont) -> np.ndarray:
    """The character upright, (h, w) uint8 with 255 for ink, cut to its ink and the margin around it."""
    canvas = Image.new("L", (4 * EM, 4 * EM))
    ImageDraw.Draw(canvas).text((EM, EM), character, font=font, fill=255)
    left, top, right, bottom = canvas.getbbox() or (EM, EM, EM + 1, EM + 1)
    return np.asarray(canvas.crop((left - MARGIN, top - MARGIN, right + MARGIN, bottom + MARGIN)))


def _posed(
    drawing: np.ndarray, *, angle: float, scale: float = 1.0, shear: float = 0.0, shift: np.ndarray | float = 0.0
) -> np.ndarray:
    """The drawing in an image (32, 32): its longer side 3/4 of the image's at scale 1, its middle ``shift`` px off."""
    middle = (np.array(drawing.shape[::-1]) - 1) / 2
    zoom = scale * 0.75 * SIDE / (max(drawing.shape) - 2 * MARGIN)
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turn = zoom * np.array([[cos, -sin], [sin, cos]]) @ np.array([[1.0, shear], [0.0, 1.0]])
    offset = (SIDE - 1) / 2 + shift - turn @ middle
    return cv2.warpAffine(drawing, np.column_stack([turn, offset]), (SIDE, SIDE), flags=cv2.INTER_LINEAR)


def _images(character: str, faces: dict[str, Face], rng: np.random.Generator) -> np.ndarray:
    """The images of one class, (PER_CLASS, 32, 32, 3) uint8: the faces that have it take turns in random order."""
    fonts = [font for font, covered in faces.values() if character in covered]
    drawings = [_drawing(character, fonts[place]) for place in rng.permutation(len(fonts))[:PER_CLASS]]
    ink = np.stack([_ink(drawings[turn % len(drawings)], rng) for turn in range(PER_CLASS)])
    return _coloured(ink, rng)


def _ink(drawing: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One image (32, 32) uint8 of ink, in random weight, blur and pose."""
    pen = np.ones((3, 3), np.uint8)
    heavy = cv2.dilate(drawing, pen) if rng.random() < 0.5 else drawing
    return _posed(
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
