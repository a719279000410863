"""What `ann_bench tune` finds and costs, beside the whole default sweep over all indexes that are installed.

python benchmarks/tune.py [--data photo_sift --queries FILE --recall 0.95 --share 0.2 --mode single --out FOLDER]

Takes as long as the sweep: minutes for 100,000 vectors, so that benchmarks/run.py leaves it out. The sweep runs first;
then tune, in a folder of its own, with so large a share of the sweep's time as its budget. The best point of each is
then measured again, in one process and in alternating order, so that both have the same machine: that is the ratio of
QPS, whose bar is 0.95. The bar of the time is 0.2. Prints one JSON line a case and a verdict last; exits with code 1
where a bar is missed. With --out a sweep that is there is not measured again, and its time is the one noted there.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import paired
import verdicts
from threadpoolctl import threadpool_limits
from verdicts import Verdict

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ann_bench.indexes.base import Index
from ann_bench.measuring import measure
from ann_bench.options import RunOptions
from ann_bench.results import points, results
from ann_bench.results.results import Result
from ann_bench.sweep import builds, run, worker
from ann_bench.tuning import tune
from ann_bench.tuning.options import TuneOptions
from datasets.errors import RunFailed
from datasets.stored import truth
from datasets.vectors import rows
from datasets.vectors.base import VectorSet

QPS_AT_LEAST, TIME_AT_MOST = 0.95, 0.2


def main(words: argparse.Namespace) -> None:
    """Sweep, tune, and hold the best of both against each other."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(words.out or scratch)
        shared = {"data": words.data, "metric": words.metric, "index": words.index}
        shared |= {"queries": Path(words.queries)} if words.queries else {}
        swept = timed(out / "sweep.seconds", lambda: run.main(RunOptions(**shared, out=out / "sweep")))
        name = f"tune-{words.recall:g}"
        asked = {"mode": words.mode, "recall": words.recall, "budget": f"{words.share * swept:.1f}s"}
        try:
            tuned = timed(out / f"{name}.seconds", lambda: tune.main(TuneOptions(**shared, **asked, out=out / name)))
        except RunFailed as error:
            facts = {"sweep_seconds": round(swept), "reason": str(error)}
            verdicts.finish(
                [verdicts.figure(f"QPS, {words.data} at {words.recall:g}", 0.0, at_least=QPS_AT_LEAST, **facts)]
            )
        found = [best(out / folder, words.recall, words.mode) for folder in (name, "sweep")]
        case = f"{words.data} at {words.recall:g}"
        facts = {name: one.point.title for name, one in zip(("tuned", "best"), found, strict=True)}
        facts |= {f"{name}_recall": round(points.recall(one.row), 4) for name, one in zip(facts, found, strict=True)}
        verdict = alternated(f"QPS, {case}", RunOptions(**shared), found, facts)
        about = {"tune_seconds": round(tuned), "sweep_seconds": round(swept)}
        share = verdicts.figure(f"time, {case}", round(tuned / swept, 3), at_most=TIME_AT_MOST, **about)
        verdicts.finish([verdict, share])


def timed(note: Path, call: Callable[[], None]) -> float:
    """The seconds that a call takes; those noted, where it was done before."""
    if note.exists():
        return json.loads(note.read_text())
    start = time.perf_counter()
    call()
    seconds = time.perf_counter() - start
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(seconds))
    return seconds


def best(out: Path, recall: float, mode: str) -> Result:
    """The fastest point of a folder that reaches the recall in a mode."""
    places = [path.parent for path in out.glob("*/10/*/*.hdf5")]
    found = [results.read(path) for place in set(places) for path in place.glob("*.hdf5")]
    found = [one for one in found if one.point.mode == mode and points.recall(one.row) >= recall]
    return max(found, key=lambda one: one.qps)


def alternated(case: str, options: RunOptions, found: list[Result], facts: dict[str, object]) -> Verdict:
    """The QPS of the first beside that of the second, both built anew here and searched in turn."""
    whole = options.load()
    with tempfile.TemporaryDirectory() as cache:
        vector_set = truth.with_truth(whole, 10, cache=Path(cache))
    queries = rows.prepared(vector_set.queries, vector_set.metric)
    made = [built(one, vector_set, options) for one in found]

    def one_round(turn: int) -> paired.Pair:
        order = (0, 1) if turn % 2 else (1, 0)
        took = {place: searched(made[place], found[place], vector_set, queries) for place in order}
        return took[0] * 1e3, took[1] * 1e3

    return paired.by_rounds(case, one_round, at_least=QPS_AT_LEAST, rounds=9, **facts)


def built(one: Result, vector_set: VectorSet, options: RunOptions) -> Index:
    """The index of a point, tuned as it was."""
    index = builds.make(one.point.index, one.point.build, vector_set)
    worker.fill(index, vector_set, options.all_threads(), lambda *_, **__: None, seed=0)
    index.tune(**one.point.search)
    index.set_threads(one.point.threads)
    return index


def searched(index: Index, one: Result, vector_set: VectorSet, queries: np.ndarray) -> float:
    """Seconds of a search of all queries, the best of three."""
    mode = measure.single if one.point.mode == "single" else measure.batch
    with threadpool_limits(one.point.threads):
        timed = mode(index, vector_set, queries, one.point.k, runs=3, threads=one.point.threads)
    return float(timed.seconds.min())


if __name__ == "__main__":
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--data", default="photo_sift")
    reader.add_argument("--queries", default="", help="a file of them, where the gallery's own rows should not ask")
    reader.add_argument("--metric", default="")
    reader.add_argument("--index", default="", help="only these, not all that are installed")
    reader.add_argument("--recall", type=float, default=0.95)
    reader.add_argument("--share", type=float, default=TIME_AT_MOST * 0.95)
    reader.add_argument("--mode", default="single")
    reader.add_argument("--out", default="")
    main(reader.parse_args())
