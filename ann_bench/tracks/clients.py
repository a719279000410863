"""clients: many who ask at once, each again when it is answered, or all of them together at a rate.

A rate tells what users see who do not wait for each other: a query's time counts from when it was due, however long the
index was busy with others (no coordinated omission). Whatever clients cost themselves is measured without an index.
"""

import functools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ann_bench.clients import judged, latency, loads, pictures
from ann_bench.clients.client import Round
from ann_bench.clients.latency import Reached
from ann_bench.clients.loads import Load
from ann_bench.clients.processes import Processes
from ann_bench.clients.threads import Threads
from ann_bench.indexes.base import Index
from ann_bench.measuring import clock, cores, measure
from ann_bench.results.points import Row
from ann_bench.results.results import Point, Result
from ann_bench.tracks import base
from ann_bench.tracks.base import Case
from ann_bench.units import significant
from datasets.errors import InputError
from datasets.stored import truth
from datasets.vectors import rows
from datasets.vectors.base import VectorSet

_GRACE = 5.0  # seconds in which what is late is still answered
_OWN = 1.0  # seconds in which the clients' own cost is measured, at most

Crew = Threads | Processes


class Clients(base.Track):
    """Cases are numbers of clients, at each of the rates."""

    in_rounds: ClassVar[bool] = False
    of_nearest: ClassVar[bool] = True

    def __init__(self, *about: Any, **more: Any) -> None:
        super().__init__(*about, **more)
        if not 0.1 <= self.flags.seconds <= 86_400:
            raise InputError(f"--seconds={self.flags.seconds:g}: must be from 0.1 to 86400, a day")
        found = loads.read(self.flags.clients, self.flags.rate, processes=self.flags.processes)
        self.loads = {load.name: load for load in found}
        self.most: dict[tuple[str, int], float] = {}  # of a closed loop: a point's title, clients -> answers a second

    @property
    def cases(self) -> Sequence[Case]:
        return [Case(name, facts={"clients": load.clients}) for name, load in self.loads.items()]

    def unsought(self) -> str:
        if not self.flags.rate:
            return ""
        return f"with --rate={self.flags.rate} whatever keeps up is equally fast; leave --rate out for the most answers"

    @property
    def mark(self) -> str:
        return f"{self.flags.seconds:g} s"

    def prepare(self) -> None:
        truth.with_truth(self.vector_set, self.k, cache=self.cache)

    @functools.cached_property
    def known(self) -> VectorSet:
        """The set with its true neighbors."""
        return truth.with_truth(self.vector_set, self.k, cache=self.cache, progress=False)

    @functools.cached_property
    def queries(self) -> list[np.ndarray]:
        """(1, D) each, as an index wants them."""
        found = rows.prepared(self.vector_set.queries, self.vector_set.metric)
        return [found[place : place + 1] for place in range(len(found))]

    def refusal(self, index: Index) -> str:
        if self.flags.processes and not index.saves:
            return "it is not saved, so that no other process could load it; leave --processes out"
        several = any(load.clients > 1 for load in self.loads.values())
        if several and not self.flags.processes and not index.shared:
            return "several threads cannot ask it at once; --processes gives each client a process and an index"
        return ""

    def measure(self, index: Index, point: Point, facts: Mapping[str, Any], *, runs: int) -> Result:
        load, known = self.loads[point.case], self.known
        wanted = measure.asked_for(known, self.k)
        clock.watch(index.find, [(query, wanted) for query in self.queries], 1, seconds=measure.WATCHED)
        with self._crew(index, point, load.clients, wanted) as crew:
            todo = self._round(load, point, crew)
            own = self._own_cost(todo, crew)
            logs = crew.go(todo)
            peak = crew.peak()
        reached = latency.of_logs(todo, logs)
        busy, wall = crew.busy(logs), max(log.wall for log in logs)
        clock.check_threads(clock.Run([], np.array([wall]), busy), load.clients)
        found = judged.judge(index, known, logs, self.k, wanted)
        told = {"search_peak_bytes": peak, "cores_busy": busy / wall, **own, **_told(load, todo, reached)}
        told["rate_of"] = self.most.get((point.title, load.clients)) if load.share else None
        told["own_share"] = reached.qps * own["own_us"] / 1e6
        series = {**latency.histogram(reached.latencies), "answered": reached.answered}
        times = reached.kept
        seconds = np.array([len(times) / reached.qps])
        return Result(point, seconds, times, *found, facts={**facts, **told}, series=series)

    def _crew(self, index: Index, point: Point, clients: int, wanted: int) -> Crew:
        if not self.flags.processes:
            return Threads(index, self.queries, wanted, clients)
        assert self.saved
        return Processes(index, self.saved, point.search, self.queries, wanted, clients)

    def _round(self, load: Load, point: Point, crew: Crew) -> Round:
        """What the clients are to do; a share takes a closed loop before, unless there was one."""
        closed = Round(latency.with_ramp(self.flags.seconds))
        rate = load.rate
        if load.share:
            which = point.title, load.clients
            if which not in self.most:
                self.most[which] = latency.of_logs(closed, crew.go(closed)).qps
            rate = self.most[which] * load.share / 100
        return at_rate(closed, rate, seed=self.seed) if rate else closed

    def _own_cost(self, todo: Round, crew: Crew) -> dict[str, float]:
        """What the clients take without an index: microseconds a query in a closed loop, milliseconds of the 99th."""
        short = latency.with_ramp(min(_OWN, self.flags.seconds / 5))
        null = Round(short, null=True)
        own = latency.of_logs(null, crew.go(null))
        found = {"own_us": 1e6 / own.qps}
        if todo.due is not None:
            alike = Round(todo.seconds, todo.due[todo.due < short], null=True)
            waits = np.concatenate([log.ended - alike.due[log.numbers] for log in crew.go(alike)])
            found["own_p99"] = float(np.percentile(waits, 99)) * 1e3 if len(waits) else 0.0
        return found

    def told(self, result: Result) -> str:
        facts, points = result.facts, result.told
        late = ", ".join(f"{name} {significant(facts[name])}" for name in latency.PERCENTILES)
        words = [points, f"{late} ms"]
        if facts["rate"]:
            words.append(f"asked {significant(facts['rate'])} a second")
        if of := facts["rate_of"]:
            words[-1] += f", {facts['rate'] / of:.0%} of {significant(of)} in a closed loop just before"
        if facts["queue"]:
            words.append(f"cannot keep up: the queue grew to {facts['queue']:,}")
        if facts["starved"]:
            words.append(f"{facts['starved']} of {facts['clients']} clients were never answered")
        if facts["clients"] > facts["cores_allowed"]:
            words.append(f"{facts['clients']} clients on {facts['cores_allowed']} cores")
        if facts["own_share"] > 0.1:
            words.append(f"{facts['own_share']:.0%} of it the clients' own cost")
        return ", ".join(words)

    @classmethod
    def narrowed(cls, row: Row) -> Mapping[str, str]:
        rate = row["case"].partition(" at ")[2].removesuffix(" a second").replace(",", "")
        return {"clients": str(row["clients"]), "rate": rate or "closed"}

    @classmethod
    def figures(cls, row: Row) -> list[str]:
        return [f"{name} {significant(row[name])} ms" for name in ("p50", "p99") if name in row]

    @classmethod
    def columns(cls) -> Mapping[str, str]:
        return {
            "p50 ms": "p50",
            "p95 ms": "p95",
            "p99.9 ms": "p99.9",
            "asked QPS": "rate",
            "queue": "queue",
            "cores": "cores_allowed",
            "busy": "cores_busy",
            "own us": "own_us",
        }

    @classmethod
    def blocks(cls, parts: Sequence[Sequence[Row]]) -> Sequence[Sequence[Row]]:
        """One, by the number of clients, each first in a closed loop and then from the lowest rate to the highest."""
        rows = (row for part in parts for row in part)
        return [sorted(rows, key=lambda row: (row["clients"], row["rate"] or 0))]

    @classmethod
    def draw(cls, rows: Sequence[Row], folder: Path) -> list[Path]:
        return pictures.draw(rows, folder)


def at_rate(closed: Round, rate: float, *, seed: int) -> Round:
    """The same for as long, with queries that are due at a rate."""
    due = loads.arrivals(rate, closed.seconds, seed=seed)
    return Round(closed.seconds, due, grace=min(_GRACE, closed.seconds))


def _told(load: Load, todo: Round, reached: Reached) -> dict[str, Any]:
    """The facts of a point; its queue is 0 where it keeps up."""
    rate = None if todo.due is None else load.rate or len(todo.due) / todo.seconds
    late = 0 if reached.keeps_up(load.clients) else reached.queue
    told = {"clients": load.clients, "processes": load.processes, "loop": "open" if rate else "closed", "rate": rate}
    told |= {"qps_low": reached.low, "qps_high": reached.high, "queue": late, "never_asked": reached.dropped}
    told |= {"starved": reached.starved, "mean": float(reached.latencies.mean()) * 1e3}
    told |= {"cores_allowed": len(cores.allowed()) or os.cpu_count(), "latencies": len(reached.latencies)}
    return told | reached.percentiles


Track = Clients
