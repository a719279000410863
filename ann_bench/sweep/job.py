"""Job: what a worker is told to do, in words that fit into JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ann_bench.options import RunOptions
from ann_bench.results.results import Point
from ann_bench.sweep.builds import Build


@dataclass(frozen=True)
class Job:
    """What a worker is to do.

    keep : whether the index is to stay when everything is measured
    source : the fields of the Source that is searched in; cache : folder of its true neighbors
    saved : where the index is, or is to be, on disk; its facts stand beside it. "" where it is built and not kept
    points : what to measure, none is a build; all share index and build
    runs : to measure of each; rounds : how many there are to be in all, 0 where these are all
    track : the fields of TrackFlags
    """

    source: dict[str, Any]
    cache: str
    index: str
    build: str
    k: int
    threads: int
    saved: str
    out: str
    points: tuple[Point, ...] = ()
    runs: int = 3
    rounds: int = 0
    seed: int = 0
    gpus: tuple[int, ...] = ()
    uri: str = ""
    keep: bool = False
    track: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """As the worker reads it."""
        return json.dumps(asdict(self), default=str)  # files as text

    @staticmethod
    def from_json(text: str) -> "Job":
        """The job again."""
        given = json.loads(text)
        given["points"] = tuple(Point(**point) for point in given["points"])
        return Job(**given | {"gpus": tuple(given["gpus"])})


def of(options: RunOptions, build: Build, *, cache: Path, points: tuple[Point, ...] = (), rounds: int = 0) -> Job:
    """The job of building ``build``, or of measuring ``points`` with it; one run of each where it is one of rounds."""
    return Job(
        source=asdict(options.source()),
        cache=str(cache),
        index=build.index,
        build=build.build,
        k=options.k,
        threads=options.all_threads(),
        saved=str(build.saved.path),
        out=str(options.out),
        points=points,
        runs=1 if rounds else options.runs,
        rounds=rounds,
        **options.of_index(),
        keep=options.keep_indexes,
        track=asdict(options.track_flags()),
        facts={"estimate_memory": build.estimate.memory},
    )
