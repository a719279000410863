"""Run: what the command asks for, planned for the set and swept."""

from ann_bench import indexes, tracks
from ann_bench.indexes.base import Grid
from ann_bench.options import RunOptions
from ann_bench.sweep import builds, grid
from ann_bench.sweep.grid import Plan
from ann_bench.sweep.sweep import Sweep
from datasets.errors import InputError
from datasets.files import lock
from datasets.vectors.base import VectorSet


def main(options: RunOptions) -> None:
    """Run the sweep that ``options`` ask for."""
    options.check()
    plan = planned(options) if options.grid or options.build else None
    names = [] if plan else grid.select(options.index)
    vector_set = options.load()
    if plan is None:
        plan = grid.default(names, **builds.size(vector_set))
        if options.track:
            plan = [(name, tracks.get(options.track).Track.of_default(entry, name)) for name, entry in plan]
        for name in indexes.names():
            if not options.index and (lacking := indexes.missing(name)):
                print(f"left out: {name}: {lacking}")
        left_out = ", ".join(name for name in names if name not in dict(plan))
        if left_out:
            print(f"left out, because they cannot search by {vector_set.metric}: {left_out}")
    if options.grid:
        plan = _fitted(plan, options, vector_set)
    with lock.alone(options.out, flag="--out"):
        Sweep(options, vector_set, plan).run()


def planned(options: RunOptions) -> Plan:
    """What --grid, or --index with --build and --search, ask for."""
    if options.grid:
        return grid.read(options.grid)
    name = grid.select(options.index)[0]
    search = grid.parse_search(options.search)
    return [(name, Grid(build.strip(), search)) for build in options.build.split(";")]


def _fitted(plan: Plan, options: RunOptions, vector_set: VectorSet) -> Plan:
    """What of a grid file can be built on this set; a line about what cannot, and InputError where that is all."""
    count, dim = len(vector_set.gallery), vector_set.dim
    fits, misfits = builds.that_fit(grid.sized(plan, count=count, dim=dim), options, vector_set)
    for misfit in misfits:
        print(f"left out of the grid: {misfit}", flush=True)
    if not fits:
        size = f"{vector_set.name} ({count:,} x {dim}, {vector_set.metric})"
        raise InputError(f"--grid={options.grid}: nothing in it can be built on {size}; the reasons stand above")
    return fits
