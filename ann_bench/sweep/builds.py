"""Builds: what a plan comes to on one set, what each build is expected to take, and which do not fit."""

import hashlib
import itertools
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import psutil
from threadpoolctl import threadpool_limits

from ann_bench import indexes
from ann_bench.indexes.base import Estimate, Grid, Index, Value
from ann_bench.options import RunOptions
from ann_bench.results.results import Point
from ann_bench.results.saved_index import Saved
from ann_bench.sweep import grid
from ann_bench.sweep.grid import Plan
from ann_bench.tracks.base import Track
from ann_bench.units import in_bytes, in_time
from datasets.errors import InputError
from datasets.stored import truth
from datasets.vectors.base import VectorSet

_PATIENCE = 20  # how many times as long as expected a build may take
_LEAST_SECONDS = 60  # that every build may take: there are processes to start and files to read
_DISK = 5e8  # bytes a second that a disk reads or writes
PROCESS = 150_000_000  # bytes of Python, NumPy and Faiss without any vectors


@dataclass(frozen=True)
class Build:
    """One build over one set, and the points to be measured with it.

    saved : where the index is kept between its build and the last of its searches
    refusal : why it cannot be asked what the track asks; "" where it can
    """

    index: str
    build: str
    points: tuple[Point, ...]
    estimate: Estimate
    saved: Saved
    refusal: str = ""


def of_plan(plan: Plan, options: RunOptions, vector_set: VectorSet, track: Track | None = None) -> list[Build]:
    """All builds of a plan. Raises InputError for the first that cannot be: before any of them has begun."""
    about = {"data": vector_set.name, "fingerprint": vector_set.fingerprint(), "metric": vector_set.metric}
    about |= {"k": track.k if track else options.k, "seed": options.seed, "device": options.device()}
    about |= {"truth": truth.mark(vector_set, options.k) if options.truth else ""}
    about |= {"track": track.name} if track else {}
    return [_build(name, entry, options, vector_set, track, about) for name, entry in plan]


def that_fit(plan: Plan, options: RunOptions, vector_set: VectorSet) -> tuple[Plan, list[str]]:
    """The part of a plan that can be built on this set, and of each other entry why not, in a line.

    Raises InputError, which names the file of the grid, for search parameters that a build has not.
    """
    fits, misfits = [], []
    for name, entry in plan:
        try:
            index = make(name, entry.build, vector_set, **options.of_index())
        except InputError as error:
            flag, _, reason = str(error).partition(": ")
            reason = reason if flag.startswith("--build=") else str(error)
            misfits.append(f"{name} {entry.build}".strip() + f": {reason}")
            continue
        for search in entry.points():
            _check_search(index, search, f"--grid={options.grid}: {name} {entry.build}")
        fits.append((name, entry))
    return fits, misfits


def _check_search(index: Index, search: Mapping[str, Value], where: str) -> None:
    try:
        index.check_search(search)
    except InputError as error:
        raise InputError(f"{where}: {str(error).removeprefix('--search=')}") from error


def make(name: str, build: str, vector_set: VectorSet, track: Track | None = None, **given: Any) -> Index:
    """An empty index for the set, ready for a track; ``given`` are seed, gpus and uri."""
    room = size(vector_set) | ({"count": track.count} if track else {})
    index = indexes.get(name).Index(build, **room, **given)
    if track and not track.refusal(index):
        track.ready(index)
    return index


def size(vector_set: VectorSet) -> dict[str, Any]:
    """What an index, and the default grids, are told of a set."""
    return {"dim": vector_set.dim, "metric": vector_set.metric, "count": len(vector_set.gallery)}


def _build(
    name: str,
    entry: Grid,
    options: RunOptions,
    vector_set: VectorSet,
    track: Track | None,
    about: Mapping[str, Any],
) -> Build:
    """One build and its points; ``about`` is what all points of the sweep share."""
    index = make(name, entry.build, vector_set, track, **options.of_index())
    refusal = track.refusal(index) if track else ""
    modes = [mode for mode in options.modes() if track is None or mode in track.modes]
    if track and not modes:
        raise InputError(f"--mode={options.mode}: --track={track.name} asks in mode {' or '.join(track.modes)} only")
    asked = [{"case": case.name, "asked": track.mark + case.mark} for case in track.cases] if track else [{}]
    ways = track.ways(index) if track else [""]
    points = []
    for search in entry.points():
        index.check_search(search)
        for mode, what, way in itertools.product(modes, asked, ways):
            threads = 1 if mode == "single" else index.batch_threads or options.all_threads()
            own = {"index": name, "build": entry.build, "search": search, "mode": mode, "threads": threads}
            points.append(Point(**about, **own, **what, way=way))
    place = saved(name, entry.build, options, vector_set, own_place(index, track))
    return Build(name, entry.build, tuple(points), expected(index), place, refusal)


def expected(index: Index) -> Estimate:
    """What a process that builds ``index`` takes."""
    estimate = index.estimate()
    return replace(estimate, memory=estimate.memory + PROCESS)


def own_place(index: Index, track: Track | None) -> str:
    """What tells the place of an index that a track has built otherwise; "" where it is built as always."""
    return f"{track.name} {track.mark}".rstrip() if track and track.of_own(index) else ""


def saved(name: str, build: str, options: RunOptions, vector_set: VectorSet, own: str = "") -> Saved:
    """Where this index over this set is kept; another seed, device, set, or track of its own, is another place."""
    which = f"{build} {options.seed} {options.device()} {vector_set.fingerprint()} {own}".rstrip()
    mark = hashlib.sha256(which.encode()).hexdigest()[:8]
    slug = re.sub(r"\W+", "_", f"{name}_{build}").strip("_")[:80]
    return Saved(options.out / vector_set.name / "indexes" / f"{slug}_{mark}")


def table(builds: list[Build], rate: float, limit: int) -> str:
    """What every build is expected to take.

    rate : multiply-adds a second; limit : bytes of memory
    """
    lines = [f"{'expected of the build':44} {'memory':>8} {'disk':>8} {'time':>8}  ({in_bytes(limit)} may be held)"]
    for build in builds:
        takes = build.estimate
        sizes = f"{in_bytes(takes.memory):>8} {in_bytes(takes.disk):>8} {in_time(takes.work / rate):>8}"
        lines.append(f"{build.index + ' ' + build.build:44} {sizes}")
    return "\n".join(lines)


def time_limit(build: Build, vector_set: VectorSet, rate: float) -> float:
    """Seconds after which a build has gone wrong: 20 times what it is expected to take, at least 60.

    rate : multiply-adds a second. Reading the gallery and writing the index count here, which the estimate leaves out:
    of a set larger than memory they may be most of it.
    """
    moving = (vector_set.gallery.nbytes + build.estimate.disk) / _DISK
    return max(_LEAST_SECONDS, _PATIENCE * (build.estimate.work / rate + moving))


def speed(threads: int) -> float:
    """Multiply-adds a second of a matrix product on this machine, now."""
    rows = np.ones((1024, 256), np.float32)
    with threadpool_limits(threads):
        rows @ rows.T
        start = time.perf_counter()
        for _ in range(5):
            rows @ rows.T
    return 5 * 1024 * 1024 * 256 / (time.perf_counter() - start)


def refusal(build: Build, options: RunOptions, vector_set: VectorSet, limit: int) -> str:
    """Why a build is not even begun, with what would fit; or nothing."""
    free = psutil.disk_usage(str(options.out)).free
    for what, needed, there in (("memory", build.estimate.memory, limit), ("disk", build.estimate.disk, free)):
        if needed > there:
            sizes = f"needs about {in_bytes(needed)} of {what}, there is {in_bytes(there)}"
            return f"{sizes}; {_what_fits(options, vector_set, limit)}"
    return ""


def _what_fits(options: RunOptions, vector_set: VectorSet, limit: int) -> str:
    """Default builds that the memory is enough for."""
    fits = []
    for name, entry in grid.default(grid.select(""), **size(vector_set)):
        memory = expected(make(name, entry.build, vector_set, **options.of_index())).memory
        fits += [f"{name} {entry.build} ({in_bytes(memory)})"] if memory <= limit else []
    return f"these would fit: {', '.join(fits)}" if fits else "none of the default builds fits either"
