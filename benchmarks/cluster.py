"""Two local workers against two threads of one process, exact search and extraction, and what a task costs.

python benchmarks/cluster.py           10,000 queries among 250,000 x 128, 512 pictures of 224 px; some minutes
python benchmarks/cluster.py --quick   a part of the work, to see that it runs

Prints one JSON line a case and a verdict last; exits with code 1 where a bar is missed. Vectors and pictures are made
up and written to a temporary folder. The workers are started, and have opened the network, before the clock starts.
What a task costs is the time between two tasks of a worker that do nothing.
"""

import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import paired
import verdicts
from verdicts import Verdict

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import engines

from datasets.cluster.connect import connect
from datasets.cluster.pool import Here, Pool
from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped
from datasets.sources.vector_source import Source
from datasets.stored import blocks
from embedding.extraction import clustered, run
from embedding.extraction.begin import begin

QUICK = "--quick" in sys.argv
ROWS, QUERIES, DIMENSIONS, K = (50_000 if QUICK else 250_000), (4_000 if QUICK else 10_000), 128, 100
PICTURES, PIECE, BATCH, SIDE = (64 if QUICK else 512), 32, 8, 224
MODEL = "efficientnet_lite0"
WORKERS, TASKS, ROUNDS = 2, 50, 7  # tasks of a worker in a round
AT_LEAST = 0.9  # of the speed of two threads
MS_AT_MOST = 50


def searches(folder: Path, pool: Pool) -> dict[str, Callable[[], None]]:
    """Ours by the pool, the peer's by threads; each call in a folder of its own, since what is there is not redone."""
    rng, number = np.random.default_rng(0), itertools.count()
    for name, count in (("gallery", ROWS), ("queries", QUERIES)):
        np.save(folder / f"{name}.npy", rng.standard_normal((count, DIMENSIONS), np.float32))
    source = Source(data=str(folder / "gallery.npy"), queries=folder / "queries.npy")
    vector_set = source.load()

    def search(pool: Pool, load: Callable | None) -> None:
        blocks.search(blocks.job(vector_set, K, folder / str(next(number)), load), pool, progress=False)

    return {"ours": partial(search, pool, source.load), "peer": partial(search, Here(), None)}


def extractions(folder: Path, pool: Pool) -> dict[str, Callable[[], None]]:
    """The same of extraction: pictures of colours that wander, as JPEG files."""
    rng, number, rows = np.random.default_rng(0), itertools.count(), np.arange(PICTURES)
    paths = [str(folder / f"{row}.jpg") for row in rows]
    for path in paths:
        small = rng.integers(0, 256, (7, 7, 3), np.uint8)
        cv2.imwrite(path, cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC))
    images = ImageSet("made up", paths, 0 * rows, ("image",), rows[:0], rows, rows)
    opener = engines.of_trunk(engines.trunk(model=MODEL, use_pretrained=MODEL, image_size=str(SIDE)))

    def extract(by: Callable) -> None:
        how = {"size": (SIDE, SIDE), "resize": "crop", "batch_size": BATCH, "piece": PIECE}
        by(begin(folder / f"{next(number)}.pieces", images, rows, opener, **how), Skipped(PICTURES))

    return {"ours": partial(extract, partial(clustered.by, pool)), "peer": partial(extract, run.here)}


def task_ms(pool: Pool) -> float:
    """Milliseconds between two tasks of a worker: the median of rounds of many tasks that do nothing."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        list(pool.run(abs, range(WORKERS * TASKS)))
        times.append((time.perf_counter() - start) * 1e3 / TASKS)
    return statistics.median(times)


def main() -> None:
    """Print a line for each, and the verdict."""
    with tempfile.TemporaryDirectory() as name, connect(f"local:{WORKERS}") as pool:
        found: list[Verdict] = [verdicts.figure("cluster.task_ms", round(task_ms(pool), 2), at_most=MS_AT_MOST)]
        how = {"at_least": AT_LEAST, "warm_up": True, "sample_ms": 1}
        for case, make, size in (
            ("cluster.exact_search", searches, f"{QUERIES} queries among {ROWS}x{DIMENSIONS}, k {K}"),
            ("cluster.extraction", extractions, f"{PICTURES} JPEG of {SIDE} px, {MODEL}"),
        ):
            folder = Path(name) / case
            folder.mkdir()
            found.append(paired.compare(case, **make(folder, pool), **how, size=size))
    verdicts.finish(found)


if __name__ == "__main__":
    main()
