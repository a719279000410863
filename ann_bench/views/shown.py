"""Shown: which of the measured points a view is of."""

from dataclasses import dataclass
from pathlib import Path

from ann_bench.results import points
from datasets.sources.vector_source import Source


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Points of one dataset and one number of neighbors."""

    out: Path = Path("results")
    """The results folder of `run`."""
    data: str = ""
    """The dataset, or the file or run folder that it is in; needed where the folder holds several."""
    k: int = 0
    """How many neighbors were asked for; needed where the folder holds several."""
    mode: str = ""
    """single or batch; both by default."""

    def load(self) -> points.Measured:
        """The points, and what failed. Raises InputError where there are none, or several sets to choose from."""
        return points.load(self.out, data=self._name(), k=self.k, mode=self.mode)

    def _name(self) -> str:
        """The dataset's name: `run` takes that of a file or a run folder from what is in it."""
        if not self.data or (self.out / self.data).is_dir() or not Path(self.data).exists():
            return self.data
        return Source(data=self.data).load().name
