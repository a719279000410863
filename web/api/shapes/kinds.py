"""Kinds: what a type of a field says, taken apart once."""

import functools
import types
from dataclasses import MISSING, Field, dataclass, fields, replace
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from django.utils.functional import Promise


class Within:
    """Limits: of a number itself, of the length of a text, of the items of a tuple."""

    def __init__(self, least: float | None = None, most: float | None = None) -> None:
        self.least, self.most = least, most

    def holds(self, size: float) -> bool:
        """Whether ``size`` keeps them."""
        return (self.least is None or size >= self.least) and (self.most is None or size <= self.most)

    def __str__(self) -> str:
        low = "" if self.least is None else f"at least {self.least:g}"
        high = "" if self.most is None else f"at most {self.most:g}"
        return " and ".join(filter(None, (low, high)))


NO_LIMITS = Within()


class File:
    """The type of a field of a form that is a file, which its view reads itself."""


@dataclass(frozen=True)
class Parted:
    """A type taken apart: the plain type, whether it may be None, the sentence and the limits of its ``Annotated``."""

    plain: Any
    optional: bool = False
    words: str = ""
    limits: Within = NO_LIMITS


@functools.cache
def parted(kind: Any) -> Parted:
    """A type taken apart; what an outer ``Annotated`` says counts before what an inner one does."""
    if get_origin(kind) is Annotated:
        plain, *more = get_args(kind)
        inner = parted(plain)
        words = " ".join(str(one) for one in more if isinstance(one, str | Promise))
        limits = next((one for one in more if isinstance(one, Within)), inner.limits)
        return Parted(inner.plain, inner.optional, words or inner.words, limits)
    if get_origin(kind) in (Union, types.UnionType):
        others = [one for one in get_args(kind) if one is not type(None)]
        assert len(others) == 1, f"{kind}: one type or None"
        return replace(parted(others[0]), optional=True)
    return Parted(kind)


@dataclass(frozen=True)
class Member:
    """A field of a shape: its type, its name in Python, and whether it must be given."""

    kind: Any
    attribute: str
    needed: bool
    usual: Any


@functools.cache
def members(shape: type) -> dict[str, Member]:
    """Of a dataclass: {name over the wire: its field}; a name that Python keeps for itself ends in _ there, as not_."""
    hints = get_type_hints(shape, include_extras=True)
    return {
        field.name.removesuffix("_"): Member(hints[field.name], field.name, _needed(field), field.default)
        for field in fields(shape)
    }


def _needed(field: Field[Any]) -> bool:
    """Whether it has no default."""
    return field.default is MISSING and field.default_factory is MISSING
