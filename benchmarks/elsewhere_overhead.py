"""What the bridge to another Python costs: ScaNN's QPS by the harness beside a bare loop in ScaNN's own environment.

python benchmarks/elsewhere_overhead.py

The bare loop searches the library's own object, in the other Python, on one thread; the harness's clock runs there too.
Both in one process, round by round in alternating order. Bookkeeping is all else that the harness does for a query, the
way there and back and recall included. Prints a JSON line a case; exits with code 1 where a bar is missed.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import paired
import verdicts
from harness_overhead import AT_LEAST, DIMENSIONS, GALLERY, ROUNDS, RUNS, K, by_the_harness, cheap, made_up

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ann_bench import indexes
from ann_bench.environments import child
from ann_bench.environments.environment import Environment
from ann_bench.indexes.base import Index
from ann_bench.measuring import measure
from datasets.vectors.base import VectorSet

BUILD, SEARCH = "AH,leaves=224,block=2", {"leaves_to_search": 12, "pre_reorder_num_neighbors": 100}

# In the other Python: the engine's own find by the clock, and a bare loop, best of some runs, in turns.
IN_TURNS = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
import child
child.only_from(sys.argv[2])
import numpy as np
from ann_bench.environments.scann_engine import Engine
from ann_bench.measuring import clock

folder, k, runs, rounds = sys.argv[3], *map(int, sys.argv[4:7])
queries, search = np.load(folder + "/queries.npy"), json.loads(sys.argv[7])
engine = Engine(dim=queries.shape[1], metric="euclidean", count=0, leaves=1, block=2, seed=0)
engine.load(folder + "/index")
engine.set_threads(1)
engine.tune(**search)
library, reordered, leaves = engine._searcher, search["pre_reorder_num_neighbors"], search["leaves_to_search"]
single = [(queries[row : row + 1], k) for row in range(len(queries))]

def bare(mode):
    start = time.perf_counter()
    if mode == "batch":
        library.search_batched(queries, k, reordered, leaves)
    else:
        for row in range(len(queries)):
            library.search(queries[row], k, reordered, leaves)
    return time.perf_counter() - start

def ours(mode):
    return clock.run(engine.find, single if mode == "single" else [(queries, k)]).total

for mode in ("single", "batch"):
    pairs = []
    for turn in range(rounds + 1):
        order = (ours, bare) if turn % 2 else (bare, ours)
        took = {one: min(one(mode) for _ in range(runs)) for one in order}
        pairs.append((took[ours] * 1e3, took[bare] * 1e3))
    print(json.dumps({"mode": mode, "pairs": pairs[1:]}))
"""


def bookkeeping(index: Index, vector_set: VectorSet, mode: str) -> list[float]:
    """Seconds of a run's bookkeeping, in several rounds."""
    costs = [by_the_harness(index, vector_set, mode)[1] for _ in range(ROUNDS + 1)]
    return costs[1:]


def in_turns(folder: Path) -> list[tuple[str, list[paired.Pair]]]:
    """Of each mode the milliseconds of the harness's clock and the bare loop, both in the other Python."""
    folders = [Path(child.__file__).parent, Path(child.__file__).parents[1], folder]
    rounds = ROUNDS * 2 ** (verdicts.LOOKS - 1)  # as many as may be looked at
    words = [*map(str, folders), str(K), str(RUNS), str(rounds), json.dumps(SEARCH)]
    command = [str(Environment("scann").python), "-c", IN_TURNS, *words]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [(line["mode"], line["pairs"]) for line in map(json.loads, lines)]


def main() -> None:
    """Print a line a case and the verdict."""
    measure.WARM_UP, measure.WATCHED = 0, 0.0  # neither searches that count nor bookkeeping
    vector_set, told = made_up(), []
    index = indexes.get("scann").Index(BUILD, dim=DIMENSIONS, metric="euclidean", count=GALLERY)
    index.add(vector_set.gallery)
    index.finish()
    index.set_threads(1)
    index.tune(**SEARCH)
    with tempfile.TemporaryDirectory() as name:
        np.save(Path(name) / "queries.npy", vector_set.queries)
        index.save(Path(name) / "index")
        for mode, pairs in in_turns(Path(name)):
            took = iter(pairs)
            name = f"harness.scann.{mode}.qps"
            told.append(paired.by_rounds(name, lambda _, took=took: next(took), at_least=AT_LEAST[mode], rounds=ROUNDS))
    told += [cheap(f"scann.{mode}", bookkeeping(index, vector_set, mode)) for mode in AT_LEAST]
    verdicts.finish(told)


if __name__ == "__main__":
    main()
