"""Conjunctions: a condition as alternatives, in each of which several things must hold at once."""

import itertools
from collections.abc import Sequence

from datasets.attributes.condition import All, Among, AnyOf, Between, Condition, Tagged
from datasets.errors import InputError

Leaf = Among | Between | Tagged
MOST = 256  # alternatives


def of(condition: Condition) -> list[tuple[Leaf, ...]]:
    """The alternatives; no alternative is never fulfilled, one of nothing always. Of numbers one a comparison.

    Raises InputError where there are more than MOST.
    """
    if isinstance(condition, All):
        return _product([of(part) for part in condition.parts])
    if isinstance(condition, AnyOf):
        return _few([one for part in condition.parts for one in of(part)])
    if isinstance(condition, Among) and not all(isinstance(value, str) for value in condition.values):
        return _few([(Among(condition.column, (value,)),) for value in condition.values])
    return [] if isinstance(condition, Among) and not condition.values else [(condition,)]


def _product(parts: Sequence[list[tuple[Leaf, ...]]]) -> list[tuple[Leaf, ...]]:
    found: list[tuple[Leaf, ...]] = [()]
    for part in parts:
        found = _few([one + other for one, other in itertools.product(found, part)])
    return found


def _few(found: list[tuple[Leaf, ...]]) -> list[tuple[Leaf, ...]]:
    if len(found) > MOST:
        raise InputError(
            f"--filter: comes to more than {MOST} alternatives, of which each would be a search of its own"
        )
    return found
