"""Play: a runbook from its first step to its last with one index, and what was seen on the way.

Time is taken of every write, of every search at a search step, and of a few searches between the blocks in which a
step's rows are written. An index starts empty; it is trained with rows that are there at the first search, and what
comes and goes after that finds it as it is.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from ann_bench import limits
from ann_bench.measuring import clock, cores, honest, measure, metrics
from ann_bench.streams import distrust
from ann_bench.streams.ways import ANEW, Anew, Way
from datasets.runbooks.runbook import DELETE, INSERT, OPERATIONS, REPLACE, SEARCH, Step
from datasets.truths.streamed import Streamed
from datasets.vectors import exact
from datasets.vectors import rows as vector_rows

BLOCKS = 8  # in which the rows of a step are written where the index is in use already
BETWEEN = 16  # queries after each block

# What is noted of every step; NaN where a step has nothing of the kind. Times are seconds, memory is bytes.
SERIES = ("write_seconds", "recall", "qps", "p50", "p95", "p99", "memory", "between_p50", "between_p99")


@dataclass(frozen=True)
class Searched:
    """All queries at one step: gallery rows and distances (Q, k), the seconds of each (Q,), recall and QPS.

    Of all steps but the last, neighbors and distances are let go: they would count as the index's memory.
    """

    neighbors: np.ndarray
    distances: np.ndarray
    times: np.ndarray
    recall: float
    qps: float

    @property
    def nbytes(self) -> int:
        """Bytes."""
        return self.neighbors.nbytes + self.distances.nbytes + self.times.nbytes

    def judged(self) -> "Searched":
        """Itself without the answers."""
        return replace(self, neighbors=self.neighbors[:0].copy(), distances=self.distances[:0].copy())


@dataclass
class Play:
    """One index in one stream.

    say : told what is done now, before every step
    """

    way: Way
    truth: Streamed
    say: Callable[[str], None]
    series: dict[str, np.ndarray] = field(init=False)
    searched: list[Searched] = field(init=False, default_factory=list)
    between: list[np.ndarray] = field(init=False, default_factory=list)
    built: float = field(init=False, default=0.0)
    anew: Searched | None = field(init=False, default=None)
    trouble: str = field(init=False, default="")

    def __post_init__(self) -> None:
        self.history = self.way.history
        self.queries = vector_rows.prepared(self.truth.vector_set.queries, self.truth.vector_set.metric)
        self.wanted = measure.asked_for(self.truth.vector_set, self.truth.k)
        self.series = {name: np.full(len(self.history.steps), np.nan) for name in SERIES}
        self.added = 0

    def run(self) -> None:
        """Every step, once; and the index built anew at the last search, to compare with.

        Raises Cheating for answers that cannot be, at a search step or between writes.
        """
        limits.trim()
        before = limits.resident(os.getpid())
        if self.way.name != ANEW:
            self.way.index.expect_changes()
        last = int(self.history.searches[-1])
        for place, step in enumerate(self.history.steps):
            self.say(f"step {place + 1} of {len(self.history.steps)}, {step.told}")
            note = self._search if step.operation == SEARCH else self._write
            for name, value in note(place, step).items():
                self.series[name][place] = value
            limits.trim()
            own = sum(found.nbytes for found in self.searched)
            self.series["memory"][place] = limits.resident(os.getpid()) - before - own
            if place == last:
                self._compare(place)

    @property
    def facts_of_steps(self) -> dict[str, np.ndarray]:
        """What every step is, besides what was measured: its operation, rows written, and rows that are there."""
        steps = self.history.steps
        written = [step.end - step.start for step in steps]
        operations = [OPERATIONS.index(step.operation) for step in steps]
        return {"operation": np.array(operations, np.int8), "rows": np.array(written), "alive": self.history.alive}

    def _write(self, place: int, step: Step) -> dict[str, float]:
        seconds, late = 0.0, []
        if step.operation in (DELETE, REPLACE) and step.start < step.end:
            seconds += self.way.delete(self.history.goes(place))
            late.append(self._between(place))
        if step.operation in (INSERT, REPLACE):
            coming = self.history.comes(place)
            if not self.way.begun:
                seconds += self.way.begin(self.history.there(int(self.history.searches[0])))
            in_use = self.way.finished and self.way.name != ANEW
            for numbers in np.array_split(coming, min(BLOCKS, max(1, len(coming))) if in_use else 1):
                seconds += self.way.insert(numbers)
                self.added += len(numbers)
                late.append(self._between(place))
        found = {"write_seconds": seconds} | self._late(np.concatenate([np.empty(0), *late]))
        self.built += 0 if self.searched else seconds
        return found

    def _between(self, place: int) -> np.ndarray:
        """Seconds of a few searches while a step is not done; none where the index is not in use yet, or is no more."""
        if not (self.way.finished and self.searched):
            return np.empty(0)
        start = place * BETWEEN % len(self.queries)
        calls = [(self.queries[row : row + 1], self.wanted) for row in range(start, start + BETWEEN)]
        found = clock.run(self.way.find, [call for call in calls if len(call[0])])
        neighbors, _ = honest.together(found.answers, len(found.answers), self.wanted)
        distrust.check_there(self.history, place, self.way.numbers(neighbors), self.added)
        return found.seconds

    def _late(self, seconds: np.ndarray) -> dict[str, float]:
        if not len(seconds):
            return {}
        self.between.append(seconds)
        return dict(zip(("between_p50", "between_p99"), map(float, np.percentile(seconds, (50, 99))), strict=True))

    def _search(self, place: int, step: Step) -> dict[str, float]:
        seconds = self.way.ready()
        self.built += 0 if self.searched else seconds
        found = self._asked(self.way, place)
        self.searched = [*(one.judged() for one in self.searched), found]
        late = np.percentile(found.times, (50, 95, 99))
        named = dict(zip(("p50", "p95", "p99"), map(float, late), strict=True))
        return {"write_seconds": seconds, "recall": found.recall, "qps": found.qps, **named}

    def _asked(self, way: Way, place: int) -> Searched:
        """All queries, one a call, held against what is true at this step."""
        vector_set, k = self.truth.vector_set, self.truth.k
        calls = [(self.queries[row : row + 1], self.wanted) for row in range(len(self.queries))]
        with cores.pinned(bool(self.searched)):  # the first time it is seen on how many cores it works
            found = clock.run(way.find, calls)
        clock.check_threads(found, way.search_threads)
        neighbors, reported = honest.together(found.answers, len(calls), self.wanted)
        numbers = way.numbers(neighbors)
        near, distances = distrust.check(way.index, vector_set, self.history, place, numbers, reported)
        if self.wanted > k:
            near, distances = exact.remove(near, distances, vector_set.own_rows)
        share = recall(distances, self.truth.at(place)[1], vector_set.metric)
        return Searched(near, distances, found.seconds, share, len(calls) / found.total)

    def _compare(self, place: int) -> None:
        """The same queries to the same index built anew of the rows that are there now."""
        way = self.way
        if way.name == ANEW:
            return
        self.say(f"built anew of {self.history.alive[place]:,} rows, to compare")
        threads = (way.write_threads, way.search_threads)
        fresh = Anew(None, way.vector_set, self.history, way.again, way.search, *threads, way.seed)
        try:
            fresh.build(self.history.there(place))
            self.anew = self._asked(fresh, place).judged()
        except Exception as error:  # whatever the library throws: the stream itself has been measured
            self.trouble = " ".join(f"{type(error).__name__}: {error}".split())


def recall(distances: np.ndarray, true_distances: np.ndarray, metric: str) -> float:
    """k-recall@k as ``metrics.recall``; of queries that have fewer true neighbors, the share of those."""
    ascending = np.sort(distances, axis=1)
    found = ascending[:, ::-1] if metric == "inner_product" else ascending
    counts = np.isfinite(true_distances).sum(axis=1)
    right = 0.0
    for count in np.unique(counts[counts > 0]):
        rows = counts == count
        right += rows.sum() * count * metrics.recall(found[rows, :count], true_distances[rows, :count], metric)
    return right / max(1, counts.sum())
