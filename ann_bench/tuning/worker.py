"""Tries over one set in a process of its own: python -m ann_bench.tuning.worker PARENT PIPE < TASK.

An index is loaded, or built here where it lies nowhere; what is sought in it is measured as a sweep measures.
"""

import functools
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ann_bench.indexes.base import Value
from ann_bench.measuring import honest
from ann_bench.results import points, results
from ann_bench.results.results import Point, Result
from ann_bench.sweep import worker
from ann_bench.sweep.job import Job
from ann_bench.tuning.seek import Axis, Probe, Seeker
from datasets.errors import InputError
from datasets.vectors import rows
from datasets.vectors.base import VectorSet

_FEW, _ONCE = 200, 1000  # queries
_MOST_WAITED = 0.9  # of the time: beyond that what is left is too little to tell a speed from


@dataclass(frozen=True)
class Try:
    """One build, and what is sought in it.

    point : what is measured, its search parameters still to come
    saved : where the index lies; "" where it is to be built, and not kept
    bound : queries a second below which it cannot win
    """

    point: Point
    axes: tuple[Axis, ...]
    saved: str = ""
    bound: float = 0.0


@dataclass(frozen=True)
class Task:
    """What a worker is to do.

    job : as a sweep's worker has it, its index and build those of each try
    whole : whether what is found is measured in full and kept as a result
    rival : how many times as slow as the fastest of its tries another one may be; 0 is any
    force : measure again what is measured
    """

    job: Job
    tries: tuple[Try, ...]
    goal: float
    whole: bool
    rival: float = 0.0
    force: bool = False

    def to_json(self) -> str:
        """As the worker reads it."""
        return json.dumps(asdict(self), default=str)

    @staticmethod
    def from_json(text: str) -> "Task":
        """The task again."""
        given = json.loads(text)
        job = Job.from_json(json.dumps(given.pop("job")))
        return Task(job, tuple(_try(one) for one in given.pop("tries")), **given)


def _try(given: Mapping[str, Any]) -> Try:
    axes = tuple(Axis(**axis | {"values": tuple(axis["values"])}) for axis in given["axes"])
    return Try(Point(**given["point"]), axes, given["saved"], given["bound"])


@dataclass(frozen=True)
class Scored:
    """A measurement, as the seeker wants it."""

    recall: float
    qps: float


class Bench:
    """The measurements of one try."""

    def __init__(self, task: Task, one: Try, on: worker.Ground, report: worker.Report) -> None:
        self.task, self.one, self.on, self.report = task, one, on, report
        self.job = replace(task.job, index=one.point.index, build=one.point.build, saved=one.saved)
        self.measured = worker.asked(self.job, on, report)
        self.last: Result | None = None
        self.kept: dict[str, float] = {}  # QPS by the clock of what was measured whole, by its search

    def measure(self, search: Mapping[str, Value], part: str) -> Probe:
        """One measurement; what is measured whole is kept, and not measured again."""
        point = replace(self.one.point, search=search)
        if part == "whole":
            result = self._there(point) or self._kept(point)
            self.kept[str(dict(search))] = result.qps
        elif self.on.track:  # it asks what it asks, and all of it
            result = self.measured(point, 1)
        else:
            few = part == "few" and point.mode == "single"  # a batch of few queries is slower than one of many
            result = self.measured(point, 1, among=some_queries(self.on.vector_set, _FEW if few else _ONCE))
        self.last = result
        return Scored(points.recall(result.row), undisturbed(result))

    def _there(self, point: Point) -> Result | None:
        if self.task.force:
            return None
        try:
            found = results.read(point.path(Path(self.job.out)))
        except InputError:
            return None
        return found if found.point == point else None

    def _kept(self, point: Point) -> Result:
        result = self.measured(point, self.job.runs)
        results.write(Path(self.job.out), result)
        self.report("kept", title=point.title)
        return result


def undisturbed(result: Result) -> float:
    """QPS of single queries without the time in which other programs had the core; as timed where that is unknown.

    What an index itself waits for, a disk or a server, is its own time.
    """
    waited = float(result.facts.get("waited_share", 0.0)) if result.point.mode == "single" else 0.0
    return result.qps / (1 - min(waited, _MOST_WAITED))


def some_queries(vector_set: VectorSet, count: int) -> VectorSet:
    """The set with so many of its queries, drawn at random but always the same; itself where it has no more."""
    total = len(vector_set.queries)
    if total <= count:
        return vector_set
    chosen = np.sort(np.random.default_rng(0).permutation(total)[:count])
    return replace(
        vector_set,
        queries=rows.take(vector_set.queries, chosen),
        **{
            name: values[chosen]
            for name in ("neighbors", "distances", "query_labels", "query_cameras")
            if (values := getattr(vector_set, name)) is not None
        },
        query_paths=tuple(vector_set.query_paths[row] for row in chosen) if vector_set.query_paths else (),
        query_rows=vector_set.own_rows[chosen],
        attrs={**vector_set.attrs, "leave_one_out": False},
        pairs=None,
    )


def seek(task: Task, report: worker.Report) -> None:
    """Every try after the other; what is found in each is reported."""
    on, best = worker.ground(task.job), 0.0
    for place, one in enumerate(task.tries):
        report("try", place=place)
        try:
            bound = max(one.bound, best / task.rival if task.rival else 0.0)
            best = max(best, _sought(task, one, on, bound, functools.partial(report, "found", place=place), report))
        except (honest.Cheating, InputError) as error:
            report("failed", place=place, reason=str(error))
        except Exception as error:  # whatever a library throws spoils that try, not the others
            report("failed", place=place, reason=" ".join(f"{type(error).__name__}: {error}".split()))


def _sought(
    task: Task, one: Try, on: worker.Ground, bound: float, tell: Callable[..., None], report: worker.Report
) -> float:
    """Tell what is found in one build, before the index goes; its QPS where it reaches the recall, else 0."""
    bench = Bench(task, one, on, report)
    found = Seeker(bench.measure, goal=task.goal, bound=bound).along(one.axes, whole=task.whole)
    facts = bench.last.facts if bench.last else {}
    kept = ("build_seconds", "index_bytes", "build_peak_bytes", "search_peak_bytes")
    timed = bench.kept.get(str(dict(found.search)), 0.0)
    tell(**asdict(found), timed=timed, **{name: facts.get(name, 0) for name in kept})
    return found.qps if found.reached else 0.0


def main(parent: str, pipe: str) -> None:
    """Do the task."""
    worker.serve(parent, pipe, lambda text, report: seek(Task.from_json(text), report))


if __name__ == "__main__":
    main(*sys.argv[1:])
