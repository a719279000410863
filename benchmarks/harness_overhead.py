"""What the harness costs: its QPS beside a bare loop over the library, and its bookkeeping outside the clock.

python benchmarks/harness_overhead.py

Both search the same graph in one process, in turn, round by round. Prints one JSON line a case and a verdict last;
exits with code 1 where a bar is missed.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import faiss
import hnswlib
import numpy as np
import paired

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ann_bench import indexes, measure, metrics
from ann_bench.indexes.base import Index
from datasets.vectors.base import VectorSet, with_neighbors

GALLERY, QUERIES, DIMENSIONS, K, ROUNDS = 50_000, 5_000, 128, 10, 9
BUILDS = {"faiss_float": ("HNSW32", {"efSearch": 64}), "hnswlib": ("M=16,ef_construction=200", {"ef": 64})}
AT_LEAST = {"single": 0.97, "batch": 0.99}
MICROSECONDS_AT_MOST = 2.0

Library = Callable[[np.ndarray, int], object]


@dataclass(frozen=True)
class Round:
    """Seconds of one search of all queries: by the harness's clock, in the bare loop, and of the bookkeeping."""

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
    index.set_threads(1)
    return index


def library_of(index: Index, folder: Path, search: dict[str, int]) -> Library:
    """The same graph, without anything of ours around it."""
    index.save(folder / "graph")
    if index.name == "hnswlib":
        graph = hnswlib.Index("l2", DIMENSIONS)
        graph.load_index(str(folder / "graph"))
        graph.set_num_threads(1)
        graph.set_ef(search["ef"])
        return graph.knn_query
    graph = faiss.read_index(str(folder / "graph"))
    faiss.ParameterSpace().set_index_parameters(graph, ",".join(f"{name}={value}" for name, value in search.items()))
    return graph.search


def one_round(index: Index, library: Library, vector_set: VectorSet, mode: str) -> Round:
    """The harness and then the bare loop."""
    queries = vector_set.queries
    timed_by_us = measure.single if mode == "single" else measure.batch
    start = time.perf_counter()
    timed = timed_by_us(index, vector_set, queries, K, runs=1)
    metrics.scores(vector_set, timed.neighbors, timed.distances)
    whole = time.perf_counter() - start
    start = time.perf_counter()
    if mode == "single":
        for row in range(len(queries)):
            library(queries[row : row + 1], K)
    else:
        library(queries, K)
    bare = time.perf_counter() - start
    return Round(float(timed.seconds[0]), bare, whole - float(timed.seconds[0]))


def case(index: Index, library: Library, vector_set: VectorSet, mode: str) -> list[bool]:
    """Print the lines of one index in one mode; which bars are kept."""
    one_round(index, library, vector_set, mode)  # first calls
    rounds = [one_round(index, library, vector_set, mode) for _ in range(ROUNDS)]
    ratios = [one.bare / one.ours for one in rounds]
    bookkeeping = statistics.median(one.bookkeeping for one in rounds) * 1e6 / QUERIES
    name = f"harness.{index.name}.{mode}"
    ratio = {
        "case": f"{name}.qps",
        "ours_ms": round(statistics.median(one.ours for one in rounds) * 1e3, 1),
        "peer_ms": round(statistics.median(one.bare for one in rounds) * 1e3, 1),
        "ratio": round(statistics.median(ratios), 3),
        "ratio_min": round(min(ratios), 3),
        "ratio_max": round(max(ratios), 3),
        "at_least": AT_LEAST[mode],
    }
    cost = {"case": f"{name}.bookkeeping_us", "ours": round(bookkeeping, 2), "at_most": MICROSECONDS_AT_MOST}
    for line in (ratio, cost):
        print(json.dumps(line), flush=True)
    return [ratio["ratio"] >= ratio["at_least"], bookkeeping <= MICROSECONDS_AT_MOST]


def main() -> None:
    """Print a line a case and the verdict."""
    measure.WARM_UP = 0  # its queries are neither searches that count nor bookkeeping
    vector_set = made_up()
    kept = []
    for name, (build, search) in BUILDS.items():
        index = built(name, build, search, vector_set)
        with tempfile.TemporaryDirectory() as folder:
            library = library_of(index, Path(folder), search)
        faiss.omp_set_num_threads(1)
        for mode in AT_LEAST:
            kept += case(index, library, vector_set, mode)
    paired.finish(kept)


if __name__ == "__main__":
    main()
