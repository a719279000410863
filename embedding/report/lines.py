"""Lines: a text in lines of a width, whether it has spaces or not."""

import itertools
import textwrap
import unicodedata
from collections.abc import Iterator

import regex

# Where a line may end between any two: letters of scripts without spaces, East Asian marks and forms, emoji.
_ANYWHERE = (
    r"[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}"
    r"\p{Script=Myanmar}\p{Extended_Pictographic}\p{Regional_Indicator}\u3000-\u303F\uFF00-\uFFEF]"
)
_BREAKS = regex.compile(_ANYWHERE)
_CLOSING = frozenset("。、，．：；！？）］｝」』】》〉”’…ー")  # do not begin a line


def wrapped(text: str, *, width: int, most: int) -> list[str]:
    """``text`` in at most ``most`` lines of ``width`` letters, Chinese signs counted as two; … stands for the rest."""
    if not _BREAKS.search(text):
        return textwrap.wrap(text, width=width, max_lines=most, placeholder="…", break_on_hyphens=False)
    lines = list(_filled(text, width))
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while _width(last) > width - 1:
        last = regex.sub(r"\X\Z", "", last)
    return [*lines[: most - 1], last + "…"]


def _filled(text: str, width: int) -> Iterator[str]:
    line = ""
    for piece in _pieces(text, width):
        if line and _width(line + piece) > width and piece not in _CLOSING:
            yield line.rstrip()
            line = ""
        line += piece if line else piece.lstrip()
    if line.strip():
        yield line.rstrip()


def _pieces(text: str, width: int) -> Iterator[str]:
    """What stands together, a space for all white space; a word that is wider than a line is broken."""
    for kind, clusters in itertools.groupby(regex.findall(r"\X", text), key=_kind):
        if kind == "space":
            yield " "
        elif kind == "word" and _width(word := "".join(clusters)) <= width:
            yield word
        else:
            yield from regex.findall(r"\X", word) if kind == "word" else clusters


def _kind(cluster: str) -> str:
    return "space" if cluster.isspace() else "sign" if _BREAKS.match(cluster) else "word"


def _width(text: str) -> int:
    """Columns that ``text`` takes: two for a Chinese sign or an emoji, none for a mark upon a letter."""
    return sum(2 if unicodedata.east_asian_width(cluster[0]) in "WF" else 1 for cluster in regex.findall(r"\X", text))
