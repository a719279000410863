"""Track: what every way of asking brings along; Case: what is asked in one; the flags of all of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar

from ann_bench.indexes.base import Grid, Index
from ann_bench.results.points import Row
from ann_bench.results.results import Point, Result
from datasets.errors import InputError
from datasets.vectors.base import VectorSet

# Whose the flags are.
_FLAGS = {
    "filter": ("filter", "attributes", "query_attributes"),
    "stream": ("runbook", "runbook_set", "way"),
    "range": ("radius", "range_truth"),
    "foreign": ("near_queries",),
    "clients": ("clients", "rate", "seconds", "processes"),
}


@dataclass(frozen=True, kw_only=True)
class TrackFlags:
    """Which way of asking, and what it needs; files may be given as text, so that another process reads the same."""

    track: str = ""
    """What is asked besides the k nearest of all: filter, stream, range, foreign or clients; nothing if not given."""
    filter: str = ""
    """filter: what rows must fulfil, "make=query.make and 1995<=year<2000"; several as "new: year>2005; kind: type in
    (SUV, Van)" or as a YAML file of names and filters; or made:0.1,0.01, shares of the rows at random (made_near,
    made_far: of those on the query's side, or the other)."""
    attributes: str = ""
    """filter: files of the gallery's attributes, a row a vector, separated by commas: CSV, parquet, spmat (tags), or a
    folder of VectorDBBench."""
    query_attributes: str = ""
    """filter: likewise of the queries, for conditions such as make=query.make or tags has query.tags."""
    runbook: str = "expiry"
    """stream: which rows come and go, a YAML file as big-ann-benchmarks has them, or a made one: window:0.5,
    growing:0.2, expiry:0.3 or drift:0.5; several are separated by semicolons."""
    runbook_set: str = ""
    """stream: whose steps of the file, where they do not stand under the name of the set and there are several."""
    way: str = ""
    """stream: how indexes take part, separated by commas: removes, filters (deleted rows are thrown away after a
    search) or anew (built anew before a search); the first of these that an index can if not given."""
    radius: str = "mean:10"
    """range: all within this radius, in the metric's units, or mean:N, within which a query has N neighbors on average;
    several are separated by commas."""
    range_truth: Path | None = None
    """range: file of all pairs within the radius, as big-ann-benchmarks has them; searched for if not given."""
    near_queries: Path | None = None
    """foreign: file of queries of the gallery's own kind; else rows of it are held out of every index and ask for the
    others, as many as queries, at most a tenth of the gallery."""
    clients: str = "1,2,4,8"
    """clients: how many ask at once; several are separated by commas."""
    rate: str = ""
    """clients: queries a second of all of them together, separated by commas: 1000, or 50% of what they reach when each
    asks again as soon as it is answered, which is closed; closed if not given."""
    seconds: float = 10.0
    """clients: for how long they ask."""
    processes: bool = False
    """clients: each is a process with an index of its own, not a thread; all threads share one index."""

    def check_track(self) -> None:
        """Raises InputError for a flag of another way of asking than that which is named: it would change nothing."""
        for one in fields(TrackFlags):
            owner = next((track for track, names in _FLAGS.items() if one.name in names), self.track)
            if owner != self.track and getattr(self, one.name) != one.default:
                flag, named = f"--{one.name.replace('_', '-')}", f"not --track={self.track}; " if self.track else ""
                raise InputError(f"{flag}={getattr(self, one.name)}: belongs to --track={owner}, {named}give that")

    def given(self) -> dict[str, Any]:
        """Those that are not as they are by default, besides --track; paths as text."""
        values = {one.name: getattr(self, one.name) for one in fields(TrackFlags) if one.name != "track"}
        changed = {one.name for one in fields(TrackFlags) if getattr(self, one.name) != one.default}
        return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()
                if name in changed}  # fmt: skip


def as_words(values: Mapping[str, Any]) -> list[str]:
    """Fields and their values as flags of a command line; True is the flag alone."""
    flags = {f"--{name.replace('_', '-')}": value for name, value in values.items()}
    return [word for flag, value in flags.items() for word in ([flag] if value is True else [flag, str(value)])]


@dataclass(frozen=True)
class Case:
    """One thing that is asked of every index: a filter, a runbook, a radius, so many clients.

    name : short, part of the points and of their files: "same_make", "8 clients"
    mark : tells it from anything else that could have been asked under its name, besides the track's own mark
    facts : stand with each of its points and in the table: selectivity and so on
    """

    name: str
    mark: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


class Track:
    """A way of asking, over one set.

    The harness makes one in its own process, where ``prepare`` is called once, and one in each worker. It makes a point
    of every case, build, search parameter and mode, and calls ``measure`` for it in a worker, with an index that has
    been built, loaded and tuned; or, where ``builds_itself``, with a new and empty one.

    modes : the modes in which it can be asked
    builds_itself : whether an index is built while it is measured, and never kept
    of_nearest : whether an index answers as without a track, so that whoever serves it asks it likewise
    in_rounds : whether its points can be measured in runs, with those of others between them (--interleave)
    saved : where the index that is measured is on disk; None where it is not
    say : what ``measure`` calls with a few words when something begins that may take as long as a point: each time
        the limit of time begins anew
    """

    modes: ClassVar[tuple[str, ...]] = ("single",)
    builds_itself: ClassVar[bool] = False
    of_nearest: ClassVar[bool] = False
    in_rounds: ClassVar[bool] = True
    saved: Path | None = None

    def __init__(self, flags: TrackFlags, vector_set: VectorSet, k: int, *, cache: Path, seed: int = 0) -> None:
        """Raises InputError, naming the flag, where that cannot be asked of this set.

        k : as it was asked for; ``self.k`` stands in the points, and is 0 where no k is asked for
        cache : the folder in which true answers are kept
        """
        self.flags, self.vector_set, self.k, self.cache, self.seed = flags, vector_set, k, cache, seed
        self.say: Callable[[str], None] = lambda words: None

    @property
    def name(self) -> str:
        """The name of its file, by which users ask for it."""
        return type(self).__module__.rpartition(".")[2]

    @property
    def cases(self) -> Sequence[Case]:
        """What is asked; at least one."""
        raise NotImplementedError

    @property
    def sought(self) -> Sequence[Case]:
        """Those of the cases for which ``tune`` seeks the best index; it can for one."""
        return self.cases

    def unsought(self) -> str:
        """Why ``tune`` cannot, whatever the case, in words that follow the flag; or ""."""
        return ""

    @property
    def indexed(self) -> VectorSet:
        """The set whose gallery an index is built of: that which was given, unless rows of it are held out."""
        return self.vector_set

    @property
    def count(self) -> int:
        """How many rows an index must have room for."""
        return len(self.indexed.gallery)

    @property
    def mark(self) -> str:
        """Tells what is asked from anything else that could have been, by its content; part of each point's place."""
        return ""

    @classmethod
    def of_default(cls, entry: Grid, index: str) -> Grid:
        """What of an index's default grid is measured where no build is named: all, unless that takes too long."""
        return entry

    def prepare(self) -> None:
        """Find the true answers and keep them in ``cache``; what is there already is not searched for again."""

    def refusal(self, index: Index) -> str:
        """Why this index cannot be asked, or "": one line for each such index, and no point of it."""
        return ""

    def ways(self, index: Index) -> Sequence[str]:
        """How this index can be asked, each a point of its own, and all compared: "native", "post-filter"."""
        return ("",)

    def of_own(self, index: Index) -> bool:
        """Whether the index is built otherwise than without a track, so that it must not be mistaken for that one.

        It is then one of this track and of what the track's mark tells.
        """
        return False

    def ready(self, index: Index) -> None:
        """Tell a new index what it must know before it is trained or loaded."""

    def measure(self, index: Index, point: Point, facts: Mapping[str, Any], *, runs: int) -> Result:
        """Ask, and hold the answers against the truth; raises Cheating as the harness does.

        facts : what is to stand with the result, besides what the track adds
        """
        raise NotImplementedError

    def told(self, result: Result) -> str:
        """A point in a few words, for the terminal."""
        return result.told

    @classmethod
    def related(cls, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows of one set, with what a row shows only beside others."""
        return rows

    @classmethod
    def flags_of(cls, row: Row) -> list[str]:
        """The flags that ask again what a row was asked, besides --track: ["--radius", "0.5"].

        Those that it was measured with, but what ``narrowed`` says of the row's case.
        """
        return as_words({**row.get("track_flags", {}), **cls.narrowed(row)})

    @classmethod
    def narrowed(cls, row: Row) -> Mapping[str, str]:
        """Flags that ask for the case of a row alone, of those that ask for all: {"radius": "0.5"}."""
        return {}

    @classmethod
    def columns(cls) -> Mapping[str, str]:
        """Columns of the table besides those of all points: title -> key of a row (``Result.row``)."""
        return {}

    @classmethod
    def figures(cls, row: Row) -> list[str]:
        """What a choice must know of a point besides recall, speed and memory: ["8,900 writes/s"]."""
        return []

    @classmethod
    def blocks(cls, parts: Sequence[Sequence[Row]]) -> Sequence[Sequence[Row]]:
        """The blocks of its table, of those of every case, mode and number of threads."""
        return parts

    @classmethod
    def draw(cls, rows: Sequence[Row], folder: Path) -> list[Path]:
        """Its own pictures of the rows of one set, each as .svg and .png, in that order."""
        return []
