"""vearch: the engine of Vearch, https://github.com/vearch/vearch, in a process of its own. Index and grids.

Built from "HNSW,nlinks=32,efConstruction=100", "IVFPQ,ncentroids=256,nsubvector=32", "IVFFLAT,ncentroids=256" or
"FLAT". Searched with ``efSearch`` (HNSW), ``nprobe`` and ``recall_num``, how many rows are compared by themselves
(IVFPQ). What is timed is a user's whole call, in which Python reads the answers one by one.

Rows are indexed by a thread of the engine's, after they were added: a search before that finds some of them only,
without a word. A filter is a search for each of its alternatives, for Vearch knows no "or" over several attributes.
It wants an old flatbuffers, and so lives in an environment of its own; see ann_bench/environments.
"""

from dataclasses import dataclass, field

import numpy as np

from ann_bench.environments import elsewhere
from ann_bench.environments.bridge import Method
from ann_bench.environments.environment import Environment
from ann_bench.factory import conjunctions
from ann_bench.indexes import base
from ann_bench.indexes.base import Estimate, Grid, Value
from datasets.attributes.condition import Among, Condition, Tagged
from datasets.attributes.table import Attributes
from datasets.errors import InputError, suggestion

PACKAGES = ("vearch",)
PLACE = Environment("vearch")
missing = PLACE.missing
BY_NAME_ONLY = True  # most of a call is Python, and rows are added one by one


@dataclass(frozen=True)
class Kind:
    """What it is built from, with defaults, and searched with."""

    build: dict[str, int] = field(default_factory=dict)
    tunes: dict[str, Value] = field(default_factory=dict)


KINDS = {
    "HNSW": Kind({"nlinks": 32, "efConstruction": 100}, {"efSearch": 1}),
    "IVFPQ": Kind({"ncentroids": 256, "nsubvector": 32}, {"nprobe": 1, "recall_num": 1}),
    "IVFFLAT": Kind({"ncentroids": 256}, {"nprobe": 1}),
    "FLAT": Kind(),
}
LEAST, MOST = 39, 256  # rows a centroid that it learns from
NLINKS = (2, 96)
BITMAP = 6_300_000  # bytes that every table takes, for 50 million rows
LIMIT = float(np.finfo(np.float32).max)
EDGES = {"i": (-(2**63) + 1, 2**63 - 1), "f": (-LIMIT, LIMIT)}


class VearchIndex(elsewhere.Elsewhere):
    """One table of the engine."""

    metrics = ("euclidean", "angular", "inner_product")
    environment = PLACE
    filters = "attributes"
    changes = True

    def __init__(self, build: str, **about: object) -> None:
        super().__init__(build, **about)
        name, _, settings = build.replace(" ", "").partition(",")
        if name not in KINDS:
            hint = suggestion(name, KINDS)
            raise InputError(f"--build={build}: {hint}begin with {', '.join(KINDS)}, like HNSW,nlinks=32")
        if self.uri:
            raise InputError(f"--uri={self.uri}: vearch is searched in this machine only; leave the flag out")
        self._kind, self.tunes = name, KINDS[name].tunes
        if name == "FLAT":  # with any filter it finds nothing, without a word
            self.filters, self.changes = "", False
        self._settings = base.read_settings(settings, KINDS[name].build, index=f"vearch {name}")
        self._check()
        self._edges: dict[str, tuple[Value, Value]] = {}
        learnt = min(self.count, MOST * self._centroids) if self._centroids else 1
        self.engine(kind=name, settings=self._settings, learnt=learnt)
        self.find_passing = Method(self._bridge, "find_passing")  # type: ignore[method-assign]

    @property
    def _centroids(self) -> int:
        return self._settings.get("ncentroids", 0)

    def _check(self) -> None:
        settings, said = self._settings, f"--build={self.build}"
        if self.count < LEAST * self._centroids:  # it would wait for more rows, and search one by one until then
            raise InputError(f"{said}: {self._centroids} centroids need at least {LEAST * self._centroids} rows")
        if self.dim % settings.get("nsubvector", 1):
            raise InputError(f"{said}: nsubvector must divide the dimension, {self.dim}")
        if not NLINKS[0] <= settings.get("nlinks", NLINKS[0]) <= NLINKS[1]:
            raise InputError(f"{said}: nlinks must be from {NLINKS[0]} to {NLINKS[1]}")

    def check_search(self, search: dict) -> None:
        super().check_search(search)
        if search.get("nprobe", 0) > self._centroids:
            raise InputError(f"--search=nprobe={search['nprobe']}: there are only {self._centroids} centroids")

    def estimate(self) -> Estimate:
        """Rows with their keys, and once more, or their codes, in the index."""
        settings = self._settings
        links = 8 * settings.get("nlinks", 0) + 20
        indexed = 4 * self.dim if self._kind == "IVFFLAT" else settings.get("nsubvector", 0)
        row = 4 * self.dim + 100 + links + indexed
        compared = 10 * self._centroids + 60 * settings.get("efConstruction", 0) + 30_000 / self.dim
        work = float(self.count * self.dim * (100 + compared))
        disk = self.count * row + BITMAP
        return Estimate(memory=2 * disk + elsewhere.PROCESS + 300_000_000, disk=disk, work=work)

    def in_metric(self, distances: np.ndarray) -> np.ndarray:
        """From squared distances, or products."""
        if self.metric == "angular":
            return np.where(np.isinf(distances), np.float32(np.inf), 1 - distances)
        return np.sqrt(distances.clip(min=0)) if self.metric == "euclidean" else distances

    def know(self, attributes: Attributes) -> None:
        """Each column is a field of the table; tags are one field together."""
        kinds = {name: column.dtype.kind for name, column in attributes.columns.items()}
        self._edges = {name: EDGES[kind] for name, kind in kinds.items() if kind in EDGES}
        tags = attributes.tags or ()
        self._bridge.ask("know", *attributes.columns.values(), *tags, names=list(attributes.columns))

    def passing(self, condition: Condition, rows: np.ndarray) -> object:
        """Of every alternative its filters, as the engine reads them."""
        return [[found for part in one if (found := self._filter(part))] for one in conjunctions.of(condition)]

    def _filter(self, part: conjunctions.Leaf) -> list[object]:
        if isinstance(part, Tagged):
            return ["", [*map(str, part.tags)], "and"] if part.tags else []
        if isinstance(part, Among):
            if part.column in self._edges:
                return [part.column, part.values[0], part.values[0]]
            return [part.column, list(part.values), "or"]
        low, high = self._edges[part.column]
        low = low if part.low is None else _next(part.low, high) if part.above else part.low
        high = high if part.high is None else _next(part.high, self._edges[part.column][0]) if part.below else part.high
        return [part.column, low, high]

    def expect_changes(self) -> None:
        """It learns from no more than the first rows, for there may be few of them."""
        if self._centroids:
            self._bridge.ask("learn_from", rows=LEAST * self._centroids)

    def remove(self, rows: np.ndarray) -> None:
        self._bridge.ask("remove", rows)


def _next(value: Value, towards: Value) -> Value:
    """The number after ``value``: Vearch takes the ends of a range with it, whatever it is told."""
    if isinstance(value, int):
        return value + (1 if towards > value else -1)
    return float(np.nextafter(value, towards))


def grids(count: int, dim: int, metric: str) -> list[Grid]:
    """One graph, and one of parts."""
    found = [Grid("HNSW,nlinks=32,efConstruction=100", {"efSearch": (16, 32, 64, 128, 256)})]
    centroids = max(1, min(1024, count // LEAST, round(count**0.5)))
    nprobe = tuple(dict.fromkeys(max(1, round(share * centroids)) for share in (0.01, 0.02, 0.05, 0.1, 0.2)))
    return [*found, Grid(f"IVFFLAT,ncentroids={centroids}", {"nprobe": nprobe})]


Index = VearchIndex
