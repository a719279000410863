"""stream: rows come and go, step by step as a runbook says, and all queries are asked again and again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ann_bench import indexes
from ann_bench.indexes.base import Grid, Index
from ann_bench.results.points import Row
from ann_bench.results.results import Point, Result
from ann_bench.streams import pictures, ways
from ann_bench.streams.play import Play
from ann_bench.streams.ways import ANEW, FILTERS, NAMED, REMOVES, WAYS
from ann_bench.tracks import base
from ann_bench.tracks.base import Case, TrackFlags
from ann_bench.units import significant
from datasets.errors import InputError, unknown
from datasets.runbooks import history, made, yaml_file
from datasets.runbooks.history import History
from datasets.runbooks.runbook import DELETE, INSERT, OPERATIONS, REPLACE
from datasets.truths import streamed
from datasets.vectors.base import VectorSet


class StreamTrack(base.Track):
    """Every case is a runbook; an index is built as it runs."""

    modes: ClassVar[tuple[str, ...]] = ("single",)
    builds_itself: ClassVar[bool] = True

    def __init__(self, flags: TrackFlags, vector_set: VectorSet, k: int, *, cache: Path, seed: int = 0) -> None:
        super().__init__(flags, vector_set, k, cache=cache, seed=seed)
        self._ways = read_ways(flags.way)
        self._histories: dict[str, History] = {}
        for text in filter(None, map(str.strip, flags.runbook.split(";"))):
            found = follow(text, vector_set, seed=seed, only=flags.runbook_set)
            self._histories[found.runbook.name] = found
        if not self._histories:
            raise InputError(f"--runbook: name a YAML file, or a made one: {', '.join(made.NAMES)}")

    @property
    def cases(self) -> Sequence[Case]:
        return [Case(name, found.runbook.mark) for name, found in self._histories.items()]

    @property
    def count(self) -> int:
        return max(len(found.rows) for found in self._histories.values())

    @classmethod
    def of_default(cls, entry: Grid, index: str) -> Grid:
        """The middle of the search parameters, each a whole stream; of an index that can change, where one can."""
        changing = getattr(indexes.get(index), "changing", lambda build: build)
        return replace(
            entry,
            build=changing(entry.build),
            search={name: (values[len(values) // 2],) for name, values in entry.search.items()},
        )

    def prepare(self) -> None:
        for found in self._histories.values():
            self._truth(found).prepare()

    def refusal(self, index: Index) -> str:
        refusals = [ways.refusal(index, way) for way in self._ways]
        return "" if "" in refusals else " and ".join(filter(None, refusals))

    def ways(self, index: Index) -> Sequence[str]:
        named = [way or ways.best(index) for way in self._ways]
        return [way for way in named if not ways.refusal(index, way)]

    def measure(self, index: Index, point: Point, facts: Mapping[str, Any], *, runs: int) -> Result:
        """The whole stream, once: an index changes as it runs, so there is no second time."""
        found, way = self._histories[point.case], WAYS[point.way]

        def again(count: int) -> Index:
            about = {"dim": index.dim, "metric": index.metric, "seed": index.seed, "gpus": index.gpus, "uri": index.uri}
            return type(index)(index.build, count=count, **about)

        threads = int(facts.get("build_threads", point.threads)), point.threads
        first = None if way.name == ANEW else index
        play = Play(
            way(first, self.vector_set, found, again, dict(point.search), *threads, self.seed),
            self._truth(found),
            self.say,
        )
        play.run()
        return _result(play, point, dict(facts))

    def told(self, result: Result) -> str:
        scores, facts, k = result.scores, result.facts, result.point.k
        words = [f"k-recall@{k} {scores[f'k-recall@{k}']:.4f} on average"]
        words += [f"{scores['last recall']:.4f} at the end"]
        if "anew recall" in scores:
            words[-1] += f" ({scores['anew recall']:.4f} built anew)"
        words += [f"{result.qps:,.0f} QPS"]
        words += [f"{facts[f'{what}_per_second']:,.0f} {what}/s" for what in ("inserts", "deletes", "writes")
                  if facts.get(f"{what}_per_second")]  # fmt: skip
        return ", ".join(words)

    def _truth(self, found: History) -> streamed.Streamed:
        return streamed.of(self.vector_set, found, self.k, cache=self.cache)

    @classmethod
    def columns(cls) -> Mapping[str, str]:
        return {
            "recall least": "least recall",
            "recall last": "last recall",
            "recall anew": "anew recall",
            "QPS last": "last_qps",
            "QPS anew": "anew_qps",
            "inserts/s": "inserts_per_second",
            "deletes/s": "deletes_per_second",
            "writes/s": "writes_per_second",
            "p99 ms writing": "between_p99",
            "MB first": "first_megabytes",
            "MB last": "last_megabytes",
        }

    @classmethod
    def figures(cls, row: Row) -> list[str]:
        found = {what: row.get(f"{what}_per_second") for what in ("inserts", "deletes", "writes")}
        rates = [f"{significant(rate)} {what}/s" for what, rate in found.items() if rate]
        return [f"{row['last recall']:.4f} at the end", *rates]

    @classmethod
    def draw(cls, rows: Sequence[Row], folder: Path) -> list[Path]:
        return pictures.draw(rows, folder)


def read_ways(text: str) -> list[str]:
    """The ways that --way names; [""] is the best that each index can."""
    named = [word.strip() for word in text.split(",") if word.strip()]
    for word in named:
        if word not in NAMED:
            raise InputError(f"--way={text}: {unknown('way', word, NAMED)}")
    return list(dict.fromkeys(NAMED[word] for word in named)) or [""]


def follow(text: str, vector_set: VectorSet, *, seed: int, only: str = "") -> History:
    """The history of a runbook over a set: the YAML file ``text``, or a made one by its name and parameters.

    only : whose steps of a file, where it is not the set's own name. Raises InputError for whatever cannot be.
    """
    path = Path(text)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        runbook = yaml_file.read(path, vector_set.name, only=only)
    else:
        runbook = made.make(text, vector_set, seed=seed)
    return history.follow(runbook, len(vector_set.gallery), name=vector_set.name)


def _result(play: Play, point: Point, facts: dict[str, Any]) -> Result:
    series = {**play.facts_of_steps, **play.series}
    recalls = [found.recall for found in play.searched]
    k, last = point.k, play.searched[-1]
    scores = {f"k-recall@{k}": float(np.mean(recalls)), "least recall": min(recalls), "last recall": recalls[-1]}
    facts |= {"steps": len(series["alive"]), "alive_most": int(series["alive"].max())}
    facts |= {"build_seconds": play.built, "last_qps": last.qps, **_rates(play, series)}
    memory = series["memory"][play.history.searches] / 1e6
    facts |= {"first_megabytes": float(memory[0]), "last_megabytes": float(memory[-1])}
    if play.between:
        facts["between_p99"] = float(np.percentile(np.concatenate(play.between), 99)) * 1e3
    if play.anew:
        scores["anew recall"] = play.anew.recall
        facts["anew_qps"] = play.anew.qps
    if play.trouble:
        facts["anew_failed"] = play.trouble
    times = np.concatenate([found.times for found in play.searched])
    return Result(point, np.array([times.sum()]), times, last.neighbors, last.distances, scores, facts, series)


def _rates(play: Play, series: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Rows a second after the first search: inserted, deleted, and all that are written, those replaced as two."""
    later = np.arange(len(series["rows"])) > play.history.searches[0]
    of = {name: later & (series["operation"] == OPERATIONS.index(name)) for name in OPERATIONS}
    seconds = np.nan_to_num(series["write_seconds"])
    written = series["rows"] * np.where(of[REPLACE], 2, 1)
    found = {}
    if later.any() and written[later].any():
        found["writes_per_second"] = float(written[later].sum() / max(seconds[later].sum(), 1e-9))
    writing = {REMOVES: ((INSERT, "inserts"), (DELETE, "deletes")), FILTERS: ((INSERT, "inserts"),)}
    for name, word in writing.get(play.way.name, ()):
        if written[of[name]].any():
            found[f"{word}_per_second"] = float(written[of[name]].sum() / max(seconds[of[name]].sum(), 1e-9))
    return found


Track = StreamTrack
