"""The command that builds an index larger than memory: Faiss's lists, shard by shard (ann_bench/scale/shards.py)."""

import contextlib
import functools
from dataclasses import dataclass, fields
from pathlib import Path

import faiss
import psutil

from ann_bench import limits
from ann_bench.indexes.faiss_float import FaissFloat
from ann_bench.options import RunOptions
from ann_bench.scale import shards
from ann_bench.sweep import builds
from ann_bench.units import in_bytes, in_time
from datasets.cluster import place
from datasets.cluster.connect import connect
from datasets.cluster.pool import Killed
from datasets.errors import InputError, RunFailed
from datasets.files import lock
from datasets.sources.vector_source import Source
from datasets.vectors.base import VectorSet

_STEPS = ("", "train", "add", "merge")


@dataclass(frozen=True, kw_only=True)
class BuildOptions(Source):
    """Build a Faiss index larger than memory: train once, add shards, merge their lists on disk; run then measures it.

    All steps after each other, or one --step a process or machine. The flags that say which vectors must be run's, too.
    """

    build: str = "OPQ16_64,IVF4096,PQ16np"
    """What to build of faiss_float: inverted lists of rows or codes."""
    shards: int = 1
    """How many shards the gallery is cut into."""
    step: str = ""
    """train, add (one --shard) or merge; all of them if not given."""
    shard: int = 0
    """Which shard to add, from 0; the processes that add them may run at the same time."""
    threads: int = 0
    """Threads; 0 is one for every core, and for a worker of --cluster each of its own."""
    cluster: str = ""
    """Who adds the shards: local:4, so many processes; slurm:8, so many jobs; or the address of a Dask scheduler,
    tcp://host:8786; this process if not given, which always trains and merges."""
    out: Path = Path("results")
    """Folder of the results, in which run --keep-indexes finds the index."""
    seed: int = 0
    """Of the training sample and of k-means."""

    def as_run(self) -> RunOptions:
        """The options of ``run`` that these share."""
        shared = {field.name for field in fields(RunOptions)} - {"build"}
        given = {field.name: getattr(self, field.name) for field in fields(self) if field.name in shared}
        return RunOptions(**given, build=self.build, index="faiss_float", keep_indexes=True)


def main(options: BuildOptions) -> None:
    """Do the steps that are asked for; those that are finished are passed over."""
    if options.step not in _STEPS:
        raise InputError(f"--step={options.step}: must be train, add or merge; leave it out for all of them")
    if options.shards < 1:
        raise InputError(f"--shards={options.shards}: must be at least 1")
    if not 0 <= options.shard < options.shards:
        raise InputError(f"--shard={options.shard}: must be from 0 to below --shards={options.shards}")
    asked = options.as_run()
    asked.check()
    vector_set = options.load()
    index = builds.make("faiss_float", options.build, vector_set, seed=options.seed)
    saved = builds.saved("faiss_float", options.build, asked, vector_set).path
    folder = saved.with_name(saved.name + ".shards")
    shards.check(index)
    index.set_threads(asked.all_threads())
    if options.step != "merge":
        _announce(index, options, folder, asked.all_threads())
    if options.step in ("", "train"):
        with _alone(folder, "train"):
            shards.train(index, vector_set, folder)
    if options.step in ("", "add"):
        _add_all(options, vector_set, folder)
    if options.step in ("", "merge"):
        with _alone(folder, "merge"):
            shards.merge(folder, options.shards, saved)
        print(f"{saved}: measured by python -m ann_bench run with the same flags, --index=faiss_float and --search")


def _add_all(options: BuildOptions, vector_set: VectorSet, folder: Path) -> None:
    """Add the shards that are asked for; raises RunFailed where one ends every worker of a cluster."""
    parts = [options.shard] if options.step == "add" else range(options.shards)
    with connect(options.cluster) as pool:
        given = None if pool.remote else vector_set
        adding = functools.partial(add, options, folder, given)
        with contextlib.closing(pool.run(adding, parts)) as done:
            for part, result in done:
                if isinstance(result, Killed):
                    more = "give the workers more memory, or begin anew with more --shards"
                    raise RunFailed(f"shard {part} {result.reason}; {more}")


def add(options: BuildOptions, folder: Path, vector_set: VectorSet | None, part: int) -> None:
    """Add one shard: of ``vector_set``, or where that is None, in a worker of a cluster, of the set it loads itself."""
    if vector_set is None:
        faiss.omp_set_num_threads(options.threads or place.cores())
    with _alone(folder, f"shard-{part}", wait=vector_set is None):
        shards.add_shard(folder, vector_set or options.load(), part, options.shards)


def _alone(folder: Path, step: str, *, wait: bool = False) -> contextlib.AbstractContextManager[None]:
    """Keep other processes from doing the same step at the same time; ``wait`` until they have done it."""
    return lock.alone(folder, flag="--shard", name=f"{step}.lock", wait=wait)


def _announce(index: FaissFloat, options: BuildOptions, folder: Path, threads: int) -> None:
    """Print what a build is expected to take; raises InputError where it cannot fit, with what would."""
    folder.mkdir(parents=True, exist_ok=True)
    free, there = psutil.disk_usage(str(folder)).free, limits.available()
    memory, disk = _memory(index, options.shards), 2 * index.estimate().disk  # the shards, and what they become
    seconds = index.estimate().work / builds.speed(threads)
    sizes = f"{in_bytes(memory)} of memory a shard, {in_bytes(disk)} of disk"
    print(f"expected: {sizes} and {in_time(seconds)} on {threads} threads in all", flush=True)
    if memory > there:
        more = (n for n in range(options.shards + 1, 10_000) if _memory(index, n) <= there)
        fit = f"--shards={number} would fit" if (number := next(more, 0)) else "use a --build with fewer lists"
        raise InputError(f"--shards={options.shards}: a shard would not fit into {in_bytes(there)} of memory; {fit}")
    if disk > free and not list(folder.glob("shard-*")):
        raise InputError(f"--out={options.out}: only {in_bytes(free)} are free there; make room or use smaller codes")


def _memory(index: FaissFloat, number: int) -> int:
    """Bytes that a process takes which adds one of ``number`` shards, or trains."""
    return index.estimate_shard(number).memory + builds.PROCESS
