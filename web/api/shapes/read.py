"""Read: a shape made of what somebody sent; what does not fit is refused with the name of the field."""

import math
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args, get_origin

from datasets.errors import InputError, suggestion
from web.api.shapes.kinds import NO_LIMITS, Within, members, parted

WORDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    date: "a day such as 2026-05-31",
    datetime: "a time such as 2026-05-31T12:00:00Z",
}


def read(kind: Any, value: Any, where: str = "") -> Any:
    """``value``, as JSON has it, as a type; raises InputError with ``where`` in what was sent it does not fit."""
    its = parted(kind)
    if value is None and its.optional:
        return None
    return _limited(_of(its.plain, value, where), its.limits, where)


def _of(kind: Any, value: Any, where: str) -> Any:
    if kind in WORDS:
        return _plain(kind, value, where)
    if is_dataclass(kind):
        return _object(kind, value, where)
    if get_origin(kind) is Literal:
        _must(value in get_args(kind), where, f"must be one of {', '.join(map(str, get_args(kind)))}")
        return value
    if get_origin(kind) is dict:
        _must(isinstance(value, Mapping), where, "must be an object")
        return {name: read(get_args(kind)[1], one, f"{where}.{name}") for name, one in value.items()}
    return _tuple(get_args(kind), value, where)


def _plain(kind: Any, value: Any, where: str) -> Any:
    wrong = f"must be {WORDS[kind]}"
    if kind in (date, datetime):
        _must(isinstance(value, str), where, wrong)
        return _trying(kind.fromisoformat, value, where, wrong)
    if kind is float:
        _must(isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value), where, wrong)
        return float(value)
    _must(type(value) is kind, where, wrong)
    _must(kind is not str or _is_text(value), where, "must be Unicode, without the character 0")
    return value


def _is_text(value: str) -> bool:
    """Whether it can be stored: JSON can escape halves of characters, too, and what ends texts of C."""
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False


def _tuple(inner: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    _must(isinstance(value, list | tuple), where, "must be a list")
    if inner[-1] is not ...:
        _must(len(value) == len(inner), where, f"must be a list of {len(inner)}")
    elif inner[0] is float and all(type(one) is float for one in value):  # a vector, of some hundreds or thousands
        _must(all(map(math.isfinite, value)), where, "must be numbers that are finite")
        return tuple(value)
    return tuple(read(inner[0], one, f"{where}[{place}]") for place, one in enumerate(value))


def _object(shape: Any, value: Any, where: str) -> Any:
    _must(isinstance(value, Mapping), where, "must be an object")
    known, inside = members(shape), f"{where}." if where else ""
    for name in value.keys() - known.keys():
        _must(False, f"{inside}{name}", f"is not known; {suggestion(name, known)}known are {', '.join(known)}")
    for name, field in known.items():
        _must(name in value or not field.needed, f"{inside}{name}", "must be given")
    if one_of := getattr(shape, "ONE_OF", ()):
        given = [name for name in one_of if value.get(name) is not None]
        _must(len(given) == 1, where, f"must have exactly one of {', '.join(one_of)}")
    return shape(
        **{known[name].attribute: read(known[name].kind, one, f"{inside}{name}") for name, one in value.items()}
    )


def _limited(value: Any, limits: Within, where: str) -> Any:
    if limits is not NO_LIMITS:
        sized = isinstance(value, str | tuple)
        words = {str: " characters", tuple: " items"}.get(type(value), "")
        _must(limits.holds(len(value) if sized else value), where, f"must be {limits}{words}")
    return value


def _trying(make: Callable[[str], Any], value: str, where: str, wrong: str) -> Any:
    try:
        return make(value)
    except ValueError as error:
        raise InputError(f"{where}: {wrong}") from error


def _must(holds: bool, where: str, wrong: str) -> None:
    if not holds:
        raise InputError(f"{where or 'the body'}: {wrong}")
