"""Latency: what the logs of all clients come to: the rate reached, how long answers took, and how the queue grew."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ann_bench.clients.client import Log, Round
from datasets.errors import InputError

PARTS = 5  # of the time that counts: the rates in them are the interval of the rate
RAMP, RAMP_SHARE = 0.5, 0.1  # seconds that do not count at the beginning, and at most so much of all
PERCENTILES = {"p50": 50, "p95": 95, "p99": 99, "p99.9": 99.9}
_BEHIND = 0.02  # of what was due; a queue that long was not left by chance
_KEPT = 100_000  # latencies of a point


@dataclass(frozen=True)
class Reached:
    """What was reached between the end of the ramp and the end of the time.

    latencies : (n,) seconds, in order; in an open loop from when a query was due, those never asked with what they had
        waited by then; in a closed loop from the answer before, and with those that clients still wait for at the end
    qps, low, high : answers a second, and of the slowest and the fastest of PARTS of the time
    answered : (PARTS,) answers in each
    queue : queries due and not answered at the end; 0 in a closed loop
    due : queries that were due
    dropped : those of them that were never asked
    starved : clients of a closed loop that had no answer in all that time
    """

    latencies: np.ndarray
    qps: float
    low: float
    high: float
    answered: np.ndarray
    queue: int = 0
    due: int = 0
    dropped: int = 0
    starved: int = 0

    def keeps_up(self, clients: int) -> bool:
        """Whether as much was answered as was due, but for what was under way."""
        return self.queue <= max(2 * clients, _BEHIND * self.due)

    @property
    def percentiles(self) -> dict[str, float]:
        """Milliseconds."""
        found = np.percentile(self.latencies, list(PERCENTILES.values())) * 1e3
        return dict(zip(PERCENTILES, map(float, found), strict=True))

    @property
    def kept(self) -> np.ndarray:
        """The latencies; of very many those that lie evenly among them."""
        if len(self.latencies) <= _KEPT:
            return self.latencies
        return self.latencies[np.linspace(0, len(self.latencies) - 1, _KEPT).round().astype(int)]


def with_ramp(seconds: float) -> float:
    """For how long is to be asked, so that so many ``seconds`` count."""
    return seconds + min(RAMP, seconds * RAMP_SHARE / (1 - RAMP_SHARE))


def of_logs(todo: Round, logs: Sequence[Log]) -> Reached:
    """Raises InputError where nothing was answered in the time that counts.

    A closed loop tells what clients see that wait for their answers: while they wait they ask nothing. All of it counts
    that lies in the time, so that there are as many clients as answers a second times the mean latency (Little's law).
    In an open loop others go on asking, as users do, whatever the index is busy with.
    """
    start, end = min(RAMP, RAMP_SHARE * todo.seconds), todo.seconds
    began, ended = (np.concatenate([getattr(log, name) for log in logs]) for name in ("began", "ended"))
    counts = (ended >= start) & (ended < end)
    if not counts.any():
        raise InputError(f"--seconds={end - start:g}: no query was answered in that time; give them more")
    answered, _ = np.histogram(ended[counts], PARTS, (start, end))
    speeds = answered * PARTS / (end - start)
    rates = {"qps": counts.sum() / (end - start), "low": speeds.min(), "high": speeds.max(), "answered": answered}
    if todo.due is None:
        starved = sum(not ((log.ended >= start) & (log.ended < end)).any() for log in logs)
        return Reached(np.sort((ended - began)[(ended >= start) & (began < end)]), **rates, starved=starved)
    numbers = np.concatenate([log.numbers for log in logs])
    done = np.full(len(todo.due), np.inf)
    done[numbers] = ended
    counted = todo.due >= start
    there = np.isfinite(done)
    waited = np.where(there, done, end + todo.grace) - todo.due
    queue = int((done[todo.due < end] > end).sum())
    return Reached(
        np.sort(waited[counted]), **rates, queue=queue, due=int(counted.sum()), dropped=int((counted & ~there).sum())
    )


def histogram(latencies: np.ndarray) -> dict[str, np.ndarray]:
    """How many of all latencies lie between which edges, 100 to a tenfold: within 2.4 % of what they are.

    As HdrHistogram has them, which Gil Tene made to keep the whole of a tail.
    """
    low, high = np.floor(np.log10(max(latencies[0], 1e-7))), np.ceil(np.log10(max(latencies[-1], 1e-6)) + 1e-9)
    edges = np.logspace(low, high, int(100 * (high - low)) + 1)
    counts, _ = np.histogram(latencies.clip(edges[0], edges[-1]), edges)
    return {"latency_edges": edges, "latency_counts": counts}
