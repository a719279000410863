"""Index: what every index of the benchmark can be asked to do; Grid: what to build and which parameters to sweep."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from datasets.attributes.condition import Condition
from datasets.attributes.table import Attributes
from datasets.errors import InputError, suggestion

Value = int | float

MOST = 2**31 - 1  # libraries count in 32 bits


@dataclass(frozen=True)
class Grid:
    """One build, and the search parameters to sweep over it: every combination of their values is a point.

    build : as the index reads it, "IVF1024,Flat" or "M=16,ef_construction=200"
    search : parameter -> values; none at all is one point
    """

    build: str
    search: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)

    def points(self) -> list[dict[str, Value]]:
        """Every combination of the search parameters, the last one varying fastest."""
        return [dict(zip(self.search, values, strict=True)) for values in itertools.product(*self.search.values())]


@dataclass(frozen=True)
class Estimate:
    """What a build is expected to take, from arithmetic alone.

    memory : bytes resident while building, without the gallery's own file and an empty process
    disk : bytes of the index when saved
    work : multiply-adds of the build, as matrix products do them; steps that memory slows down count as many times more
    """

    memory: int
    disk: int
    work: float = 0.0


class Index:
    """An index over a gallery (G, D).

    The harness promises: rows are float32 and contiguous, of unit length where metric is angular; packed uint8 codes
    (G, D / 8) where it is hamming. It calls, in this order: ``train`` (where ``training_rows`` is not 0), ``add`` with
    one block after another (all rows in one where ``in_blocks`` is False), ``finish``, ``save``; then, in another
    process, ``load``, and for every point ``tune`` and many times ``find``.

    metrics : what distances it can search by
    dtypes : what rows it takes, as they are promised above
    in_blocks : whether rows can be added a block at a time, so that the gallery need not fit into memory
    saves : whether it can be written to disk and read again; maps : whether ``map(path)`` does so too, to be searched
        alone, whose rows stay in the file until they are looked at
    on_gpus : whether it can use GPUs
    batch_threads : on how many threads it searches a batch: 0 is as many as it is told, 1 one query after the other
    exact_distances : whether its distances are the metric's own, not squared, and may be held against the harness's
    tunes : search parameter -> its smallest value; where that is an int, others must be whole numbers too

    What only some can do, each by the methods named; of Faiss it depends on the build, so an object may say otherwise
    than its class:

    filters : "rows" where it searches among rows that it is told (``passing``, ``find_passing``); "attributes" where it
        knows the rows' attributes (``know``) and is told the condition itself; "" where it cannot
    passing_bytes : what ``passing`` gives takes at most, for each row of the gallery
    ranges : whether it finds all rows within a radius (``find_within``)
    changes : whether rows can be added and removed after ``finish`` (``expect_changes``, ``add``, ``remove``)
    grows : whether rows can at least be added after ``finish`` (``expect_changes``, ``add``); all that change do
    shared : whether several threads may call ``find`` of one object at once
    """

    metrics: ClassVar[tuple[str, ...]] = ()
    dtypes: ClassVar[tuple[str, ...]] = ("float32",)
    in_blocks: ClassVar[bool] = True
    saves: ClassVar[bool] = True
    maps: ClassVar[bool] = False
    on_gpus: ClassVar[bool] = False
    batch_threads: ClassVar[int] = 0
    exact_distances: bool = True
    filters: str = ""
    passing_bytes: ClassVar[int] = 1
    ranges: bool = False
    changes: bool = False
    grows: bool = False
    shared: bool = True
    tunes: Mapping[str, Value] = {}

    def __init__(
        self, build: str, *, dim: int, metric: str, count: int, seed: int = 0, gpus: tuple[int, ...] = (), uri: str = ""
    ) -> None:
        """Raises InputError, naming the build string, where such an index cannot be built.

        dim : D, in bits where metric is hamming; count : the number of gallery rows to come
        gpus, uri : devices, address of a server; for those indexes that have a use for them
        """
        if metric not in self.metrics:
            known = ", ".join(self.metrics)
            raise InputError(f"--build={build}: {self.name} cannot search by {metric}, only by {known}")
        if gpus and not self.on_gpus:
            raise InputError(f"--gpus: {self.name} does not run on GPUs; leave the flag out")
        self.build, self.dim, self.metric, self.count, self.seed = build, dim, metric, count, seed
        self.gpus, self.uri = gpus, uri

    @property
    def name(self) -> str:
        """The name of its file, by which users ask for it."""
        return type(self).__module__.rpartition(".")[2]

    @property
    def training_rows(self) -> int:
        """How many gallery rows ``train`` wants to see; 0 where there is nothing to train."""
        return 0

    def estimate(self) -> Estimate:
        """What building it with ``count`` rows takes."""
        raise NotImplementedError

    def set_threads(self, threads: int) -> None:
        """Build or search with so many threads from now on."""
        raise NotImplementedError

    def train(self, sample: np.ndarray) -> None:
        """Learn from ``sample`` (training_rows, D)."""

    def add(self, rows: np.ndarray) -> None:
        """Append rows (n, D); their ids go on counting where the last block's ended, from 0."""
        raise NotImplementedError

    def finish(self) -> None:
        """All rows are there: whatever remains to be done before the first search."""

    def save(self, path: Path) -> None:
        """Write everything that ``load`` needs to the file ``path``."""
        raise NotImplementedError

    def load(self, path: Path) -> None:
        """Become the index that was saved; called on a new one with the same arguments."""
        raise NotImplementedError

    def tune(self, **search: Value) -> None:
        """Search with these parameters from now on. Raises InputError for what it does not know."""
        raise NotImplementedError

    def find(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Neighbors (n, k), integer ids nearest first, -1 for none; distances (n, k) in the library's units, or None.

        This is what is timed. queries (n, D) : contiguous, n = 1 in single-query mode

        Where the library is in another process, ``find`` may be an object with a method ``run``, which makes many calls
        there, by the harness's clock (``measuring.clock.run``, ``environments.bridge.Method``).
        """
        raise NotImplementedError

    def in_metric(self, distances: np.ndarray) -> np.ndarray:
        """The distances (n, k) that ``find`` gave, in the metric's units (see exact_distances). Not timed.

        Infinite, and for inner products minus infinite, where there is no neighbor.
        """
        return distances

    def know(self, attributes: Attributes) -> None:
        """The attributes of all rows to come, called before ``train``, and before ``load``; "attributes" only."""
        raise NotImplementedError

    def passing(self, condition: Condition, rows: np.ndarray) -> object:
        """What ``find_passing`` is to be told of a condition; made once for each, timed apart.

        rows : (G,) bool, which rows of the gallery fulfil it
        """
        raise NotImplementedError

    def find_passing(self, queries: np.ndarray, k: int, passing: object) -> tuple[np.ndarray, np.ndarray | None]:
        """As ``find``, among the rows that pass; -1 where there are fewer than k of them, or no more are found."""
        raise NotImplementedError

    def find_within(self, queries: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
        """All rows within a radius: ends (n + 1,) and ids (ends[-1],); those of query i are ids[ends[i] : ends[i + 1]].

        radius : in the metric's units: the largest distance, the smallest inner product, 1 - cosine, differing bits
        """
        raise NotImplementedError

    def expect_changes(self) -> None:
        """Rows will come and go: called before ``train`` and the first ``add``, where ``changes`` or ``grows``."""

    def remove(self, rows: np.ndarray) -> None:
        """Rows (n,) int64, by the numbers that ``add`` gave them, which are not given again, are never found again.

        With whatever upkeep a user of the library should do then; it counts into the time of the deletion.
        """
        raise NotImplementedError

    def search(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Neighbors (n, k), and their distances in the metric's units, or None."""
        neighbors, distances = self.find(queries, k)
        return neighbors.astype(np.int64, copy=False), None if distances is None else self.in_metric(distances)

    def serving(self, path: Path, search: Mapping[str, Value], k: int) -> str:
        """Lines of Python that load what ``save`` wrote, and search as tuned: in its library's own words, or in these.

        They read ``queries`` (Q, D) as ``find`` takes them, and end with ``rows``, k of the gallery's rows a query.
        """
        about = f"dim={self.dim}, metric={self.metric!r}, count={self.count}, seed={self.seed}"
        tuned = ", ".join(f"{name}={value}" for name, value in search.items())
        return "\n".join(
            [
                "from pathlib import Path",
                "from ann_bench import indexes  # its library has no few lines of Python for this",
                f"index = indexes.get({self.name!r}).Index({self.build!r}, {about})",
                f"index.load(Path({str(path)!r})); index.set_threads(1); index.tune({tuned})",
                f"rows, distances = index.search(queries, {k})",
            ]
        )

    def check_search(self, search: Mapping[str, Value]) -> None:
        """Raises InputError where a parameter is unknown, or its value too small, too large or no whole number."""
        for name, value in search.items():
            if name not in self.tunes:
                known = ", ".join(self.tunes) or "none"
                raise InputError(f"--search={name}={value}: {suggestion(name, self.tunes)}{self.build} knows {known}")
            if value < self.tunes[name]:
                raise InputError(f"--search={name}={value}: must be at least {self.tunes[name]}")
            if isinstance(self.tunes[name], int) and (not isinstance(value, int) or value > MOST):
                raise InputError(f"--search={name}={value}: must be a whole number of at most {MOST}")


def read_settings(build: str, defaults: Mapping[str, int], *, index: str, whole: str = "") -> dict[str, int]:
    """``"M=16,ef_construction=200"`` as numbers, over ``defaults``; raises InputError naming what cannot be read.

    whole : the build string as the user wrote it, where ``build`` is only a part of it
    """
    settings, whole = dict(defaults), whole or build
    for part in filter(None, build.replace(" ", "").split(",")):
        name, _, value = part.partition("=")
        if name not in defaults:
            hint = suggestion(name, defaults)
            known = ", ".join(f"{known}=N" for known in defaults) or "nothing else"
            raise InputError(f"--build={whole}: {hint}{index} is built from {known}")
        if not value.isdecimal() or not 1 <= int(value) <= MOST:
            raise InputError(f"--build={whole}: {name} must be a whole number from 1 to {MOST}, not '{value}'")
        settings[name] = int(value)
    return settings
