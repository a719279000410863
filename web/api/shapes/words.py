"""Words: a shape read from the part of an address behind the question mark, where all is text."""

from typing import Any, get_origin

from django.http import QueryDict

from web.api.shapes.kinds import members, parted
from web.api.shapes.read import read

TRUTHS = {"true": True, "1": True, "false": False, "0": False}


def from_words(shape: Any, words: QueryDict) -> Any:
    """The dataclass that ``words`` fill; raises InputError for what does not fit."""
    known = members(shape)
    return read(shape, {name: _value(known[name].kind, words, name) if name in known else "" for name in words})


def _value(kind: Any, words: QueryDict, name: str) -> Any:
    """What JSON would have; a word that is none of its kind stays as it is, for ``read`` to refuse."""
    plain = parted(kind).plain
    if get_origin(plain) is tuple:
        return words.getlist(name)
    word = words[name]
    if plain is bool:
        return TRUTHS.get(word.lower(), word)
    if plain not in (int, float):
        return word
    try:
        return plain(word)
    except ValueError:
        return word
