"""Tune: the command that searches for the best index, tells what it found, and leaves its index behind."""

import math

from tqdm import tqdm

from ann_bench import indexes, tracks
from ann_bench.indexes.base import Grid
from ann_bench.results.point import recall_name
from ann_bench.sweep import builds, grid
from ann_bench.tracks.base import Track
from ann_bench.tuning import report
from ann_bench.tuning.journal import Journal
from ann_bench.tuning.options import TuneOptions
from ann_bench.tuning.search import Search
from ann_bench.tuning.trials import Candidate, Trials
from ann_bench.units import in_bytes
from datasets.errors import InputError, RunFailed
from datasets.files import lock
from datasets.vectors.base import VectorSet


def main(options: TuneOptions) -> None:
    """Search, and print the best."""
    options.check()
    vector_set = options.load()
    track = tracks.of(
        options.run_options().track_flags(), vector_set, options.k, cache=options.out / "truth", seed=options.seed
    )
    check_track(options, track)
    candidates = of_default_grids(options, vector_set)
    with lock.alone(options.out, flag="--out"):
        found = searched(options, vector_set, track, candidates)
        if found.best and (saved := report.kept(found)):
            print(f"index kept: {saved.path}")
        print(report.text(found))
        print(f"what was tried, and why the rest lost: {report.page(found)}")
    if not found.best:
        raise RunFailed(_missed(found))


def _missed(found: Search) -> str:
    """Why there is no best."""
    options = found.options
    if found.no_time and not found.measured:
        more = f"give it more, like {report.budget_for_all(found)}"
        return f"--budget={options.budget}: too short to measure anything over all vectors; {more}"
    if not any(one.qps for one in found.sampled.values()) and not found.measured:
        least = min((_memory(found.trials, one) for one in found.candidates), default=math.inf)
        if found.trials.limit < least < math.inf:
            held = in_bytes(found.trials.limit)
            return f"--memory: no build fits into {held}; the smallest needs --memory={math.ceil(least / 1e6)}MB"
    return f"nothing reaches a recall of {options.recall:g} within that; the nearest stand above"


def _memory(trials: Trials, one: Candidate) -> float:
    """Bytes that building it over all is expected to take; infinite where it cannot be built."""
    plan = [(one.index, Grid(one.build))]
    try:
        return builds.of_plan(plan, trials.run_options, trials.vector_set, trials.track)[0].estimate.memory
    except InputError:
        return math.inf


def check_track(options: TuneOptions, track: Track | None) -> None:
    """Raises InputError where the track cannot be searched in."""
    if track is None:
        return
    if track.builds_itself:
        raise InputError(
            f"--track={options.track}: tune seeks in an index that stays as it is; python -m ann_bench run"
            f" --track={options.track} measures the default builds, and recommend chooses among them"
        )
    if options.mode not in track.modes:
        raise InputError(f"--mode={options.mode}: --track={options.track} is asked in {', '.join(track.modes)}")
    if why := track.unsought():
        raise InputError(f"--track={options.track}: {why}")
    if len(track.sought) > 1:
        cases = ", ".join(case.name for case in track.sought)
        raise InputError(f"--track={options.track}: tune seeks for one case, this asks {cases}; ask one of them")


def of_default_grids(options: TuneOptions, vector_set: VectorSet) -> list[Candidate]:
    """Every default build, with the parameters that its grid sweeps."""
    names = grid.select(options.index)
    plan = grid.default(names, **builds.size(vector_set))
    for name in indexes.names():
        if not options.index and (lacking := indexes.missing(name)):
            print(f"left out: {name}: {lacking}")
    return [Candidate(name, entry.build, entry.search) for name, entry in plan]


def searched(options: TuneOptions, vector_set: VectorSet, track: Track | None, candidates: list[Candidate]) -> Search:
    """The search when it is done."""
    folder = options.out / "tuning" / options.track / vector_set.name
    asked = {**options.asked, "fingerprint": vector_set.fingerprint(), "track": track.name if track else ""}
    asked["asked"] = [(case.name, track.mark + case.mark) for case in track.cases] if track else ""
    journal = Journal(folder, asked, anew=options.force)
    trials = Trials(options, vector_set, track, journal, folder)
    size = f"{len(vector_set.gallery):,} x {vector_set.dim}"
    print(f"{vector_set.name}: {size}, {len(vector_set.queries):,} queries, {vector_set.metric}")
    named = recall_name(track.k if track else options.k).replace("k-recall", f"{options.k}-recall")
    goal = f"{named} of {options.recall:g} within {in_bytes(trials.limit)}"
    print(f"to reach: {goal}; for at most {options.budget}", flush=True)
    if journal.before:
        print(f"going on: {journal.before} builds were tried before ({journal.path})", flush=True)
    trials.prepare()
    with tqdm(
        total=round(options.budget_seconds()), unit="s", disable=None, bar_format="{bar:20} {n}/{total} s"
    ) as bar:
        search: Search

        def say(line: str) -> None:
            bar.write(line)
            bar.n = min(bar.total, round(bar.total - search.left))
            bar.refresh()

        search = Search(trials, candidates, say)
        search.run()
    return search
