"""The options of ``run``: which vectors, which indexes, how they are measured."""

import os
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ann_bench import limits
from ann_bench.results.results import MODES
from ann_bench.tracks.base import TrackFlags
from ann_bench.units import read_bytes
from datasets.cluster import place
from datasets.errors import InputError
from datasets.sources.vector_source import Source
from datasets.vectors import metric_names


@dataclass(frozen=True, kw_only=True)
class RunOptions(TrackFlags, Source):
    """Build indexes over a set of vectors, search with every parameter, and keep what was measured.

    A finished point is skipped; a sweep that was killed goes on where it was.
    """

    k: int = 10
    """How many neighbors a query asks for."""
    index: str = ""
    """Indexes, separated by commas, * fits any: faiss_*,annoy. All that are installed if not given, but no server."""
    build: str = ""
    """What to build of one --index instead of the defaults, separated by semicolons: IVF1024,Flat;HNSW32."""
    search: str = ""
    """Search parameters to sweep with --build: nprobe=1,8,64,max_codes=0,10000."""
    grid: Path | None = None
    """YAML file of what to build and sweep, or short, which is ready-made, instead of --index, --build and --search;
    what cannot be built on this set is left out."""
    mode: str = "single,batch"
    """single: one query a call on one thread; batch: all queries in one call on --threads."""
    threads: int = 0
    """Threads of builds and of batch searches; 0 is one for every core."""
    runs: int = 3
    """Runs a point; the best counts, all are kept, and how far they lie apart is the interval of its QPS."""
    interleave: bool = False
    """Measure the first run of all points of all indexes, then the second of all, and so on: a busy hour hits all of
    them alike. All indexes stay on disk until the last round, and are loaded once a round."""
    timeout: float | None = None
    """Seconds that a build, or a point, may take; if not given, 20 times what a build is expected to, at least 60, and
    7200 for a point."""
    memory: str = ""
    """Memory that a build or search may hold, like 8GB; nine tenths of what is free if not given."""
    out: Path = Path("results")
    """Folder of the results."""
    force: bool = False
    """Measure again what is finished."""
    keep_indexes: bool = False
    """Keep built indexes in the results folder and name their files; what is measured but not kept is built, too."""
    gpus: str = ""
    """GPUs for Faiss, such as 0 or 0,1; the CPU if not given."""
    uri: str = ""
    """Address of a Milvus server; Milvus Lite in a file if not given."""
    cluster: str = ""
    """Who searches for the true neighbors: local:4, so many processes; slurm:8, so many jobs; or the address of a Dask
    scheduler, tcp://host:8786; this process if not given. Nothing else of a sweep is done there."""
    seed: int = 0
    """Of everything random: training samples, k-means, graphs, forests."""

    def source(self) -> Source:
        """Which vectors, and nothing else."""
        return Source(**{field.name: getattr(self, field.name) for field in fields(Source)})

    def track_flags(self) -> TrackFlags:
        """Which way of asking, and nothing else."""
        return TrackFlags(**{field.name: getattr(self, field.name) for field in fields(TrackFlags)})

    @property
    def results_folder(self) -> Path:
        """Where points of this way of asking belong; those of no track lie directly in --out."""
        return self.out / self.track

    def check(self) -> None:
        """Raises InputError for values that make no sense, before anything is loaded."""
        for name, least in (("k", 1), ("runs", 1), ("threads", 0), ("rows", 0), ("max_queries", 0), ("seed", 0)):
            if getattr(self, name) < least:
                raise InputError(f"--{name.replace('_', '-')}={getattr(self, name)}: must be at least {least}")
        if self.threads > (cores := os.cpu_count() or 1):
            raise InputError(f"--threads={self.threads}: this machine has {cores} cores")
        self.check_track()
        if self.metric:
            metric_names.ours(self.metric)
        if self.timeout is not None and not self.timeout > 0:
            raise InputError(f"--timeout={self.timeout}: must be above 0")
        if self.grid and (self.index or self.build or self.search):
            raise InputError("--grid: says already what to build and search; leave --index, --build and --search out")
        if self.search and not self.build:
            raise InputError(f"--search={self.search}: belongs to a --build; give that too")
        if self.build and (not self.index or "," in self.index or "*" in self.index):
            raise InputError(f"--build={self.build}: belongs to one --index; name it")
        place.read(self.cluster)
        self.modes()
        self.gpu_ids()
        self.memory_limit()

    def modes(self) -> tuple[str, ...]:
        """The modes asked for."""
        asked = tuple(dict.fromkeys(part.strip() for part in self.mode.split(",")))
        if not set(asked) <= set(MODES):
            raise InputError(f"--mode={self.mode}: must be single, batch or both: single,batch")
        return asked

    def gpu_ids(self) -> tuple[int, ...]:
        """The GPUs asked for."""
        if not re.fullmatch(r"(\d+(,\d+)*)?", self.gpus):
            raise InputError(f"--gpus={self.gpus}: must be numbers such as 0 or 0,1")
        return tuple(int(part) for part in self.gpus.split(",") if part)

    def of_index(self) -> dict[str, Any]:
        """What every index is told besides its build and the size of the set."""
        return {"seed": self.seed, "gpus": self.gpu_ids(), "uri": self.uri}

    def device(self) -> str:
        """Where indexes search, "" for this machine's processor."""
        return f"gpus {self.gpus}" if self.gpus else self.uri

    def memory_limit(self) -> int:
        """Bytes."""
        return read_bytes(self.memory) if self.memory else int(limits.available() * 0.9)

    def all_threads(self) -> int:
        """Threads of builds and batch searches."""
        return self.threads or len(os.sched_getaffinity(0))
