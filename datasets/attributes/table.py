"""Attributes: what is known of rows besides their vectors, a column an attribute, and tags."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Attributes:
    """Of N rows.

    columns : name, in small letters -> (N,) int64, float64, or str; NaN and "" where a value is missing
    tags : starts (N + 1,) int64 and numbers (starts[-1],) int32: row i bears the tags
        numbers[starts[i] : starts[i + 1]], ascending; or None
    """

    columns: Mapping[str, np.ndarray] = field(default_factory=dict)
    tags: tuple[np.ndarray, np.ndarray] | None = None

    def __len__(self) -> int:
        """N."""
        return len(self.tags[0]) - 1 if self.tags else len(next(iter(self.columns.values()), ()))

    def take(self, rows: np.ndarray) -> "Attributes":
        """Of the rows (n,) alone, in their order."""
        columns = {name: values[rows] for name, values in self.columns.items()}
        if self.tags is None:
            return Attributes(columns)
        starts, numbers = self.tags
        counts = starts[1:][rows] - starts[:-1][rows]
        ends = np.concatenate([[0], np.cumsum(counts)])
        places = np.arange(ends[-1]) + np.repeat(starts[:-1][rows] - ends[:-1], counts)
        return Attributes(columns, (ends, numbers[places]))

    def rows(self, start: int, stop: int) -> "Attributes":
        """Of the rows from ``start`` to ``stop``, without a copy."""
        columns = {name: values[start:stop] for name, values in self.columns.items()}
        if self.tags is None:
            return Attributes(columns)
        starts = self.tags[0][start : stop + 1]
        return Attributes(columns, (starts - starts[0], self.tags[1][starts[0] : starts[-1]]))

    def tags_of(self, row: int) -> tuple[int, ...]:
        """The tags of a row; none where nobody bears any."""
        if self.tags is None:
            return ()
        starts, numbers = self.tags
        return tuple(map(int, numbers[starts[row] : starts[row + 1]]))

    def mark(self) -> str:
        """8 hexadecimal digits that tell these attributes from others, by all that is in them."""
        digest = hashlib.sha256()
        for name, values in self.columns.items():
            digest.update(f"{name} {values.dtype} {len(values)}".encode())
            digest.update(np.ascontiguousarray(values))
        for values in self.tags or ():
            digest.update(np.ascontiguousarray(values))
        return digest.hexdigest()[:8]

    @property
    def names(self) -> tuple[str, ...]:
        """What a condition may name: the columns, and "tags" where there are any."""
        return (*self.columns, *(("tags",) if self.tags is not None else ()))
