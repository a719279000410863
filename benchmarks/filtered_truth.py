"""What it takes to find the true neighbors under a filter, beside the same search without one.

python benchmarks/filtered_truth.py

Both find the 10 nearest of 2,048 queries among 150,000 rows as ann_bench does, in files that it could go on from; what
passes is found within the clock. One condition for all queries, 32 of them, or one for each, at shares of the rows from
all to a thousandth. Prints one JSON line a case and a verdict last; exits with code 1 where a bar is missed.
"""

import sys
import tempfile
from pathlib import Path

import faiss
import numpy as np
import paired
import verdicts
from verdicts import Verdict

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from datasets.attributes.condition import Between
from datasets.attributes.filter import Filter
from datasets.attributes.passing import Passing
from datasets.attributes.table import Attributes
from datasets.cluster.pool import Here
from datasets.stored import blocks
from datasets.truths import filtered
from datasets.vectors.base import VectorSet

GALLERY, QUERIES, DIMENSIONS, K = 150_000, 2_048, 128, 10
CONDITIONS = {"one": 1, "few": 32, "each": QUERIES}
SHARES = (1.0, 0.5, 0.1, 0.03, 0.01, 0.001)
TIMES_AT_MOST = 1.3


def made_up() -> tuple[VectorSet, Attributes]:
    """Normal vectors, and a whole number of each row that is of no other row."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(GALLERY + QUERIES, DIMENSIONS)).astype(np.float32)
    return (
        VectorSet("made up", "euclidean", rows[:GALLERY], rows[GALLERY:]),
        Attributes({"number": rng.permutation(GALLERY)}),
    )


def a_filter(count: int, share: float) -> Filter:
    """So many conditions, each of which this share of the rows fulfils; queries take turns."""
    starts = np.linspace(0, GALLERY * (1 - share), count).astype(int)
    conditions = (Between("number", int(start), int(start + share * GALLERY), below=True) for start in starts)
    return Filter("made", tuple(conditions), np.arange(QUERIES) % count)


def without(vector_set: VectorSet) -> None:
    """The search without a filter."""
    with tempfile.TemporaryDirectory() as folder:
        blocks.search(blocks.job(vector_set, K, Path(folder)), Here(), progress=False)


def under(asked: Filter, vector_set: VectorSet, attributes: Attributes) -> None:
    """The search under one."""
    with tempfile.TemporaryDirectory() as folder:
        filtered.search(vector_set, K, asked, Passing(attributes), folder=Path(folder), progress=False)


def main() -> None:
    """Print a line a case and the verdict."""
    vector_set, attributes = made_up()
    told: list[Verdict] = []
    for name, count in CONDITIONS.items():
        for share in SHARES:
            asked = a_filter(count, share)
            told.append(
                paired.compare(
                    f"filtered_truth.{name}.{share:g}",
                    lambda asked=asked: under(asked, vector_set, attributes),
                    lambda: without(vector_set),
                    at_least=1 / TIMES_AT_MOST,
                    threads=faiss.omp_get_max_threads(),
                )
            )
    verdicts.finish(told)


if __name__ == "__main__":
    main()
