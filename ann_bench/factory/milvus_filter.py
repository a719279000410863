"""Attributes and conditions in Milvus's words: fields of a schema, values of a row, and an expression."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from datasets.attributes.condition import All, Among, AnyOf, Between, Condition, Constant, Tagged
from datasets.attributes.table import Attributes

TAGS = "tags"
_NEVER, _ALWAYS = "id < 0", "id >= 0"
_LONGEST = 65_535  # bytes of a text


def add_fields(schema: Any, attributes: Attributes) -> None:
    """A field a column, c0 and so on, whatever it is called; and one for tags."""
    from pymilvus import DataType

    for name, values in zip(_names(attributes), attributes.columns.values(), strict=True):
        if values.dtype.kind in "US":
            schema.add_field(name, DataType.VARCHAR, max_length=_LONGEST)
        else:
            kind = DataType.INT64 if values.dtype.kind in "iub" else DataType.DOUBLE
            schema.add_field(name, kind, nullable=kind == DataType.DOUBLE)
    if attributes.tags is not None:
        most = int(np.diff(attributes.tags[0]).max(initial=1))
        schema.add_field(TAGS, DataType.ARRAY, element_type=DataType.INT64, max_capacity=max(1, most))


def values(attributes: Attributes, start: int, stop: int) -> Iterator[dict[str, Any]]:
    """What the rows from ``start`` to ``stop`` have in these fields; None where a number is missing."""
    names = list(_names(attributes))
    columns = [column[start:stop].tolist() for column in attributes.columns.values()]
    for row in range(stop - start):
        cells = (column[row] for column in columns)
        found = {name: None if cell != cell else cell for name, cell in zip(names, cells, strict=True)}
        if attributes.tags is not None:
            starts, numbers = attributes.tags
            found[TAGS] = numbers[starts[start + row] : starts[start + row + 1]].tolist()
        yield found


def expression(condition: Condition, attributes: Attributes) -> str:
    """A condition as Milvus reads it; "" where it holds for all rows."""
    if condition == All():
        return ""
    return _expression(condition, dict(zip(attributes.columns, _names(attributes), strict=True)))


def _expression(condition: Condition, names: dict[str, str]) -> str:
    match condition:
        case All(parts):
            return _joined([_expression(part, names) for part in parts], " and ") or _ALWAYS
        case AnyOf(parts):
            return _joined([_expression(part, names) for part in parts], " or ") or _NEVER
        case Tagged(tags):
            return f"array_contains_all({TAGS}, {list(tags)})" if tags else _ALWAYS
        case Among(column, constants):
            among = ", ".join(map(_constant, constants))
            return f"{names[column]} in [{among}]" if constants else _NEVER
        case Between(column, low, high, above, below):
            name, limits = names[column], []
            if low is not None:
                limits.append(f"{name} {'>' if above else '>='} {_constant(low)}")
            if high is not None:
                limits.append(f"{name} {'<' if below else '<='} {_constant(high)}")
            return _joined(limits, " and ") or _ALWAYS


def _joined(parts: list[str], word: str) -> str:
    return word.join(f"({part})" for part in parts)


def _constant(value: Constant) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)


def _names(attributes: Attributes) -> Iterator[str]:
    return (f"c{place}" for place in range(len(attributes.columns)))
