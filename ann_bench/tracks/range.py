"""range: all rows within a radius, by a library's range search, and by more and more neighbors."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ann_bench.drawing import fronts
from ann_bench.indexes.base import Index
from ann_bench.measuring import measure
from ann_bench.ranges import asking, scoring
from ann_bench.results import points
from ann_bench.results.point import recall_name
from ann_bench.results.points import Row
from ann_bench.results.results import Point, Result
from ann_bench.tracks import base
from ann_bench.tracks.base import Case, TrackFlags
from datasets.errors import InputError
from datasets.files.whole import own_beside
from datasets.truths import within
from datasets.truths.range_file import PairsWithin
from datasets.vectors import rows as vector_rows
from datasets.vectors.base import VectorSet

_ROOM, _TIMES = 1_000_000, 20  # pairs that an index may always give, and of true ones the multiple


class Track(base.Track):
    """All rows within each radius; k, which is of no meaning here, is 0."""

    modes: ClassVar[tuple[str, ...]] = ("single", "batch")

    def __init__(self, flags: TrackFlags, vector_set: VectorSet, k: int, *, cache: Path, seed: int = 0) -> None:
        super().__init__(flags, vector_set, 0, cache=cache, seed=seed)
        self.radii = [self._radius(text.strip()) for text in flags.radius.split(",")]
        self.truth_file = Path(flags.range_truth) if flags.range_truth else None
        self._of_others: PairsWithin | None = None  # of the file, which is held against the vectors once
        if self.truth_file and not self.truth_file.is_file():
            raise InputError(f"--range-truth={self.truth_file}: there is no such file")
        if self.truth_file and len(self.radii) > 1:
            raise InputError(f"--range-truth={self.truth_file}: is of one radius; name one --radius")

    def _radius(self, text: str) -> float:
        kind, _, number = text.rpartition(":")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if kind not in ("", "mean") or not math.isfinite(value):
            raise InputError(f"--radius={text}: must be a number, or mean:20 for 20 neighbors a query on average")
        if not kind and value < 0 and self.vector_set.metric != "inner_product":
            raise InputError(f"--radius={text}: must be at least 0")
        return self._of_mean(value) if kind else value

    def _of_mean(self, mean: float) -> float:
        """The radius with so many neighbors a query, found once."""
        path = self.cache / f"{self.vector_set.fingerprint()}-mean-{mean:g}.json"
        if not path.is_file():
            found = within.radius_of_mean(self.vector_set, mean)
            path.parent.mkdir(parents=True, exist_ok=True)
            with own_beside(path) as part:
                part.write_text(json.dumps(found))
        return json.loads(path.read_text())

    @cached_property
    def cases(self) -> Sequence[Case]:
        return [Case(f"within {radius:g}", mark=f"{radius!r}", facts={"radius": radius}) for radius in self.radii]

    @property
    def mark(self) -> str:
        return hashlib.sha256(self.truth_file.read_bytes()).hexdigest()[:8] + " " if self.truth_file else ""

    def prepare(self) -> None:
        for radius in self.radii:
            if not len(self.true(radius).ids):
                near = within.radius_of_mean(self.vector_set, 1)
                raise InputError(
                    f"--radius={radius:g}: no query has a row within it; within {near:g} one has one on average"
                )

    def true(self, radius: float) -> PairsWithin:
        """All pairs within a radius."""
        if self.truth_file:
            self._of_others = self._of_others or within.of_others(self.vector_set, radius, self.truth_file)
            return self._of_others
        return within.true_pairs(self.vector_set, radius, cache=self.cache)

    def ways(self, index: Index) -> Sequence[str]:
        return (asking.NATIVE, asking.BY_NEIGHBORS) if index.ranges else (asking.BY_NEIGHBORS,)

    def measure(self, index: Index, point: Point, facts: Mapping[str, Any], *, runs: int) -> Result:
        case = next(case for case in self.cases if case.name == point.case)
        radius, vector_set = case.facts["radius"], self.vector_set
        rows, count = len(vector_set.gallery), len(vector_set.queries)
        true = self.true(radius)
        find = (
            asking.native(index, radius)
            if point.way == asking.NATIVE
            else asking.by_neighbors(index, vector_set, radius, most=asking.MOST)
        )
        ask = asking.Asked(find, most=(runs + 2) * (_ROOM + _TIMES * len(true.ids)))
        queries = vector_rows.prepared(vector_set.queries, vector_set.metric)
        calls = [(queries[row : row + 1],) for row in range(count)] if point.mode == "single" else [(queries,)]
        timed = measure.best_of(ask, calls, count, runs=runs, threads=point.threads)
        query, row = scoring.together(timed.best.answers, count, rows)
        about = {**facts, **case.facts, **scoring.facts(true)}
        if point.way == asking.BY_NEIGHBORS:
            left = asking.given_up(index, np.bincount(query, minlength=count), rows, most=asking.MOST)
            about["given up"] = float(left.mean())
        other = row != vector_set.own_rows[query]
        query, row = query[other], row[other]
        hits = scoring.right(query, row, true, rows)
        found, right = np.bincount(query, minlength=count), np.bincount(query[hits], minlength=count)
        about |= {"pairs given": len(row)}
        return Result(
            point,
            timed.seconds,
            timed.times,
            neighbors=np.zeros((count, 0), np.int64),
            distances=np.zeros((count, 0), np.float32),
            scores=scoring.scores(found, right, true.counts),
            facts={**about, "search_peak_bytes": timed.peak, "cores_busy": timed.cores, "pinned_to": timed.core},
            series={"found": found, "right": right, "true": true.counts},
        )

    def told(self, result: Result) -> str:
        pairs, precision = result.scores[recall_name(0)], result.scores["precision"]
        words = f"{pairs:.4f} of the pairs, precision {precision:.4f}, {result.qps:,.0f} QPS"
        left = result.facts.get("given up")
        return words + (f", {left:.1%} of the queries were given up at {asking.MOST:,} neighbors" if left else "")

    @classmethod
    def narrowed(cls, row: Row) -> Mapping[str, str]:
        return {"radius": repr(row["radius"])}

    @classmethod
    def columns(cls) -> Mapping[str, str]:
        return {
            "precision": "precision",
            "AP": "average precision",
            "recall/query": "recall a query",
            "pairs/query": "pairs a query",
            "given up": "given up",
        }

    @classmethod
    def draw(cls, rows: Sequence[Row], folder: Path) -> list[Path]:
        return fronts.draw(
            rows,
            folder,
            parts=points.by_case(rows),
            title=lambda row: f"All {row['case']}, {row['pairs a query']:.3g} a query",
            dashed=lambda row: row["way"] == asking.BY_NEIGHBORS,
            kinds=(asking.NATIVE, asking.BY_NEIGHBORS),
        )
