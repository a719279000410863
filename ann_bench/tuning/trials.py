"""Trials: builds over samples and over all, each tried in a worker, so that whatever one does costs that one alone."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ann_bench import indexes, limits
from ann_bench.indexes.base import Grid, Value
from ann_bench.options import RunOptions
from ann_bench.results import extrapolate
from ann_bench.sweep import builds, job, sweep
from ann_bench.sweep.builds import Build
from ann_bench.tracks.base import Track
from ann_bench.tuning import sample, seek
from ann_bench.tuning.journal import Journal, Outcome
from ann_bench.tuning.options import TuneOptions
from ann_bench.tuning.worker import Task, Try
from ann_bench.units import in_bytes
from datasets.errors import InputError
from datasets.stored import truth
from datasets.vectors.base import VectorSet

WORKER = (sys.executable, "-m", "ann_bench.tuning.worker")
RIVAL = 8  # times as slow as the fastest on a sample: what grows best does not make up for that


@dataclass(frozen=True, eq=False)
class Candidate:
    """A build over all vectors that may be tried, and the parameters that are sought in it.

    near : search parameters that did on a sample, where the search begins
    """

    index: str
    build: str
    search: Mapping[str, Sequence[Value]]
    near: Mapping[str, Value] = field(default_factory=dict)


class Trials:
    """Tries builds over one set, and notes what came of them; what was tried before is not tried again."""

    def __init__(
        self, options: TuneOptions, vector_set: VectorSet, track: Track | None, journal: Journal, folder: Path
    ) -> None:
        self.options, self.vector_set, self.track, self.journal, self.folder = (
            options, vector_set, track, journal, folder,
        )  # fmt: skip
        self.run_options = options.run_options()
        self.cache = options.out / "truth"
        self.limit = options.memory_bytes()
        self.count = len(vector_set.gallery)

    def prepare(self) -> None:
        """Find what is true, once; the workers read it."""
        if self.track:
            self.track.prepare()
        else:
            truth.with_truth(self.vector_set, self.options.k, cache=self.cache)

    def on_sample(
        self,
        rows: int,
        candidates: Sequence[Candidate],
        *,
        seconds: float,
        note: Callable[[Outcome], None],
        over: Callable[[], bool] = lambda: False,
    ) -> list[Outcome]:
        """What each comes to on a sample of so many rows; each library in one worker after the other.

        seconds : that one may take; note : told what came of each, as soon as it is known
        over : whether there is no time for another one
        """
        given = self.run_options.source()
        where, part = sample.source(self.vector_set, given, rows, folder=self.folder, seed=self.options.seed)
        options = replace(self.run_options, **vars(where))
        truth.with_truth(part, self.options.k, cache=self.cache, progress=False)
        found = []
        for index in dict.fromkeys(one.index for one in candidates):
            todo = []
            for one in (one for one in candidates if one.index == index):
                there = self.journal.get(rows, index, one.build, seconds=seconds)
                if there:
                    found.append(there)
                else:
                    todo.append(one)
            bound = max((one.qps for one in found if one.reached), default=0.0) / RIVAL
            if over():
                continue
            for outcome in self._of_library(todo, options, part, rows, seconds, bound):
                found.append(self.journal.add(outcome))
                note(outcome)
                if over():
                    break
        return found

    def _of_library(
        self,
        todo: Sequence[Candidate],
        options: RunOptions,
        part: VectorSet,
        rows: int,
        seconds: float,
        bound: float,
    ) -> Iterator[Outcome]:
        """What each of one library comes to, built in the worker that searches in it."""
        able: list[tuple[Candidate, Build, list[Try]]] = []
        for one in todo:
            build = extrapolate.resized(one.index, one.build, self.count, rows)
            try:
                able.append((one, *self._planned(one, build, options, part, None)))
            except InputError as error:
                yield Outcome(rows, one.index, build, one.build, reason=str(error).partition(": ")[2] or str(error))
        if not able:
            return
        work = replace(job.of(options, able[0][1], cache=self.cache), saved="", track={})
        tries = tuple(replace(one, bound=bound) for *_, (one,) in able)  # without a track there is one way
        task = Task(work, tries, self.options.recall, whole=False, rival=RIVAL)
        for place, told, spent in self._events(task, seconds):
            one, build, _ = able[place]
            yield _outcome(one, build, rows, told, spent)

    def _planned(
        self, one: Candidate, build: str, options: RunOptions, part: VectorSet, track: Track | None
    ) -> tuple[Build, list[Try]]:
        """The build over a set, and what is sought in it, each way of asking it.

        Raises InputError where it cannot be built, or asked.
        """
        planned = builds.of_plan([(one.index, Grid(build))], options, part, track)[0]
        if planned.refusal:
            raise InputError(f"--index={one.index}: {planned.refusal}")
        if planned.estimate.memory > self.limit:
            raise InputError(f"--memory: needs about {in_bytes(planned.estimate.memory)} of memory")
        tunes = builds.make(one.index, build, part, track, **options.of_index()).tunes
        axes = seek.axes(one.search, tunes, len(part.gallery), near=one.near)
        sought = [case.name for case in track.sought] if track else [""]
        return planned, [Try(point, tuple(axes)) for point in planned.points if point.case in sought]

    def in_full(self, one: Candidate, *, bound: float, seconds: float) -> Outcome:
        """What a build over all comes to: it is built, kept on disk, and what is found in it is kept as a result.

        Of the ways in which it can be asked, the best.

        bound : queries a second that it has to beat; seconds : that its build, and each measurement, may take
        """
        there = self.journal.get(self.count, one.index, one.build, full=True, seconds=seconds)
        if there:
            return there
        begun = time.monotonic()
        try:
            build, wanted = self._planned(one, one.build, self.run_options, self.vector_set, self.track)
        except InputError as error:
            reason = str(error).partition(": ")[2] or str(error)
            return self.journal.add(Outcome(self.count, one.index, one.build, one.build, reason=reason, full=True))
        told = self._build(build, seconds)
        if not told:
            saved = str(build.saved.path) if self._saves(build) else ""
            tries = tuple(replace(way, saved=saved, bound=bound) for way in wanted)
            work = job.of(self.run_options, build, cache=self.cache)
            task = Task(work, tries, self.options.recall, whole=True, rival=1, force=self.options.force)
            events = ({**event, "way": tries[place].point.way} for place, event, _ in self._events(task, seconds))
            told = max(events, key=_worth, default={"reason": "was not measured"})
        found = _outcome(one, build, self.count, told, time.monotonic() - begun)
        return self.journal.add(replace(found, full=True))

    def saved(self, outcome: Outcome) -> builds.Saved:
        """Where the index of an outcome over all lies."""
        about = self.run_options.of_index()
        index = builds.make(outcome.index, outcome.build, self.vector_set, self.track, **about)
        own = builds.own_place(index, self.track)
        return builds.saved(outcome.index, outcome.build, self.run_options, self.vector_set, own)

    def _saves(self, build: Build) -> bool:
        return indexes.get(build.index).Index.saves and not (self.track and self.track.builds_itself)

    def _build(self, build: Build, seconds: float) -> dict[str, Any]:
        """Build and save; what is told of it where it failed. What cannot be saved is built where it is searched."""
        if not self._saves(build) or build.saved.exists:
            return {}
        work = job.of(self.run_options, build, cache=self.cache).to_json()
        begun = time.monotonic()

        def watch(spent: float) -> None:
            if time.monotonic() - begun > seconds:
                raise limits.Ended("took too long to build")

        try:
            for _ in limits.run(
                (*sweep.WORKER, str(os.getpid())), work, seconds=seconds, memory=self.limit, watch=watch
            ):
                pass
        except limits.Ended as end:
            build.saved.remove()
            return _ended(end, seconds)
        return {}

    def _events(self, task: Task, seconds: float) -> Iterator[tuple[int, dict[str, Any], float]]:
        """(place, what was told, seconds) of every try; where a worker died, another one goes on behind it."""
        left, since = list(range(len(task.tries))), time.monotonic()
        while left:
            begun = done = 0
            work = replace(task, tries=tuple(task.tries[place] for place in left)).to_json()
            try:
                for event in limits.run((*WORKER, str(os.getpid())), work, seconds=seconds, memory=self.limit):
                    begun = event["place"] + 1 if event["event"] == "try" else begun
                    if event["event"] in ("found", "failed"):
                        done = event["place"] + 1
                        yield left[event["place"]], event, time.monotonic() - since
                        since = time.monotonic()
                return
            except limits.Ended as end:
                lost = left[done:begun] if begun else left
                for place in lost:
                    yield place, _ended(end, seconds), (time.monotonic() - since) / len(lost)
                since = time.monotonic()
                left = left[begun:] if begun else []


def _ended(end: limits.Ended, seconds: float) -> dict[str, Any]:
    """Why a worker ended, without the flag of another command; and what it was given, where that was too little."""
    words = str(end).partition("; --timeout")[0]
    return {"reason": words} | ({"limit": seconds} if words.startswith("took ") else {})


def _worth(told: Mapping[str, Any]) -> tuple[bool, float, float]:
    """What is reached before what is not; of these the faster, of those the one of the higher recall."""
    reached, qps, recall = told.get("reached", False), told.get("qps", 0.0), told.get("recall", 0.0)
    return (reached, qps, recall) if reached else (reached, recall, qps)


def _outcome(one: Candidate, build: Build, rows: int, told: Mapping[str, Any], seconds: float) -> Outcome:
    names = ("search", "recall", "qps", "reached", "build_seconds", "timed", "way", "limit")
    about = {name: told[name] for name in names if name in told} | {"memory": max(told.get("search_peak_bytes", 0), 0)}
    about |= {"reason": told.get("reason", ""), "index_bytes": told.get("index_bytes", 0)}
    return Outcome(rows, one.index, build.build, one.build, **about, seconds=seconds)
