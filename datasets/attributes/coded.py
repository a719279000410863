"""Coded: a column as small numbers, by which rows are compared quickly; and where each tag is found."""

from dataclasses import dataclass

import numpy as np

from datasets.attributes.table import Attributes

MISSING = -1


@dataclass(frozen=True, eq=False)
class Column:
    """A column of N rows.

    values : (V,) the different values, ascending where they are numbers; codes : (N,) int32, the place of each row's
        value among them, -1 where it is missing
    places : value -> its place, of a column of text
    """

    values: np.ndarray
    codes: np.ndarray
    places: dict[str, int] | None = None

    def place(self, value: int | float | str) -> int | None:
        """The code of a value; None where no row has it."""
        if self.places is not None:
            return self.places.get(str(value))
        at = int(np.searchsorted(self.values, value))
        return at if at < len(self.values) and self.values[at] == value else None


def column(values: np.ndarray) -> Column:
    """A column of ``Attributes``, coded."""
    if values.dtype.kind == "U":
        places: dict[str, int] = {"": MISSING}
        codes = np.fromiter((places.setdefault(value, len(places) - 1) for value in values.tolist()), np.int32)
        del places[""]
        return Column(np.array(list(places), dtype=str), codes, places)
    different, codes = np.unique(values, return_inverse=True)
    codes = codes.astype(np.int32)
    if values.dtype.kind == "f" and len(different) and np.isnan(different[-1]):  # one NaN, and the last
        codes[codes == len(different) - 1] = MISSING
        different = different[:-1]
    return Column(different, codes)


@dataclass(frozen=True, eq=False)
class Tags:
    """starts (T + 1,) and rows: the tag t is borne by rows[starts[t] : starts[t + 1]], ascending."""

    starts: np.ndarray
    rows: np.ndarray

    def of(self, tag: int) -> np.ndarray:
        """The rows that bear a tag."""
        if not 0 <= tag < len(self.starts) - 1:
            return self.rows[:0]
        return self.rows[self.starts[tag] : self.starts[tag + 1]]


def tags(attributes: Attributes) -> Tags:
    """Where each tag is found."""
    assert attributes.tags is not None
    starts, numbers = attributes.tags
    row = np.repeat(np.arange(len(starts) - 1, dtype=np.int32), np.diff(starts))
    counts = np.bincount(numbers, minlength=1) if len(numbers) else np.zeros(1, np.int64)
    return Tags(np.concatenate([[0], np.cumsum(counts)]), row[np.argsort(numbers, kind="stable")])
