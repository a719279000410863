"""Characters: Unicode characters that look different from each other, drawn by many fonts in any pose.

The fonts are those that matplotlib ships, so there is nothing to download.
"""

import unicodedata
from collections import Counter
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from matplotlib.ft2font import FT2Font
from PIL import Image, ImageDraw, ImageFont

FAMILIES = ("DejaVuSans", "DejaVuSansMono", "DejaVuSerif", "STIXGeneral")
REFERENCE = "DejaVuSans"  # the widest face: characters are compared as it draws them
KINDS = ("Lu", "Ll", "Lo", "N", "Sm", "Sc")  # Unicode categories: letters, numbers, signs of mathematics and currency
MIN_FACES = 8  # a character is drawn by that many faces at least
LOOK_ALIKE = 0.77  # correlation of two drawings from which on only the first of them is taken

EM = 48  # pixels of the font size of a clean drawing
MARGIN = EM // 8  # empty pixels around its ink, room for a heavier pen and for blur
MAX_ANGLE = 30.0  # degrees, to either side
SIDE = 32  # pixels of the drawings that are compared

Face = tuple[ImageFont.FreeTypeFont, frozenset[str]]  # a font and the characters that it has


def faces() -> dict[str, Face]:
    """Every face of the families by its file name without the ending, in alphabetical order."""
    files = sorted(Path(matplotlib.get_data_path(), "fonts", "ttf").glob("*.ttf"))
    return {file.stem: (_font(file), _covered(file)) for file in files if _family(file) in FAMILIES}


def distinct(among: dict[str, Face]) -> list[str]:
    """The characters that enough faces have, without those that look like one before them, turned or not.

    What is a letter with an accent is none of them.
    """
    found, font = _candidates(among), among[REFERENCE][0]
    drawings = [drawing(character, font) for character in found]
    upright, left, right = (unit_rows(drawings, angle) for angle in (0.0, -MAX_ANGLE, MAX_ANGLE))
    alike = np.max([rows @ upright.T for rows in (upright, left, right)], axis=0)  # (C, C) correlations
    kept: list[int] = []
    for row in range(len(found)):
        if alike[row, kept].max(initial=0.0) < LOOK_ALIKE:
            kept.append(row)
    return [found[row] for row in kept]


def class_name(character: str) -> str:
    """What a class of this character is called: its number and name in Unicode."""
    return f"U+{ord(character):04X} {unicodedata.name(character)}"


def unit_rows(drawings: list[np.ndarray], angle: float) -> np.ndarray:
    """The drawings turned, (N, pixels) float32, centred and of unit length: their products are correlations."""
    rows = np.stack([posed(drawing, angle=angle) for drawing in drawings]).reshape(len(drawings), -1)
    rows = rows - rows.mean(axis=1, keepdims=True, dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def drawing(character: str, font: ImageFont.FreeTypeFont) -> np.ndarray:
    """The character upright, (h, w) uint8 with 255 for ink, cut to its ink and the margin around it."""
    canvas = Image.new("L", (4 * EM, 4 * EM))
    ImageDraw.Draw(canvas).text((EM, EM), character, font=font, fill=255)
    left, top, right, bottom = canvas.getbbox() or (EM, EM, EM + 1, EM + 1)
    return np.asarray(canvas.crop((left - MARGIN, top - MARGIN, right + MARGIN, bottom + MARGIN)))


def posed(
    drawing: np.ndarray,
    *,
    angle: float,
    scale: float = 1.0,
    shear: float = 0.0,
    shift: np.ndarray | float = 0.0,
    side: int = SIDE,
) -> np.ndarray:
    """The drawing in an image (side, side): its longer side 3/4 of it at scale 1, its middle ``shift`` px off."""
    middle = (np.array(drawing.shape[::-1]) - 1) / 2
    zoom = scale * 0.75 * side / (max(drawing.shape) - 2 * MARGIN)
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turn = zoom * np.array([[cos, -sin], [sin, cos]]) @ np.array([[1.0, shear], [0.0, 1.0]])
    offset = (side - 1) / 2 + shift - turn @ middle
    return cv2.warpAffine(drawing, np.column_stack([turn, offset]), (side, side), flags=cv2.INTER_LINEAR)


def _family(file: Path) -> str:
    return "STIXGeneral" if file.stem.startswith("STIXGeneral") else file.stem.split("-")[0]


def _font(file: Path) -> ImageFont.FreeTypeFont:
    # The basic layout draws the same whether or not Pillow finds a text shaping library.
    return ImageFont.truetype(str(file), EM, layout_engine=ImageFont.Layout.BASIC)


def _covered(file: Path) -> frozenset[str]:
    return frozenset(chr(code) for code, glyph in FT2Font(str(file)).get_charmap().items() if glyph)


def _candidates(among: dict[str, Face]) -> list[str]:
    """The characters of the right kind that enough faces have, without letters that are others with an accent."""
    count = Counter(character for _, covered in among.values() for character in covered)
    common = sorted(character for character in among[REFERENCE][1] if count[character] >= MIN_FACES)
    return [c for c in common if unicodedata.category(c).startswith(KINDS) and not unicodedata.decomposition(c)]
