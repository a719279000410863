"""One build, or the searches of it, in a process of its own: python -m ann_bench.sweep.worker PARENT PIPE < JOB."""

import functools
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ann_bench import limits, tracks
from ann_bench.indexes.base import Index
from ann_bench.measuring import honest, measure, metrics
from ann_bench.results import rounds
from ann_bench.results.results import Point, Result
from ann_bench.results.saved_index import Saved
from ann_bench.sweep import builds, machine
from ann_bench.sweep.job import Job
from ann_bench.tracks.base import Track, TrackFlags
from datasets.cluster.parent import die_with_parent
from datasets.errors import InputError
from datasets.sources.vector_source import Source
from datasets.stored import truth
from datasets.vectors import rows as vector_rows
from datasets.vectors.base import VectorSet

BLOCK = 1 << 17  # gallery rows added at a time

Report = Callable[..., None]


def make(job: Job, vector_set: VectorSet, track: Track | None) -> Index:
    """The empty index of a job."""
    return builds.make(job.index, job.build, vector_set, track, seed=job.seed, gpus=job.gpus, uri=job.uri)


def track_of(job: Job, vector_set: VectorSet) -> Track | None:
    """The way of asking of a job."""
    return tracks.of(TrackFlags(**job.track), vector_set, job.k, cache=Path(job.cache), seed=job.seed)


def build(job: Job, report: Report) -> None:
    """Build, save and note what it took."""
    vector_set = Source(**job.source).load()
    track = track_of(job, vector_set)
    index = make(job, vector_set, track)
    facts = fill(index, track.indexed if track else vector_set, job.threads, report, seed=job.seed)
    Saved(Path(job.saved)).write(index, facts | {"keep": job.keep})


def fill(index: Index, vector_set: VectorSet, threads: int, report: Report, *, seed: int) -> dict[str, Any]:
    """Train and add the gallery; the seconds that the index itself took, and the most memory."""
    limits.forget_peak()
    index.set_threads(threads)
    seconds, gallery = 0.0, vector_set.gallery
    with threadpool_limits(threads):
        if index.training_rows:
            sample = vector_rows.sample(gallery, min(index.training_rows, len(gallery)), seed=seed)
            seconds += _timed(index.train, vector_rows.prepared(sample, vector_set.metric))
            del sample
        for start, block in vector_rows.blocks(gallery, BLOCK if index.in_blocks else len(gallery)):
            seconds += _timed(index.add, vector_rows.prepared(block, vector_set.metric))
            report("progress", rows=start + len(block))
        seconds += _timed(index.finish)
    return {"build_seconds": seconds, "build_peak_bytes": limits.peak(), "build_threads": threads}


def _timed(call: Callable[..., None], *arguments: np.ndarray) -> float:
    start = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - start


@dataclass(frozen=True, eq=False)
class Ground:
    """What a job searches in, loaded once, and what stands with every point.

    whole : the set as it was loaded; vector_set : with its true neighbors, where the track does not find its own;
        without the rows that a track holds out
    """

    whole: VectorSet
    vector_set: VectorSet
    track: Track | None
    facts: Mapping[str, Any]


def ground(job: Job) -> Ground:
    """Load the set, and what is true of it."""
    source = Source(**job.source)
    whole = source.load()
    track = track_of(job, whole)
    vector_set = track.indexed if track else truth.with_truth(whole, job.k, cache=Path(job.cache), progress=False)
    facts = dict(job.facts) | _facts_of_set(vector_set) | machine.facts_of_machine()
    facts["true_neighbors"] = _whose(source, truth.mark(vector_set if track else whole, job.k))
    facts |= {"track_flags": track.flags.given()} if track else {}
    return Ground(whole, vector_set, track, facts)


def asked(job: Job, on: Ground, report: Report) -> Callable[[Point, int], Result]:
    """What measures a point in so many runs, with the index of the job: loaded, or built where it cannot be.

    Without a track it takes ``among``, too: the set with some of its queries only.
    """
    new = functools.partial(make, job, on.vector_set, on.track)
    if on.track:
        on.track.say = lambda words: report("step", words=words)
    if on.track and on.track.builds_itself:
        return functools.partial(_of_track, on.track, new, {**on.facts, "build_threads": job.threads})
    index = new()
    facts = {**on.facts, **_there(index, on.vector_set, job, report)}
    if on.track:
        on.track.saved = Path(job.saved) if index.saves and job.saved else None
        return functools.partial(_of_track, on.track, lambda: index, facts)
    return functools.partial(_measured, index, on.vector_set, facts)


def search(job: Job, report: Report) -> None:
    """Measure every point, and report each."""
    on = ground(job)
    measured = asked(job, on, report)
    for place, point in enumerate(job.points):
        report("point", place=place)
        try:
            result = measured(point, job.runs)
        except (honest.Cheating, InputError) as error:
            report("failed", place=place, reason=str(error))
        except Exception as error:  # whatever a library throws is that point's failure, not the sweep's
            report("failed", place=place, reason=" ".join(f"{type(error).__name__}: {error}".split()))
        else:
            result, whole = rounds.add(Path(job.out), result, job.rounds)
            told = on.track.told(result) if on.track else result.told
            report("measured", place=place, told=told, whole=whole)


def _there(index: Index, vector_set: VectorSet, job: Job, report: Report) -> dict[str, Any]:
    """Load the index, or build one that cannot be saved, or is not; the facts of its build."""
    if index.saves and job.saved:
        index.load(Path(job.saved))
        facts = Saved(Path(job.saved)).facts()
    else:
        facts = fill(index, vector_set, job.threads, report, seed=job.seed) | {"index_bytes": 0}
    return facts | {"bytes_per_vector": facts["index_bytes"] / len(vector_set.gallery)}


def _of_track(track: Track, index_of: Callable[[], Index], facts: Mapping[str, Any], point: Point, runs: int) -> Result:
    """A point of a track; the memory that it held, and when, stand with it."""
    limits.forget_peak()
    index = index_of()
    if not track.builds_itself:
        index.tune(**point.search)
    index.set_threads(point.threads)
    with threadpool_limits(point.threads):
        result = track.measure(index, point, facts, runs=runs)
    piped = hasattr(index.find, "run")  # the library is in another process, and tracks ask it one thing after another
    return replace(result, facts={"search_peak_bytes": limits.peak(), "over_a_pipe": piped, **result.facts, **_now()})


def _measured(
    index: Index,
    whole: VectorSet,
    facts: Mapping[str, Any],
    point: Point,
    runs: int,
    *,
    among: VectorSet | None = None,
) -> Result:
    vector_set = among or whole
    vector_rows.give_back(vector_set.gallery)  # which the last point's recall was computed with
    queries = vector_rows.prepared(vector_set.queries, vector_set.metric)
    limits.forget_peak()
    index.tune(**point.search)
    index.set_threads(point.threads)
    mode = measure.single if point.mode == "single" else measure.batch
    with threadpool_limits(point.threads):
        timed = mode(index, vector_set, queries, point.k, runs=runs, threads=point.threads)
    return Result(
        point,
        timed.seconds,
        timed.times,
        timed.neighbors,
        timed.distances,
        metrics.scores(vector_set, timed.neighbors, timed.distances),
        {
            **facts,
            **{"search_peak_bytes": timed.peak, "cores_busy": timed.cores, "pinned_to": timed.core},
            **{"waited_share": timed.waited, **_now()},
        },
    )


def _now() -> dict[str, Any]:
    return {"measured": datetime.now(UTC).isoformat(timespec="seconds"), "load": os.getloadavg()[0]}


def _facts_of_set(vector_set: VectorSet) -> dict[str, Any]:
    return {
        "gallery": len(vector_set.gallery),
        "queries": len(vector_set.queries),
        "dimension": vector_set.dim,
    }


def _whose(source: Source, mark: str) -> str:
    """Whose the true neighbors are: "computed", or "groundtruth.ivecs 1a2b3c4d" by their mark."""
    if not mark:
        return "computed"
    return f"{Path(source.truth).name if source.truth else 'of the set'} {mark}"


def serve(parent: str, pipe: str, do: Callable[[str, Report], None]) -> None:
    """Do what stands on stdin, and report to the pipe; one line on stderr where it cannot be done."""
    die_with_parent(int(parent))
    report = limits.Reporter(int(pipe))
    try:
        do(sys.stdin.read(), report)
    except InputError as error:
        sys.exit(str(error))
    except MemoryError:
        sys.exit("out of memory")
    report("done")


def main(parent: str, pipe: str) -> None:
    """Do the job."""

    def do(text: str, report: Report) -> None:
        todo = Job.from_json(text)
        (search if todo.points else build)(todo, report)

    serve(parent, pipe, do)


if __name__ == "__main__":
    main(*sys.argv[1:])
