"""Words: the text of a filter in pieces, and texts of several filters taken apart."""

import re
from dataclasses import dataclass

from datasets.errors import InputError

_PIECES = re.compile(
    r"""\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<sign><=|>=|==|!=|<>|[=<>(),!])|(?P<word>[^\s"'=<>(),!]+))"""
)
_NAMED = re.compile(r"\s*([\w. -]*\w)\s*:(.*)", re.DOTALL)
_PARTS = re.compile(r"""(?:[^;"']|"[^"]*"|'[^']*')+""")


@dataclass(frozen=True)
class Word:
    """A piece of a filter: a sign such as "<=", or a word, which is nothing but itself where it is quoted."""

    text: str
    sign: bool = False
    quoted: bool = False

    def is_(self, *texts: str) -> bool:
        """Whether it is one of these signs, or words of the language in capital or small letters."""
        return not self.quoted and self.text.lower() in texts


def pieces(text: str) -> list[Word]:
    """The words and signs of a filter, in order; raises InputError for a quotation that does not end."""
    found, place, text = [], 0, text.strip()
    while place < len(text):
        piece = _PIECES.match(text, place)
        if piece is None:
            raise InputError(f"the quotation that begins at {text[place:].strip()} does not end")
        for kind, value in piece.groupdict().items():
            if value is not None:
                found.append(Word(value, kind == "sign", kind in ("single", "double")))
        place = piece.end()
    return found


def several(text: str) -> list[tuple[str, str]]:
    """(name, filter) of each in "name: filter; name: filter"; without a name, its text is its name."""
    found = []
    for part in filter(str.strip, _PARTS.findall(text)):
        named = _NAMED.fullmatch(part)
        name, body = (named[1], named[2]) if named else (part, part)
        found.append((" ".join(name.split()), " ".join(body.split())))
    return found
