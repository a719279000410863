"""The sweep: every build in a process of its own, every point once, and on with the rest where one fails."""

import functools
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ann_bench import indexes, limits, tracks
from ann_bench.options import RunOptions
from ann_bench.results import results, rounds, unfinished
from ann_bench.results.results import Failure, Point
from ann_bench.sweep import builds, job
from ann_bench.sweep.builds import Build
from ann_bench.sweep.grid import Plan
from ann_bench.units import in_time
from datasets.errors import InputError, RunFailed
from datasets.stored import truth
from datasets.vectors.base import VectorSet

_POINT_SECONDS = 7200  # that a point may take
WORKER = (sys.executable, "-m", "ann_bench.sweep.worker")


class Sweep:
    """A plan over one set, measured into one folder.

    All builds are checked before the first begins: a mistake in the last one should not cost the hours before it.
    """

    def __init__(self, options: RunOptions, vector_set: VectorSet, plan: Plan) -> None:
        self.options, self.vector_set = options, vector_set
        self.cache = options.out / "truth"
        self.fingerprint, self.limit = vector_set.fingerprint(), options.memory_limit()
        self.rate = builds.speed(options.all_threads())
        self.track = tracks.of(options.track_flags(), vector_set, options.k, cache=self.cache, seed=options.seed)
        self.measured = self.failed = 0
        self.rounds = options.runs if options.interleave else 1
        if options.interleave and self.track and not self.track.in_rounds:
            raise InputError(f"--interleave: --track={options.track} has no runs; leave it out")
        self.made: list[Build] = []  # in this sweep
        self.gone: set[Path] = set()  # the places of points that failed in it
        self.asked = self._able(builds.of_plan(plan, options, vector_set, self.track))
        self.folder = options.results_folder / vector_set.name / str(self.track.k if self.track else options.k)
        self.every = {point.path(options.out): point for build in self.asked for point in build.points}
        self.pending = {path for path, point in self.every.items() if not self._finished(point)}
        self.skipped = len(self.every) - len(self.pending)
        builds_left = map(self._without_finished, self.asked)
        self.builds = [build for build in builds_left if build.points or self._to_keep(build)]

    def _able(self, asked: list[Build]) -> list[Build]:
        """The builds that can be asked what the track asks; a line for each of the others."""
        for build in asked:
            if build.refusal:
                print(f"left out: {build.index} {build.build}: {build.refusal}", flush=True)
        able = [build for build in asked if not build.refusal]
        if not able:
            raise InputError(f"--track={self.options.track}: none of these indexes can; the reasons stand above")
        return able

    def _without_finished(self, build: Build) -> Build:
        todo = {path: point for point in build.points if (path := point.path(self.options.out)) in self.pending}
        return replace(build, points=tuple(todo.values()))

    def _to_keep(self, build: Build) -> bool:
        """Whether the index is to be built even if all its points are measured: it is to be kept, and is not there."""
        return self.options.keep_indexes and indexes.get(build.index).Index.saves and not build.saved.kept

    def _finished(self, point: Point) -> bool:
        """Whether the point is measured, on these very vectors."""
        if self.options.force:
            return False
        try:
            found = results.read(point.path(self.options.out))
        except InputError:
            return False
        return found.point == point

    def run(self) -> None:
        """Build and measure whatever is pending."""
        if self.builds and self.track:
            self.track.prepare()
        elif self.builds:  # the workers find it in the cache
            load = self.options.source().load
            truth.with_truth(self.vector_set, self.options.k, cache=self.cache, cluster=self.options.cluster, load=load)
        self._announce()
        if self.pending:
            unfinished.begin(self.folder, self.every)
        if self.options.force:
            rounds.forget(self.options.out, self.every.values())
        total = sum(len(build.points) for build in self.builds) * self.rounds
        with tqdm(total=total, unit="run" if self.rounds > 1 else "point", disable=None) as self.bar:
            for turn in range(self.rounds):
                for build in self.builds:
                    self._run_build(build, turn)
        for build in self.asked:  # also what a sweep left that was killed after its last point
            self._clear(build)
        unfinished.end(self.folder)
        self._tell_the_end()

    def _tell_the_end(self) -> None:
        """What was measured, and where what is kept is; raises RunFailed where nothing came of it."""
        counts = f"{self.measured} points measured, {self.failed} failed, {self.skipped} were finished before"
        print(f"{counts}: {self.options.results_folder / self.vector_set.name}")
        for build in self.asked:
            if build.saved.kept:
                print(f"index kept: {build.saved.path}")
        if not self.measured and (self.failed or any(map(self._to_keep, self.builds))):
            raise RunFailed("nothing could be measured; the reasons stand above")

    def _announce(self) -> None:
        vector_set = self.vector_set
        size = f"{len(vector_set.gallery):,} x {vector_set.dim}"
        print(f"{vector_set.name}: {size}, {len(vector_set.queries):,} queries, {vector_set.metric}")
        if self.builds:
            print(builds.table(self.builds, self.rate, self.limit))
            print(f"{len(self.pending)} points to measure, {self.skipped} were finished before", flush=True)

    def _due(self, build: Build, turn: int) -> list[Point]:
        """The points that are to be measured this turn, in which all those are that have fewer runs than turns."""
        out = self.options.out
        there = [point for point in build.points if point.path(out) not in self.gone]
        if self.rounds == 1:
            return there
        return [point for point in there if rounds.measured(out, point, self.rounds) <= turn]

    def _run_build(self, build: Build, turn: int) -> None:
        """Build the index, unless it is there, and measure its points; a worker that dies costs one point."""
        left = self._due(build, turn)
        if turn and not left:
            return
        self.bar.set_description(f"{build.index} {build.build}")
        if not self._is_built(build):
            refusal = builds.refusal(build, self.options, self.vector_set, self.limit)
            if refusal:
                return self._fail(build, left, "estimate", refusal)
            try:
                self._build(build)
            except limits.Ended as end:
                build.saved.remove()
                return self._fail(build, left, "build", str(end))
            self.made.append(build)
        while left:
            left = self._search(build, left)
        if turn == self.rounds - 1:
            self._clear(build)

    def _build(self, build: Build) -> None:
        """Build and save; an index that cannot be saved is built where it is searched."""
        if indexes.get(build.index).Index.saves and not (self.track and self.track.builds_itself):
            limit = self.options.timeout or builds.time_limit(build, self.vector_set, self.rate)
            for _ in self._work(build, (), seconds=limit, watch=functools.partial(self._tell, build)):
                pass

    def _tell(self, build: Build, seconds: float) -> None:
        """Show for how long the build has been running; on a terminal only, as the bar itself."""
        expected = build.estimate.work / self.rate
        told = in_time(expected) if expected >= 1 else "under 1 s"
        self.bar.set_description(
            f"{build.index} {build.build}, building for {in_time(round(seconds))}, expected {told}"
        )

    def _is_built(self, build: Build) -> bool:
        """Whether the index is there; what is kept is not built again only to be measured again."""
        saved = build.saved
        if build in self.made:
            return saved.exists
        return saved.kept if self.options.force or self.options.keep_indexes else saved.exists

    def _clear(self, build: Build) -> None:
        """Remove the index, unless it is to be kept."""
        if not (self.options.keep_indexes or build.saved.kept):
            build.saved.remove()

    def _work(self, build: Build, points: tuple[Point, ...], **limits_of_it: Any) -> Iterator[dict]:
        """What the worker reports that builds the index, or measures ``points`` with it."""
        rounds = self.rounds if self.rounds > 1 else 0
        work = job.of(self.options, build, cache=self.cache, points=points, rounds=rounds).to_json()
        return limits.run((*WORKER, str(os.getpid())), work, memory=self.limit, **limits_of_it)

    def _search(self, build: Build, points: list[Point]) -> list[Point]:
        """Measure ``points``; those that are left where the worker died in the middle of one."""
        begun = done = 0  # points
        try:
            for event in self._work(build, tuple(points), seconds=self.options.timeout or _POINT_SECONDS):
                if event["event"] == "point":
                    begun = event["place"] + 1
                    self.bar.set_description(f"{build.index} {points[event['place']].title}")
                if event["event"] == "step":
                    self.bar.set_description(f"{build.index} {points[begun - 1].title}: {event['words']}")
                if event["event"] in ("measured", "failed"):
                    done = event["place"] + 1
                    self._note(build, points[event["place"]], event)
            return []
        except limits.Ended as end:
            if not begun:  # it could not even load the index; another sweep shall build it, unless shards made it
                if build.saved.exists and "shards" not in build.saved.facts():
                    build.saved.remove()
                self._fail(build, points, "load", str(end))
                return []
            if begun > done:
                self._fail(build, points[done:begun], "search", str(end))
            return points[begun:]

    def _note(self, build: Build, point: Point, event: dict) -> None:
        if event["event"] == "failed":
            return self._fail(build, [point], "search", event["reason"])
        score, asked = event["told"], "".join(f", {word}" for word in (point.case, point.way) if word)
        self.bar.set_postfix_str(score, refresh=False)
        self.bar.update()
        if event["whole"]:
            self.measured += 1
            self.bar.write(f"{point.index} {point.title}{asked}, {point.mode} on {point.threads}: {score}")

    def _fail(self, build: Build, points: Sequence[Point], stage: str, reason: str) -> None:
        """Note why these points are missing, and go on; an index that was only to be kept has none."""
        for point in points:
            results.write_failure(self.options.out, Failure(point, stage, reason))
            self.gone.add(point.path(self.options.out))
        title = points[0].title if stage == "search" else build.build
        self.bar.write(f"{build.index} {title}: FAILED in {stage}: {reason}")
        self.failed += len(points)
        self.bar.update(len(points))
