"""Fonts: what writes a text of any script, and emoji, into a picture: fonts brought by pip, or those of the system."""

import functools
import importlib.util
import logging
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import regex
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

log = logging.getLogger(__name__)

_BY_PIP = ("noto_cjk_sans_otc", "manimgx_fonts")  # modules that hold fonts, of the extra [fonts]
_ENDINGS = (".ttf", ".otf", ".ttc")
_USUAL = "DejaVu Sans"  # matplotlib's own, which all else is written in
_NEVER = ("Last Resort", "Color Emoji", "Bitmap")  # boxes for any letter; pictures, which matplotlib cannot draw
_UNSEEN = frozenset("\n\u200b\u200c\u200d\u2060\ufe0e\ufe0f")  # steer what stands beside them
_KANA = regex.compile(r"[\p{Script=Hiragana}\p{Script=Katakana}]")


def dress(text: Text) -> Text:
    """Have ``text`` written as it is, no mathematics, by fonts that have its letters; returns it.

    Letters that no font has are boxes, and the log says once what brings fonts.
    """
    text.set_parse_math(False)
    if not text.get_text().isascii():
        text.set_fontfamily(families(text.get_text()))
    return text


def families(text: str) -> list[str]:
    """The families of fonts that together have the letters of ``text``, the usual one first."""
    found = [_USUAL]
    japanese = bool(_KANA.search(text))
    for letter in dict.fromkeys(text):
        if letter in _UNSEEN or unicodedata.category(letter) in ("Cc", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"):
            continue
        family = _family_with(letter, japanese)
        if family is None:
            _tell_missing()
        elif family not in found:
            found.append(family)
    return found


@functools.lru_cache(1 << 14)
def _family_with(letter: str, japanese: bool) -> str | None:
    """The first family that has ``letter``; Chinese signs as China draws them, unless the text is ``japanese``."""
    names = (name for name, font in _fonts() if font.get_char_index(ord(letter)))
    first = next(names, None)
    if first is None or not first.startswith("Noto Sans CJK"):
        return first
    return "Noto Sans CJK JP" if japanese else "Noto Sans CJK SC"


def _fonts() -> Iterator[tuple[str, FT2Font]]:
    """Families with a font of each, the usual one first, then those by pip, then those of the system."""
    for entry in _entries():
        font = _opened(entry.fname)
        if font is not None:
            yield entry.name, font


@functools.cache
def _entries() -> tuple[font_manager.FontEntry, ...]:
    manager, brought = font_manager.fontManager, _brought()
    known = {entry.fname for entry in manager.ttflist}
    for path in brought:
        if path not in known:
            manager.addfont(path)
    usable = (entry for entry in manager.ttflist if not any(name in entry.name for name in _NEVER))
    plain = [entry for entry in usable if entry.style == "normal" and entry.variant == "normal"]
    plain.sort(key=lambda entry: (entry.name != _USUAL, entry.fname not in brought, entry.name, entry.weight != 400))
    first = {entry.name: entry for entry in reversed(plain)}
    return tuple(entry for entry in plain if first[entry.name] is entry)


def _brought() -> list[str]:
    """The files of fonts in the packages of the extra [fonts], as far as these are there."""
    found = []
    for module in _BY_PIP:
        spec = importlib.util.find_spec(module)
        for folder in spec.submodule_search_locations or () if spec else ():
            found += sorted(str(path) for path in Path(folder).iterdir() if path.suffix in _ENDINGS)
    return found


@functools.cache
def _opened(path: str) -> FT2Font | None:
    try:
        return FT2Font(path)
    except (OSError, RuntimeError):  # a font of the system that is broken
        return None


@functools.cache
def _tell_missing() -> None:
    log.warning("letters that no font here has are boxes in pictures: pip install '.[fonts]' brings such fonts")
