"""Schema: the JSON Schema (2020-12, that of OpenAPI 3.1) of a shape."""

import inspect
from dataclasses import is_dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args, get_origin

from web.api.shapes.kinds import File, Member, Within, members, parted

PLAIN = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    File: {"type": "string", "contentMediaType": "application/octet-stream"},
}
LIMITS = {"string": ("minLength", "maxLength"), "array": ("minItems", "maxItems")}

_owners: dict[str, type] = {}  # the shape of each name


def schema(kind: Any, named: dict[str, Any]) -> dict[str, Any]:
    """The schema of a type; those of dataclasses are put into ``named`` by their names and referred to."""
    its = parted(kind)
    made = _limited(_of(its.plain, named), its.limits)
    if its.optional:
        made = {"anyOf": [made, {"type": "null"}]}
    return {**made, "description": its.words} if its.words else made


def _of(kind: Any, named: dict[str, Any]) -> dict[str, Any]:
    """That of a type without limits."""
    if kind is Any:
        return {}
    if kind in PLAIN:
        return dict(PLAIN[kind])
    if is_dataclass(kind):
        return _referred(kind, named)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"enum": list(inner)}
    if origin is tuple and inner[-1] is ...:
        return {"type": "array", "items": schema(inner[0], named)}
    if origin is tuple:
        return {"type": "array", "items": schema(inner[0], named), "minItems": len(inner), "maxItems": len(inner)}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema(inner[1], named)}
    raise TypeError(f"{kind}: no shape")


def _referred(shape: Any, named: dict[str, Any]) -> dict[str, Any]:
    known = _owners.setdefault(shape.__name__, shape)
    assert known is shape, f"{shape}: {known} has the same name"
    if shape.__name__ not in named:
        named[shape.__name__] = {}  # so that one that holds itself ends
        named[shape.__name__] = fields(shape, named)
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def fields(shape: Any, named: dict[str, Any]) -> dict[str, Any]:
    """That of a dataclass, in place. Further fields are allowed: answers may say more one day."""
    known = members(shape)
    properties = {name: {**schema(one.kind, named), **_usual(one)} for name, one in known.items()}
    made: dict[str, Any] = {"type": "object", "description": first_lines(shape), "properties": properties}
    made["required"] = [name for name, one in known.items() if one.needed]
    if one_of := getattr(shape, "ONE_OF", ()):
        made["oneOf"] = [{"required": [name]} for name in one_of]
    return made


def _usual(member: Member) -> dict[str, Any]:
    """Its default, where that says something."""
    return {"default": member.usual} if isinstance(member.usual, str | int | float) else {}


def _limited(made: dict[str, Any], limits: Within) -> dict[str, Any]:
    low, high = LIMITS.get(made.get("type", ""), ("minimum", "maximum"))
    bounds = {low: limits.least, high: limits.most}
    return {**made, **{name: bound for name, bound in bounds.items() if bound is not None}}


def first_lines(it: Any) -> str:
    """The first paragraph of a docstring, in one line."""
    return " ".join((inspect.getdoc(it) or "").split("\n\n")[0].split())
