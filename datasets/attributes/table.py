"""Attributes: what is known of rows besides their vectors, a column an attribute, and tags."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Attributes:
    """Of N rows.

    columns : name -> (N,) int64, float64, or str
    tags : starts (N + 1,) int64 and numbers (starts[-1],) int32: row i bears the tags
        numbers[starts[i] : starts[i + 1]], ascending; or None
    """

    columns: Mapping[str, np.ndarray] = field(default_factory=dict)
    tags: tuple[np.ndarray, np.ndarray] | None = None

    def __len__(self) -> int:
        """N."""
        return len(self.tags[0]) - 1 if self.tags else len(next(iter(self.columns.values()), ()))
