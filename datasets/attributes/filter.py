"""Filter: a condition for every query."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from datasets.attributes import language
from datasets.attributes.condition import All, Among, AnyOf, Between, Condition, Tagged
from datasets.attributes.language import OfQuery
from datasets.attributes.table import Attributes
from datasets.errors import InputError


@dataclass(frozen=True, eq=False)
class Filter:
    """A condition for each of Q queries, of which many may be asked under the same one.

    conditions : the different ones; of_query : (Q,) int64, which of them each query is asked under
    text : as somebody wrote it
    """

    name: str
    conditions: tuple[Condition, ...]
    of_query: np.ndarray
    text: str = ""

    def queries(self) -> Iterator[tuple[int, np.ndarray]]:
        """(condition, its queries) of all conditions, in their order."""
        order = np.argsort(self.of_query, kind="stable")
        ends = np.cumsum(np.bincount(self.of_query, minlength=len(self.conditions)))
        yield from enumerate(np.split(order, ends[:-1]))

    @property
    def mark(self) -> str:
        """8 hexadecimal digits that tell it from others, but not the attributes of the rows from others."""
        digest = hashlib.sha256(repr(self.conditions).encode())
        digest.update(np.ascontiguousarray(self.of_query))
        return digest.hexdigest()[:8]


def read(name: str, text: str, gallery: Attributes, queries: Attributes | None, count: int) -> Filter:
    """The filter that a text in the ``language`` describes, for ``count`` queries; raises InputError naming it."""
    try:
        general = language.parse(text, gallery, queries)
    except InputError as error:
        raise InputError(f"--filter={text}: {error}") from error
    needed = sorted(_needed(general))
    if not needed:
        return Filter(name, (general,), np.zeros(count, np.int64), text)
    assert queries is not None
    found: dict[tuple, int] = {}
    lists = [
        [queries.tags_of(row) for row in range(count)] if column == "tags" else queries.columns[column].tolist()
        for column in needed
    ]
    own = [tuple(None if value != value else value for value in values) for values in zip(*lists, strict=True)]
    of_query = np.array([found.setdefault(values, len(found)) for values in own], np.int64)
    bound = tuple(_bound(general, dict(zip(needed, values, strict=True))) for values in found)
    return Filter(name, bound, of_query, text)


def _needed(condition: Condition) -> set[str]:
    """The attributes of a query that a condition asks for."""
    if isinstance(condition, All | AnyOf):
        return set().union(*map(_needed, condition.parts))
    if isinstance(condition, Between):
        values = (condition.low, condition.high)
    else:
        values = condition.values if isinstance(condition, Among) else condition.tags
    return {value.column for value in values if isinstance(value, OfQuery)}


def _bound(condition: Condition, own: dict[str, object]) -> Condition:
    """The condition of a query with these attributes; never fulfilled where it compares with one that is missing."""
    if isinstance(condition, All | AnyOf):
        return replace(condition, parts=tuple(_bound(part, own) for part in condition.parts))
    if isinstance(condition, Tagged):
        return Tagged(own["tags"]) if _needed(condition) else condition
    if isinstance(condition, Among):
        values = [own[value.column] if isinstance(value, OfQuery) else value for value in condition.values]
        return Among(condition.column, tuple(value for value in values if value not in (None, "")))
    limits = {
        side: own[value.column] for side in ("low", "high") if isinstance(value := getattr(condition, side), OfQuery)
    }
    return Among(condition.column, ()) if None in limits.values() else replace(condition, **limits)
