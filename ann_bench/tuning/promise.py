"""Promise: what a build over all is expected to come to, by its sample and by what became of others of its family.

And which builds are likely to win before anything is known of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ann_bench.options import RunOptions
from ann_bench.results import extrapolate
from ann_bench.sweep import builds
from ann_bench.tuning.journal import Outcome
from ann_bench.tuning.trials import Candidate
from datasets.errors import InputError
from datasets.vectors.base import VectorSet

_KINDS = ("graph", "lists", "trees", "scan")
_SURE = 1.15  # how far a prediction may be off that was set right by a build of the same family


@dataclass(frozen=True)
class Promise:
    """Queries a second, the ends of their interval, and the seconds of building, over all."""

    qps: float
    low: float
    high: float
    build_seconds: float


def of(known: Outcome, count: int, built: Sequence[tuple[Outcome, Outcome]]) -> Promise:
    """What an outcome on a sample comes to over ``count`` vectors.

    built : of the same family, each over all and on its sample; the fastest of them sets the promise right
    """
    grown = _grown(known, count)
    if not built:
        return Promise(grown.qps, grown.qps_low, grown.qps_high, grown.build_seconds)
    whole, part = max(built, key=lambda pair: pair[0].qps)
    qps = grown.qps * whole.qps / _grown(part, count).qps
    return Promise(qps, qps / _SURE, qps * _SURE, grown.build_seconds)


def _grown(known: Outcome, count: int) -> extrapolate.Grown:
    row = {"index": known.index, "build": known.build, "search": known.words, "qps": known.qps}
    row |= {"gallery": known.rows, "index_bytes": 0, "build_seconds": known.build_seconds}
    return extrapolate.grow(row, count)


def likely(candidates: Sequence[Candidate], vector_set: VectorSet, options: RunOptions) -> list[Candidate]:
    """Graphs first, which mostly win, so that the others have something to beat; what is soon built before the rest.

    Codes of a binariser come behind their kind: they learn for long, and seldom win.
    """

    def key(one: Candidate) -> tuple[int, bool, float]:
        kind = extrapolate.kind(one.index, one.build)
        return _KINDS.index(kind), one.index == "faiss_binary", _work(one, vector_set, options)

    return sorted(candidates, key=key)


def _work(one: Candidate, vector_set: VectorSet, options: RunOptions) -> float:
    """Multiply-adds of building it over all; infinite where it cannot be built."""
    try:
        return builds.make(one.index, one.build, vector_set, **options.of_index()).estimate().work
    except InputError:
        return math.inf
