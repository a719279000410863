"""Shown: which of the measured points a view is of."""

from dataclasses import dataclass
from pathlib import Path

from ann_bench.results import points


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Points of one dataset and one number of neighbors."""

    out: Path = Path("results")
    """The results folder of `run`."""
    data: str = ""
    """The dataset; needed where the folder holds several."""
    k: int = 0
    """How many neighbors were asked for; needed where the folder holds several."""
    mode: str = ""
    """single or batch; both by default."""

    def load(self) -> points.Measured:
        """The points, and what failed. Raises InputError where there are none, or several sets to choose from."""
        return points.load(self.out, data=self.data, k=self.k, mode=self.mode)
