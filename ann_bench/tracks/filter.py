"""filter: the k nearest among the rows that fulfil a condition, by a library's own means and by throwing away."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from ann_bench.drawing import fronts
from ann_bench.filters import asked, asking, made, scoring, selectivity
from ann_bench.indexes.base import Index
from ann_bench.results import points
from ann_bench.results.points import Row
from ann_bench.results.results import Point, Result
from ann_bench.tracks import base
from ann_bench.tracks.base import Case, TrackFlags
from datasets.attributes import words
from datasets.attributes.filter import Filter
from datasets.attributes.passing import Passing
from datasets.errors import InputError
from datasets.truths import filtered, given
from datasets.vectors.base import VectorSet


class Track(base.Track):
    """A case a filter; native where an index can, and post-filtered by all, which is what natives are held against."""

    modes: ClassVar[tuple[str, ...]] = ("single", "batch")

    def __init__(self, flags: TrackFlags, vector_set: VectorSet, k: int, *, cache: Path, seed: int = 0) -> None:
        super().__init__(flags, vector_set, k, cache=cache, seed=seed)
        gallery, queries = asked.attributes(flags.attributes, flags.query_attributes, vector_set)
        self.attributes, self.filters = asked.read(flags.filter, gallery, queries, vector_set, seed)
        self.passing = Passing(self.attributes)
        if "truth" in vector_set.attrs and len(self.filters) > 1:
            raise InputError(f"--truth={vector_set.attrs['truth']}: is of one filter; name that one alone by --filter")

    @cached_property
    def cases(self) -> Sequence[Case]:
        return [
            Case(
                one.name,
                one.mark,
                {"filter": one.text} | scoring.facts(one, self.passing, self.k, self.vector_set.own_rows),
            )
            for one in self.filters
        ]

    @cached_property
    def mark(self) -> str:
        return self.attributes.mark()

    def prepare(self) -> None:
        for case in self.cases:
            if not case.facts["selectivity_max"]:
                raise InputError(f"--filter: of no query any row passes '{case.name}'; there is nothing to find")
        for one in self.filters:
            found = self._with_truth(one)
            if "truth" in self.vector_set.attrs:
                given.check(self.vector_set, found, str(self.vector_set.attrs["truth"]))

    def _with_truth(self, one: Filter) -> VectorSet:
        """The set with the true neighbors under a filter."""
        return filtered.with_truth(self.vector_set, self.k, one, self.passing, cache=self.cache, mark=self.mark)

    def ways(self, index: Index) -> Sequence[str]:
        return (asking.NATIVE, asking.POST) if index.filters else (asking.POST,)

    def of_own(self, index: Index) -> bool:
        return index.filters == "attributes"

    def ready(self, index: Index) -> None:
        if index.filters == "attributes":
            index.know(self.attributes)

    def measure(self, index: Index, point: Point, facts: Mapping[str, Any], *, runs: int) -> Result:
        case, one = next(pair for pair in zip(self.cases, self.filters, strict=True) if pair[0].name == point.case)
        with_truth = self._with_truth(one)
        found = asking.ask(index, self.vector_set, one, self.passing, point, runs=runs)
        about = {**facts, **case.facts, "true_neighbors": "computed", "search_peak_bytes": found.peak}
        about |= {"over_a_pipe": point.way == asking.POST and hasattr(index.find, "run")}
        about |= {"filter_ms": found.filtering * 1e3 / len(one.conditions), "errors": len(found.errors)}
        about |= {"cores_busy": found.busy / found.times.sum(), "pinned_to": found.core}
        return Result(
            point,
            found.seconds,
            found.times,
            found.neighbors,
            found.distances,
            scoring.scores(with_truth, found.neighbors, found.distances),
            about | ({"error": found.errors[0]} if found.errors else {}),
        )

    def told(self, result: Result) -> str:
        empty, errors = result.scores["empty"], result.facts["errors"]
        words = f", {empty:.1%} of the places empty" if empty else ""
        words += f", {errors} queries failed: {result.facts['error']}" if errors else ""
        return result.told + words

    @classmethod
    def narrowed(cls, row: Row) -> Mapping[str, str]:
        """The filter of the case; all of them where it has a name or a text that no flag can bear."""
        name, text = row["case"], row.get("filter", "")
        for one in (text, f"{name}: {text}"):
            if [pair[0] for pair in words.several(one)] == [name] or one.partition(":")[0] in made.KINDS:
                return {"filter": one}
        return {}

    @classmethod
    def columns(cls) -> Mapping[str, str]:
        return {"passing": "selectivity", "empty": "empty", "errors": "errors", "filter ms": "filter_ms"}

    @classmethod
    def draw(cls, rows: Sequence[Row], folder: Path) -> list[Path]:
        numbered = [{**row, "place": place} for place, row in enumerate(rows)]
        return selectivity.draw(numbered, folder) + fronts.draw(
            rows,
            folder,
            parts=points.by_case(rows),
            title=lambda row: f"{row['case']}, {row['selectivity']:.3g} of the rows pass",
            dashed=lambda row: row["way"] == asking.POST,
            kinds=(asking.NATIVE, asking.POST),
        )
