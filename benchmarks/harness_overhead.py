"""What the harness costs: its QPS beside a bare loop over the library, and its bookkeeping outside the clock.

python benchmarks/harness_overhead.py

Both search the very same object in one process, on one thread, best of three runs, round by round in alternating order.
Bookkeeping is all that the harness does besides, recall included, for each query that it searched; it is measured once
more with the gallery mapped from a file. Prints one JSON line a case and a verdict last; exits with code 1 where a bar
is missed.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import faiss
import numpy as np
import paired
import verdicts
from threadpoolctl import threadpool_limits
from verdicts import Verdict

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ann_bench import indexes
from ann_bench.indexes.base import Index
from ann_bench.measuring import measure, metrics
from ann_bench.options import RunOptions
from datasets.stored import formats
from datasets.vectors.base import VectorSet, with_neighbors

GALLERY, QUERIES, DIMENSIONS, K, ROUNDS = 50_000, 5_000, 128, 10, 9
RUNS = RunOptions.runs  # a point, of which the best counts: as many in the bare loop
BUILDS = {
    "faiss_float": ("HNSW32", {"efSearch": 64}),
    "hnswlib": ("M=16,ef_construction=200", {"ef": 64}),
    "ngt": ("ANNG,edges=10", {"epsilon": 0.05}),
    "svs": ("f32,degree=32,window=128", {"window": 64}),
    "usearch": ("f32,connectivity=16", {"expansion_search": 64}),
}
AT_LEAST = {"single": 0.97, "batch": 0.99}
MICROSECONDS_AT_MOST = 2.0

Library = Callable[[np.ndarray, int], object]


@dataclass(frozen=True)
class Round:
    """Seconds of a search of all queries, best of RUNS: by the harness's clock, in the bare loop; and of a run's
    bookkeeping.
    """

    ours: float
    bare: float
    bookkeeping: float


def made_up() -> VectorSet:
    """Whole numbers in clusters, as SIFT has them."""
    rng = np.random.default_rng(0)
    centres = rng.gamma(1.0, 30.0, size=(500, DIMENSIONS))
    rows = centres[rng.integers(0, 500, GALLERY + QUERIES)] + rng.normal(scale=25, size=(GALLERY + QUERIES, DIMENSIONS))
    rows = rows.clip(0, 255).round().astype(np.float32)
    return with_neighbors(VectorSet("made up", "euclidean", rows[:GALLERY], rows[GALLERY:]), k=K)


def built(name: str, build: str, search: dict[str, int], vector_set: VectorSet) -> Index:
    """The index as the harness builds it."""
    index = indexes.get(name).Index(build, dim=DIMENSIONS, metric="euclidean", count=GALLERY)
    index.set_threads(faiss.omp_get_max_threads())
    index.add(vector_set.gallery)
    index.finish()
    index.tune(**search)
    return index


def library_of(index: Index) -> Library:
    """The search of the library's own object, without anything of ours around it."""
    made = index.made()
    if index.name == "ngt":
        return lambda queries, k: _by_ngt(made, queries, k)
    if index.name == "usearch":
        return lambda queries, k: made.search(queries, k, threads=1)  # as many as it likes, if not told
    return made.knn_query if index.name == "hnswlib" else made.search


def _by_ngt(made: object, queries: np.ndarray, k: int) -> object:
    """One query, or a batch, which NGT's own users search for by other calls."""
    if len(queries) == 1:
        return made.search(queries, k, with_distance=False)
    import ngtpy

    results = ngtpy.BatchResults()
    made.batch_search(queries, results, k)
    return results.get_ids()


def by_the_harness(index: Index, vector_set: VectorSet, mode: str) -> tuple[float, float]:
    """Seconds by the harness's clock, and those of its bookkeeping, scores included."""
    timed_by_us = measure.single if mode == "single" else measure.batch
    start = time.perf_counter()
    timed = timed_by_us(index, vector_set, vector_set.queries, K, runs=RUNS, threads=1)
    metrics.scores(vector_set, timed.neighbors, timed.distances)
    whole = time.perf_counter() - start
    return float(timed.seconds.min()), (whole - float(timed.seconds.sum())) / RUNS


def in_a_bare_loop(library: Library, queries: np.ndarray, mode: str) -> float:
    """Seconds of the best run."""
    runs = []
    for _ in range(RUNS):
        start = time.perf_counter()
        if mode == "single":
            for row in range(len(queries)):
                library(queries[row : row + 1], K)
        else:
            library(queries, K)
        runs.append(time.perf_counter() - start)
    return min(runs)


def one_round(index: Index, vector_set: VectorSet, mode: str, *, bare_first: bool) -> Round:
    """The harness and the bare loop, one after the other."""
    library = library_of(index)
    bare = in_a_bare_loop(library, vector_set.queries, mode) if bare_first else 0.0
    ours, bookkeeping = by_the_harness(index, vector_set, mode)
    return Round(ours, bare or in_a_bare_loop(library, vector_set.queries, mode), bookkeeping)


def case(index: Index, vector_set: VectorSet, mode: str) -> list[Verdict]:
    """Print the lines of one index in one mode."""
    one_round(index, vector_set, mode, bare_first=True)  # first calls
    costs = []

    def pair(turn: int) -> paired.Pair:
        one = one_round(index, vector_set, mode, bare_first=bool(turn % 2))
        costs.append(one.bookkeeping)
        return one.ours * 1e3, one.bare * 1e3

    ratio = paired.by_rounds(f"harness.{index.name}.{mode}.qps", pair, at_least=AT_LEAST[mode], rounds=ROUNDS)
    return [ratio, cheap(f"{index.name}.{mode}", costs)]


def case_mapped(index: Index, vector_set: VectorSet, mode: str) -> Verdict:
    """The bookkeeping where the gallery's rows, which true distances are computed with, lie in a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gallery.fvecs"
        formats.write(path, vector_set.gallery)
        mapped = replace(vector_set, gallery=formats.read(path))
        costs = [by_the_harness(index, mapped, mode)[1] for _ in range(ROUNDS + 1)]
    return cheap(f"{index.name}.{mode}.mapped", costs[1:])


def cheap(name: str, costs: list[float]) -> Verdict:
    """Print the line of a bookkeeping that took so many seconds in each round."""
    cost = verdicts.interval([seconds * 1e6 / QUERIES for seconds in costs])
    verdict = verdicts.judge(cost, at_most=MICROSECONDS_AT_MOST)
    found = {name: round(value, 2) for name, value in zip(("ours", "low", "high"), cost, strict=True)}
    return verdicts.tell(f"harness.{name}.bookkeeping_us", verdict, **found, at_most=MICROSECONDS_AT_MOST)


def main() -> None:
    """Print a line a case and the verdict."""
    measure.WARM_UP = measure.WATCHED = 0  # their queries are neither searches that count nor bookkeeping
    vector_set = made_up()
    told = []
    for name, (build, search) in BUILDS.items():
        if not indexes.installed(name):
            print(f"{name}: {indexes.missing(name)}", file=sys.stderr)
            continue
        index = built(name, build, search, vector_set)
        with threadpool_limits(1):  # as the worker has it around single queries
            index.set_threads(1)
            for mode in AT_LEAST:
                told += case(index, vector_set, mode)
            if name == "faiss_float":
                told += [case_mapped(index, vector_set, mode) for mode in AT_LEAST]
    verdicts.finish(told)


if __name__ == "__main__":
    main()
