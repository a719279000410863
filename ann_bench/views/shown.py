"""Shown: which of the measured points a view is of."""

import logging
from dataclasses import dataclass
from pathlib import Path

from ann_bench.results import points, unfinished
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
        """The points, and what failed; a line says where the sweep is not finished.

        Raises InputError where there are none, or several sets to choose from.
        """
        vectors = Source(data=self.file).load() if self.file else None
        name = vectors.name if vectors else self.data
        found = points.load(self.out, data=name, k=self.k, mode=self.mode, asked=self.data, vectors=vectors)
        if words := unfinished.words(self.out / found.data / str(found.k)):
            logging.info(words)
        return found

    @property
    def file(self) -> str:
        """The file or folder of the vectors, where it is that which --data names, not the set."""
        return "" if (self.out / self.data).is_dir() or not Path(self.data).exists() else self.data
