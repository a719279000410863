"""foreign: queries of another kind than the gallery, sentences asking for pictures, beside some of its own kind."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from ann_bench.drawing import fronts
from ann_bench.indexes.base import Index
from ann_bench.measuring import measure, metrics
from ann_bench.ranges import kinds
from ann_bench.results import points
from ann_bench.results.points import Row
from ann_bench.results.results import Point, Result
from ann_bench.tracks import base
from ann_bench.tracks.base import Case, TrackFlags
from datasets.errors import InputError
from datasets.stored import truth
from datasets.vectors import rows as vector_rows
from datasets.vectors.base import VectorSet

FOREIGN, NEAR = "foreign", "of the gallery"


class Track(base.Track):
    """The set's own queries, and queries of the gallery's kind, with the same index and the same parameters.

    No query lies in the index: rows of the gallery that are to ask are held out, for both kinds of queries alike.
    """

    modes: ClassVar[tuple[str, ...]] = ("single", "batch")
    of_nearest: ClassVar[bool] = True

    def __init__(self, flags: TrackFlags, vector_set: VectorSet, k: int, *, cache: Path, seed: int = 0) -> None:
        super().__init__(flags, vector_set, k, cache=cache, seed=seed)
        if (vector_set.own_rows >= 0).any():
            raise InputError(
                f"--track=foreign: the queries of {vector_set.name} are rows of its gallery; name a file of others by"
                " --queries, or take the vectors of a run of pictures and sentences"
            )
        if flags.near_queries is None:
            mine, near = kinds.held_out(vector_set, folder=cache / "held-out", seed=seed)
        else:
            mine, near = vector_set, self._named(flags)
        self.sets = {FOREIGN: mine, NEAR: near}

    def _named(self, flags: TrackFlags) -> VectorSet:
        return kinds.of_file(self.vector_set, Path(flags.near_queries))

    @property
    def indexed(self) -> VectorSet:
        return self.sets[FOREIGN]

    @property
    def held(self) -> int:
        """Rows of the gallery that are held out."""
        return len(self.vector_set.gallery) - self.count

    @property
    def mark(self) -> str:
        return f"without {self.held}" if self.held else ""

    def of_own(self, index: Index) -> bool:
        return bool(self.held)

    @cached_property
    def cases(self) -> Sequence[Case]:
        return [Case(name, mark=one.fingerprint()) for name, one in self.sets.items()]

    @property
    def sought(self) -> Sequence[Case]:
        return self.cases[:1]

    @cached_property
    def true(self) -> Mapping[str, VectorSet]:
        """Both sets of queries with their true neighbors."""
        return {name: truth.with_truth(one, self.k, cache=self.cache) for name, one in self.sets.items()}

    def prepare(self) -> None:
        _ = self.true

    @cached_property
    def _distances(self) -> Mapping[str, Mapping[str, float]]:
        near = self.true[NEAR]
        return {name: kinds.facts(one, near) for name, one in self.true.items()}

    def measure(self, index: Index, point: Point, facts: Mapping[str, Any], *, runs: int) -> Result:
        asked = self.true[point.case]
        queries = vector_rows.prepared(asked.queries, asked.metric)
        mode = measure.single if point.mode == "single" else measure.batch
        timed = mode(index, asked, queries, point.k, runs=runs, threads=point.threads)
        about = {
            "held_out": self.held,
            "queries": len(queries),
            "search_peak_bytes": timed.peak,
            "cores_busy": timed.cores,
        }
        return Result(
            point,
            timed.seconds,
            timed.times,
            timed.neighbors,
            timed.distances,
            metrics.scores(asked, timed.neighbors, timed.distances),
            {**facts, **self._distances[point.case], **about, "pinned_to": timed.core},
        )

    @classmethod
    def related(cls, rows: Sequence[Row]) -> Sequence[Row]:
        """Each foreign row with its recall as a share of that of queries of the gallery's kind, all else the same."""
        near = {_which(row): row for row in rows if row["case"] == NEAR}
        return [
            {**row, "share of recall": points.recall(row) / recall}
            if row["case"] == FOREIGN and (mate := near.get(_which(row))) and (recall := points.recall(mate))
            else row
            for row in rows
        ]

    @classmethod
    def columns(cls) -> Mapping[str, str]:
        return {
            "of its own": "share of recall",
            "nearest": kinds.NEAREST,
            "times as far": kinds.TIMES,
            "outside": kinds.OUTSIDE,
            "offset": kinds.OFFSET,
        }

    @classmethod
    def draw(cls, rows: Sequence[Row], folder: Path) -> list[Path]:
        return fronts.draw(
            rows,
            folder,
            parts={"": rows},
            title=lambda row: "Queries of another kind beside the gallery's own",
            dashed=lambda row: row["case"] == NEAR,
            kinds=(FOREIGN, NEAR),
        )


def _which(row: Row) -> tuple[object, ...]:
    """What two rows share that differ in their queries only."""
    return tuple(row[name] for name in ("index", "build", "search", "mode", "threads", "device", "seed"))
