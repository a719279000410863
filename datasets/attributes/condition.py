"""Conditions: what a row must fulfil to be found, as a small tree that an index can translate into its own words.

A row whose attribute is missing (NaN, an empty text) fulfils no comparison of it. What a condition compares with is
already of the column's kind: an int, a float or a str.
"""

from dataclasses import dataclass

Constant = int | float | str


@dataclass(frozen=True)
class Among:
    """The attribute ``column`` is one of ``values``; one value is equality, and none at all is never fulfilled."""

    column: str
    values: tuple[Constant, ...]


@dataclass(frozen=True)
class Between:
    """The number ``column`` is at least ``low`` and at most ``high``, or above and below; None is no limit."""

    column: str
    low: int | float | None = None
    high: int | float | None = None
    above: bool = False
    below: bool = False


@dataclass(frozen=True)
class Tagged:
    """The row bears all of these tags."""

    tags: tuple[int, ...]


@dataclass(frozen=True)
class All:
    """Every part holds; none at all is no condition."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple["Condition", ...]


Condition = Among | Between | Tagged | All | AnyOf
