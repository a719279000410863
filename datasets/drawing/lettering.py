"""Lettering: made-up words, and lines of them in the fonts that matplotlib ships."""

from functools import lru_cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

FAMILIES = ("DejaVuSans", "DejaVuSerif", "STIXGeneral")
_EM = 64  # pixels of the font size at which a line is measured
_ONSETS = ("b", "br", "c", "ch", "d", "f", "g", "gr", "h", "j", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v", "w")
_VOWELS = ("a", "e", "i", "o", "u", "ea", "ou")
_ENDS = ("", "", "", "l", "m", "n", "r", "s", "t", "nd", "st")


@lru_cache(maxsize=1)
def faces() -> tuple[str, ...]:
    """The files of the fonts, in alphabetical order."""
    files = sorted(Path(matplotlib.get_data_path(), "fonts", "ttf").glob("*.ttf"))
    ours = [file for file in files if file.stem.removeprefix("STIXGeneral").startswith(("Bol", "Ita", "DejaVuS"))]
    return tuple(str(file) for file in ours if "Display" not in file.stem and "Mono" not in file.stem)


def words(rng: np.random.Generator, count: int) -> str:
    """So many made-up words of one to three syllables, each with a capital."""
    return " ".join(_word(rng) for _ in range(count))


def _word(rng: np.random.Generator) -> str:
    syllables = range(rng.integers(1, 4))
    return "".join(rng.choice(part) for _ in syllables for part in (_ONSETS, _VOWELS, _ENDS)).capitalize()


def line(text: str, face: str, *, width: int, height: int) -> np.ndarray:
    """Which share of every pixel a line of text covers, (h, w) in [0, 1], as large as the room lets it be."""
    left, top, right, bottom = _font(face, _EM).getbbox(text)
    size = max(6, int(0.97 * _EM * min(width / (right - left), height / (bottom - top))))
    font = _font(face, size)
    left, top, right, bottom = font.getbbox(text)
    canvas = Image.new("L", (max(1, right - left), max(1, bottom - top)))
    ImageDraw.Draw(canvas).text((-left, -top), text, font=font, fill=255)
    return np.asarray(canvas)[:height, :width] / np.float32(255)


@lru_cache(maxsize=512)
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    # The basic layout draws the same whether or not Pillow finds a text shaping library.
    return ImageFont.truetype(face, size, layout_engine=ImageFont.Layout.BASIC)
