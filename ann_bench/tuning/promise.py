"""Promise: what a build over all is expected to come to, by its sample and by what became of others of its family."""

from collections.abc import Sequence
from dataclasses import dataclass

from ann_bench.results import extrapolate
from ann_bench.tuning.journal import Outcome

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
