"""The options of ``tune``: what is to be reached, within what, and how long that may be looked for."""

from dataclasses import dataclass, fields
from pathlib import Path

from ann_bench.options import RunOptions
from ann_bench.results.results import MODES
from ann_bench.tracks.base import TrackFlags
from ann_bench.units import read_bytes, read_seconds
from datasets.errors import InputError, unknown
from datasets.sources.vector_source import Source


@dataclass(frozen=True, kw_only=True)
class TuneOptions(TrackFlags, Source):
    """Search for the fastest index that reaches a recall: what to build, and how to search in it.

    Families are compared on a sample first, and what cannot win is not built. The same command goes on after a kill.
    """

    recall: float = 0.95
    """The k-recall@k to reach."""
    memory: str = ""
    """The memory that a build, and a search, may hold, like 4GB; nine tenths of what is free if not given."""
    build: str = ""
    """The time that building the index may take, like 30min; any if not given."""
    budget: str = "20min"
    """The time to search in, like 20min: also that of earlier calls that this one goes on from."""
    mode: str = "single"
    """single: one query a call on one thread; batch: all queries in one call on --threads."""
    k: int = 10
    """How many neighbors a query asks for."""
    index: str = ""
    """Indexes to choose from, separated by commas, * fits any; all that are installed if not given, but no server."""
    threads: int = 0
    """Threads of builds and of batch searches; 0 is one for every core."""
    runs: int = 3
    """Runs a point; the best counts, all are kept."""
    out: Path = Path("results")
    """Folder of the results."""
    force: bool = False
    """Begin anew, and measure again what is measured."""
    seed: int = 0
    """Of everything random: samples, training samples, k-means, graphs, forests, what is tried next."""

    def check(self) -> None:
        """Raises InputError for values that make no sense, before anything is loaded."""
        if not 0 < self.recall <= 1:
            raise InputError(f"--recall={self.recall}: must be above 0 and at most 1, like 0.95")
        if self.mode not in MODES:
            raise unknown("mode", self.mode, MODES)
        for least, seconds in ((0.0, self.build_seconds()), (0.0, self.budget_seconds())):
            assert seconds is None or seconds > least
        self.run_options().check()

    def build_seconds(self) -> float | None:
        """That a build may take; None is any."""
        return read_seconds(self.build, flag="--build") if self.build else None

    def budget_seconds(self) -> float:
        """That the search may take."""
        return read_seconds(self.budget, flag="--budget")

    def memory_bytes(self) -> int:
        """That a process may hold."""
        return read_bytes(self.memory) if self.memory else self.run_options().memory_limit()

    def run_options(self) -> RunOptions:
        """As a sweep has them, in whose folder the points lie."""
        shared = {field.name for field in fields(RunOptions)} & {field.name for field in fields(self)} - {"build"}
        return RunOptions(**{name: getattr(self, name) for name in shared})

    @property
    def asked(self) -> dict[str, object]:
        """What tells this search from others over the same set: another one begins anew."""
        names = ("recall", "memory", "build", "mode", "k", "index", "threads", "runs", "seed")
        return {name: getattr(self, name) for name in names}
