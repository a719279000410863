"""Passing: which rows fulfil a condition."""

from functools import reduce

import numpy as np

from datasets.attributes import coded
from datasets.attributes.condition import All, Among, AnyOf, Between, Condition
from datasets.attributes.table import Attributes


class Passing:
    """Finds the rows of ``attributes`` that fulfil one condition after another; each column is looked through once."""

    def __init__(self, attributes: Attributes) -> None:
        self.attributes = attributes
        self._columns: dict[str, coded.Column] = {}
        self._tags: coded.Tags | None = None

    def rows(self, condition: Condition, start: int = 0, stop: int | None = None) -> np.ndarray:
        """(N,) bool; of the rows from ``start`` to ``stop`` alone, where these are given."""
        stop = len(self.attributes) if stop is None else min(stop, len(self.attributes))
        return self._rows(condition, start, stop)

    def _rows(self, condition: Condition, start: int, stop: int) -> np.ndarray:
        if isinstance(condition, All | AnyOf):
            parts = [self._rows(part, start, stop) for part in condition.parts]
            whole = np.full(stop - start, isinstance(condition, All))
            return reduce(np.logical_and if isinstance(condition, All) else np.logical_or, parts, whole)
        if isinstance(condition, Among):
            return self._among(condition, start, stop)
        if isinstance(condition, Between):
            return self._between(condition, start, stop)
        return self._bearing(condition.tags, start, stop)

    def column(self, name: str) -> coded.Column:
        """A column, coded; once."""
        if name not in self._columns:
            self._columns[name] = coded.column(self.attributes.columns[name])
        return self._columns[name]

    def _among(self, condition: Among, start: int, stop: int) -> np.ndarray:
        column = self.column(condition.column)
        places = [place for value in condition.values if (place := column.place(value)) is not None]
        codes = column.codes[start:stop]
        if len(places) <= 4:
            found = (codes == place for place in places)
            return reduce(np.logical_or, found, np.zeros(len(codes), bool))
        chosen = np.zeros(len(column.values) + 1, bool)  # the last, which -1 is the place of, is never chosen
        chosen[places] = True
        return chosen[codes]

    def _between(self, condition: Between, start: int, stop: int) -> np.ndarray:
        column = self.column(condition.column)
        low, high = 0, len(column.values)
        if condition.low is not None:
            low = int(np.searchsorted(column.values, condition.low, "right" if condition.above else "left"))
        if condition.high is not None:
            high = int(np.searchsorted(column.values, condition.high, "left" if condition.below else "right"))
        codes = column.codes[start:stop]
        return (codes >= low) & (codes < high)

    def _bearing(self, tags: tuple[int, ...], start: int, stop: int) -> np.ndarray:
        if self._tags is None:
            self._tags = coded.tags(self.attributes)
        bearers = [self._tags.of(tag) for tag in tags]
        within = [rows[slice(*np.searchsorted(rows, (start, stop)))] for rows in bearers]
        found = np.full(stop - start, not tags)
        if tags:
            common = reduce(lambda one, other: one[np.isin(one, other, assume_unique=True)], sorted(within, key=len))
            found[common - start] = True
        return found
