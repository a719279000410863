"""Results: one file a measured point, in the layout of ann-benchmarks; one small file a failure.

``<folder>/[<track>/]<dataset>/<k>/<index>[-batch]/<arguments>.hdf5`` with ``times``, ``neighbors`` and ``distances``,
and the attributes that ann-benchmarks' own plotting tools read (https://github.com/erikbern/ann-benchmarks,
results.py); every run's times, the scores and what theirs lack stand beside them. ``<arguments>.failed.json`` says why
a point is missing.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from glob import escape
from pathlib import Path

import h5py
import numpy as np

from ann_bench.results import intervals
from ann_bench.results.point import MODES as MODES
from ann_bench.results.point import Point as Point
from ann_bench.results.point import recall_name as recall_name
from datasets.errors import InputError
from datasets.files.whole import beside


@dataclass(frozen=True, eq=False)
class Result:
    """A measured point.

    seconds : of every run, (runs,): the whole search of all queries
    times : (Q,) seconds a query in the best run; in batch mode the mean for every query
    neighbors, distances : (Q, k), distances as the harness recomputed them, -1 and infinity where there are none
    scores : "k-recall@10", "k-recall@10 by id", "1-recall@1", "distance ratio" and so on -> value
    facts : everything else about it: gallery, queries, dimension, true_neighbors (whose they are), build_seconds,
        index_bytes, build_peak_bytes, search_peak_bytes, build_threads, cpu, versions, measured ...
    series : name -> array, what a track measured over time or over queries besides
    """

    point: Point
    seconds: np.ndarray
    times: np.ndarray
    neighbors: np.ndarray
    distances: np.ndarray
    scores: Mapping[str, float]
    facts: Mapping[str, object] = field(default_factory=dict)
    series: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def qps(self) -> float:
        """Queries a second in the best run."""
        return len(self.times) / float(self.seconds.min())

    @property
    def told(self) -> str:
        """In a few words: "k-recall@10 0.9261, 18,345 QPS"."""
        name = recall_name(self.point.k)
        return f"{name} {self.scores[name]:.4f}, {self.qps:,.0f} QPS"

    @property
    def row(self) -> dict[str, object]:
        """Everything but the arrays, flat: for tables, plots and CSV.

        The point's fields (search as "nprobe=8"), qps, the scores, the facts, the ends of its ``intervals``: qps_low,
        qps_high, recall_low, recall_high; and of single queries, which alone have times of their own, p50, p95 and p99
        in milliseconds.
        """
        point = asdict(self.point) | {"search": " ".join(f"{n}={v}" for n, v in self.point.search.items())}
        late = np.percentile(self.times, (50, 95, 99)) * 1e3 if self.point.mode == "single" else ()
        named = {name: float(value) for name, value in zip(("p50", "p95", "p99"), late, strict=False)}
        return {**point, "qps": self.qps, **self._ends, **named, **self.scores, **self.facts}

    @property
    def _ends(self) -> dict[str, float]:
        """Of both intervals; that of a recall that was measured before it had one is the recall alone."""
        name = recall_name(self.point.k)
        recall = self.scores.get(name)
        low, high = (self.scores.get(f"{name} {end}", recall) for end in ("low", "high"))
        known = {} if recall is None else {"recall_low": low, "recall_high": high}
        return {**dict(zip(("qps_low", "qps_high"), self._speeds, strict=True)), **known}

    @property
    def _speeds(self) -> tuple[float, float]:
        return intervals.of_runs(self.seconds, len(self.times))


@dataclass(frozen=True)
class Failure:
    """Why a point is missing; ``point.mode`` is of no meaning where the build failed."""

    point: Point
    stage: str
    reason: str


def write(folder: Path, result: Result) -> Path:
    """Saves a result, whole or not at all, and removes a failure and single runs of the same point."""
    path = result.point.path(folder)
    write_to(path, result)
    failed(path).unlink(missing_ok=True)
    partial(path).unlink(missing_ok=True)
    return path


def write_to(path: Path, result: Result) -> None:
    """Saves a result, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with beside(path) as part, h5py.File(part, "w") as file:
        file.attrs.update(_attributes(result))
        file["times"], file["neighbors"] = result.times, result.neighbors
        file["distances"] = result.distances / _unit(result.point, result.facts)
        file["run_seconds"] = result.seconds
        file.create_group("scores").attrs.update(dict(result.scores))
        for name, values in result.series.items():
            file[f"series/{name}"] = values


def _unit(point: Point, facts: Mapping[str, object]) -> np.float32:
    """What a distance in a file counts: ann-benchmarks has the share of differing bits, not their number."""
    return np.float32(facts["dimension"] if point.metric == "hamming" else 1)


def _attributes(result: Result) -> dict[str, object]:
    point, facts = result.point, dict(result.facts)
    theirs = {
        "algo": point.index,
        "name": f"{point.index} {point.title}",
        "distance": point.metric,
        "count": point.k,
        "dataset": point.data,
        "run_count": len(result.seconds),
        "best_search_time": float(result.seconds.min()) / len(result.times),
        "candidates": float((result.neighbors >= 0).sum(axis=1).mean()),
        "expect_extra": False,
        "batch_mode": point.mode == "batch",
        "build_time": float(facts.get("build_seconds", 0.0)),
        "index_size": float(facts.get("index_bytes", 0)) / 1024,  # kB
    }
    return theirs | {"point": json.dumps(asdict(point)), "facts": json.dumps(facts)}


def write_failure(folder: Path, failure: Failure) -> Path:
    """Notes a failure, in place of a result of the same point."""
    measured = failure.point.path(folder)
    path = failed(measured)
    path.parent.mkdir(parents=True, exist_ok=True)
    with beside(path) as part:
        part.write_text(json.dumps(asdict(failure), indent=1))
    measured.unlink(missing_ok=True)
    partial(measured).unlink(missing_ok=True)
    return path


def failed(path: Path) -> Path:
    """Where a failure is noted of the point whose result belongs to ``path``."""
    return path.with_suffix(".failed.json")


def partial(path: Path) -> Path:
    """Where those runs are that were measured so far, of the point whose result belongs to ``path`` (``rounds``)."""
    return path.with_suffix(".partial")


def read(path: Path) -> Result:
    """One result; raises InputError naming a file that is none."""
    try:
        with h5py.File(path, "r") as file:
            arrays = {name: file[name][:] for name in ("times", "neighbors", "distances")}
            scores = {name: float(value) for name, value in file["scores"].attrs.items()}
            point = Point(**json.loads(file.attrs["point"]))
            facts = json.loads(file.attrs["facts"])
            arrays["distances"] *= _unit(point, facts)
            series = {name: values[:] for name, values in file.get("series", {}).items()}
            return Result(point, file["run_seconds"][:], **arrays, scores=scores, facts=facts, series=series)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: not a result of ann_bench, or cut short; remove it and run again") from error


def read_all(folder: Path, *, data: str = "", k: int = 0) -> list[Result]:
    """All results of a folder, or of one dataset or k in it, in the order of their paths."""
    return [read(path) for path in _files(folder, data, k, "*.hdf5")]


def read_failures(folder: Path, *, data: str = "", k: int = 0) -> list[Failure]:
    """All failures likewise."""
    return [_read_failure(path) for path in _files(folder, data, k, "*.failed.json")]


def _read_failure(path: Path) -> Failure:
    try:
        note = json.loads(path.read_text())
        return Failure(Point(**note["point"]), note["stage"], note["reason"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: not a failure that ann_bench noted, or cut short; remove it") from error


def _files(folder: Path, data: str, k: int, pattern: str) -> Iterator[Path]:
    return iter(sorted(folder.glob(f"{escape(data) or '*'}/{k or '*'}/*/{pattern}")))
