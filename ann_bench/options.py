"""The options of ``run``: which vectors, which indexes, how they are measured."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ann_bench import limits
from ann_bench.results.results import MODES
from ann_bench.units import read_bytes
from datasets.errors import InputError, unknown
from datasets.sources.vector_source import Source
from datasets.vectors.base import METRICS


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Build indexes over a set of vectors, search with every parameter, and keep what was measured.

    A finished point is skipped; a sweep that was killed goes on where it was.
    """

    data: str = "photo_sift"
    """Set of vectors (python -m ann_bench list shows them), or a file: HDF5, fvecs, bvecs, fbin, u8bin, i8bin, npy."""
    data_path: Path | None = None
    """Folder that holds a named set, or is to hold it (data if not given); the file itself for --data=from_file."""
    queries: Path | None = None
    """File of the queries, where --data is a file without any; else 1,000 rows of the gallery ask for the others."""
    truth: Path | None = None
    """File of the true neighbors (ivecs, ibin, bin, npy); they are computed where there is none."""
    metric: str = ""
    """euclidean, inner_product, angular or hamming (packed codes); as the set says if not given."""
    rows: int = 0
    """Only the first so many gallery rows; 0 is all."""
    max_queries: int = 0
    """Only the first so many queries; 0 is all."""
    k: int = 10
    """How many neighbors a query asks for."""
    index: str = ""
    """Indexes, separated by commas, * fits any: faiss_*,annoy. All but the extras (milvus) if not given."""
    build: str = ""
    """What to build of one --index instead of the defaults, separated by semicolons: IVF1024,Flat;HNSW32."""
    search: str = ""
    """Search parameters to sweep with --build: nprobe=1,8,64,max_codes=0,10000."""
    grid: Path | None = None
    """YAML file of what to build and sweep, or short, which is ready-made; instead of --index, --build and --search."""
    mode: str = "single,batch"
    """single: one query a call on one thread; batch: all queries in one call on --threads."""
    threads: int = 0
    """Threads of builds and of batch searches; 0 is one for every core."""
    runs: int = 3
    """Runs a point; the best counts, all are kept."""
    timeout: float = 7200
    """Seconds that a build, or a point, may take."""
    memory: str = ""
    """Memory that a build or search may hold, like 8GB; nine tenths of what is free if not given."""
    out: Path = Path("results")
    """Folder of the results."""
    force: bool = False
    """Measure again what is finished."""
    keep_indexes: bool = False
    """Keep built indexes in the results folder; a later run with other search parameters needs no build then."""
    gpus: str = ""
    """GPUs for Faiss, such as 0 or 0,1; the CPU if not given."""
    uri: str = ""
    """Address of a Milvus server; Milvus Lite in a file if not given."""
    seed: int = 0
    """Of everything random: training samples, k-means, graphs, forests."""

    def source(self) -> Source:
        """Which vectors."""
        files = {name: getattr(self, name) for name in ("data_path", "queries", "truth")}
        return Source(
            data=self.data,
            **{name: None if path is None else str(path) for name, path in files.items()},
            metric=self.metric,
            rows=self.rows,
            max_queries=self.max_queries,
        )

    def check(self) -> None:
        """Raises InputError for values that make no sense, before anything is loaded."""
        for name, least in (("k", 1), ("runs", 1), ("threads", 0), ("rows", 0), ("max_queries", 0), ("seed", 0)):
            if getattr(self, name) < least:
                raise InputError(f"--{name.replace('_', '-')}={getattr(self, name)}: must be at least {least}")
        if self.threads > (cores := os.cpu_count() or 1):
            raise InputError(f"--threads={self.threads}: this machine has {cores} cores")
        if self.metric and self.metric not in METRICS:
            raise unknown("metric", self.metric, METRICS)
        if not self.timeout > 0:
            raise InputError(f"--timeout={self.timeout}: must be above 0")
        if self.grid and (self.index or self.build or self.search):
            raise InputError("--grid: says already what to build and search; leave --index, --build and --search out")
        if self.search and not self.build:
            raise InputError(f"--search={self.search}: belongs to a --build; give that too")
        if self.build and (not self.index or "," in self.index or "*" in self.index):
            raise InputError(f"--build={self.build}: belongs to one --index; name it")
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
