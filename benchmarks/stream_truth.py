"""Exact truth of a stream of 100 steps against one exact search over all of its rows.

python benchmarks/stream_truth.py           250,000 rows of 128 dimensions, 500 queries, 10 nearest; some two minutes
python benchmarks/stream_truth.py --whole   1M rows and 1,000 queries, as the bar was set for; some ten minutes
python benchmarks/stream_truth.py --quick   a part of the work, to see that it runs

Prints one JSON line a stream and a verdict last; exits with code 1 where a bar is missed. Streams are made ones of 100
steps or a few more: a window, and rows that expire, in an order of chance. The vectors are made up, of normal numbers.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import faiss
import numpy as np
import paired
import verdicts

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from datasets.runbooks import made
from datasets.runbooks.history import follow
from datasets.truths import streamed
from datasets.vectors import exact
from datasets.vectors.base import VectorSet

COUNT, QUERIES = (250_000, 500)
if "--whole" in sys.argv:
    COUNT, QUERIES = (1_000_000, 1000)
if "--quick" in sys.argv:
    COUNT, QUERIES = (50_000, 100)
DIMENSIONS, K = 128, 10
STREAMS = {"window": "window:0.5,steps=33", "expiry": "expiry:0.3,steps=20"}
TIMES_AT_MOST = 3.0


def made_up() -> VectorSet:
    """Rows that no two of are alike."""
    rng = np.random.default_rng(0)
    gallery, queries = (rng.standard_normal((count, DIMENSIONS), np.float32) for count in (COUNT, QUERIES))
    return VectorSet("made up", "euclidean", gallery, queries)


def main() -> None:
    """Print a line a stream, and the verdict."""
    vector_set, found = made_up(), []
    for name, text in STREAMS.items():
        history = follow(made.make(text, vector_set, seed=0), COUNT, name=vector_set.name)
        with tempfile.TemporaryDirectory() as cache:
            truth = streamed.of(vector_set, history, K, cache=Path(cache))

            def prepare(truth: streamed.Streamed = truth) -> None:
                shutil.rmtree(truth.folder, ignore_errors=True)
                truth.prepare(progress=False)

            def search() -> None:
                exact.search(vector_set.queries, vector_set.gallery, K)

            size = f"{QUERIES} queries, {COUNT}x{DIMENSIONS}, {len(history.steps)} steps, k {K}"
            how = {"at_least": round(1 / TIMES_AT_MOST, 4), "warm_up": False}
            facts = {"size": size, "searches": len(history.searches), "threads": faiss.omp_get_max_threads()}
            found.append(paired.compare(f"stream_truth.{name}_against_one_search", prepare, search, **how, **facts))
    verdicts.finish(found)


if __name__ == "__main__":
    main()
