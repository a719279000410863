"""milvus: Milvus, https://milvus.io, in this process (Milvus Lite), or a server's or cluster's at ``--uri``.

Built from "HNSW,M=16,efConstruction=200", "HNSW_SQ,M=16", "IVF_FLAT,nlist=128", "IVF_SQ8,nlist=128" or "FLAT". Searched
with ``ef`` (HNSW), ``nprobe`` (IVF). What is timed is the client's whole call, as its users have it; in Milvus Lite 3
that is mostly a Python loop over all rows, once a call, so that only batch mode says something of the index.
"""

import hashlib
import shutil
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ann_bench.environments import scratch
from ann_bench.factory import milvus_filter
from ann_bench.indexes import base
from ann_bench.indexes.base import Estimate, Grid, Value
from datasets.attributes.condition import Condition
from datasets.attributes.table import Attributes
from datasets.errors import InputError, suggestion

REQUIRES = ("pymilvus", "milvus_lite")
EXTRA = "milvus"
PACKAGES = ("pymilvus", "milvus-lite")
BY_NAME_ONLY = True  # a call takes so long that no sweep should have it unasked

# Rows are of unit length where metric is angular, and Milvus then has nothing to gain from its COSINE.
SPACES = {"euclidean": "L2", "angular": "IP", "inner_product": "IP"}
MOST_NEIGHBORS = 16_384  # of a search, and queries in a call: Milvus's own limits
CALL_BYTES = 16 << 20  # rows sent in a call; servers refuse 64 MB
LITE = "lite.db"  # Milvus Lite is asked for by such a name; it is a folder


@dataclass(frozen=True)
class Kind:
    """A Milvus index: what it is built from and searched with, with defaults, and whether it keeps the rows whole."""

    build: dict[str, int] = field(default_factory=dict)
    search: dict[str, Value] = field(default_factory=dict)
    whole: bool = True
    fixed: dict[str, str] = field(default_factory=dict)


_GRAPH = {"M": 16, "efConstruction": 200}
KINDS = {
    "FLAT": Kind(),
    "HNSW": Kind(_GRAPH, {"ef": 64}),
    "HNSW_SQ": Kind(_GRAPH, {"ef": 64}, whole=False, fixed={"sq_type": "SQ8"}),
    "IVF_FLAT": Kind({"nlist": 128}, {"nprobe": 10}),
    "IVF_SQ8": Kind({"nlist": 128}, {"nprobe": 10}, whole=False),
}
LARGEST = {"M": 2048, "nlist": 65_536}  # beyond which Milvus refuses


class MilvusIndex(base.Index):
    """One collection. Milvus takes as many threads as it likes; a server keeps the collection until the next build."""

    metrics = tuple(SPACES)
    filters = "attributes"
    ranges = True  # of up to 16,384 rows
    changes = True
    grows = True

    def __init__(self, build: str, **about: object) -> None:
        super().__init__(build, **about)
        name, _, settings = build.replace(" ", "").partition(",")
        if name not in KINDS:
            hint = suggestion(name, KINDS)
            raise InputError(f"--build={build}: {hint}begin with {', '.join(KINDS)}, like HNSW,M=16,efConstruction=200")
        if self.uri and "://" not in self.uri:
            raise InputError(f"--uri={self.uri}: write the server's address, like http://localhost:19530")
        self._type, self._kind = name, KINDS[name]
        self._settings = base.read_settings(settings, self._kind.build, index=f"milvus {name}")
        for setting, value in self._settings.items():
            if value > LARGEST.get(setting, base.MOST) or (setting == "M" and value < 2):
                least = 2 if setting == "M" else 1
                raise InputError(f"--build={build}: {setting} must be from {least} to {LARGEST[setting]}")
        self.tunes = dict.fromkeys(self._kind.search, 1)
        self.exact_distances = self._kind.whole
        self._search = dict(self._kind.search)
        self._client: Any = None
        self._folder: Path | None = None
        self._rows, self._attributes = 0, Attributes()
        self._consistency: dict[str, str] = {}
        mark = hashlib.sha256(repr((build, self.dim, self.metric, self.count, self.seed)).encode()).hexdigest()[:12]
        self._collection = f"ann_bench_{mark}"

    def estimate(self) -> Estimate:
        """The rows in a Parquet file, and once more, or a byte a number, in the index."""
        row = 4 * self.dim + 8
        links = 8 * self._settings.get("M", 0) + 12
        indexed = self.dim * (4 if self._kind.whole else 1) + links
        disk = self.count * (row + indexed)
        compared = self._settings.get("nlist", 0) + 20 * self._settings.get("efConstruction", 0)
        work = float(self.count * self.dim * (100 + compared))  # rows also go through Python and Protobuf
        return Estimate(memory=self.count * (2 * row + indexed), disk=disk, work=work)

    def set_threads(self, threads: int) -> None:
        """Nothing: Milvus cannot be told."""

    def add(self, rows: np.ndarray) -> None:
        if self._client is None:
            self._create()
        step = max(1, CALL_BYTES // (4 * self.dim))
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            sent = [{"id": self._rows + place, "vector": row} for place, row in enumerate(part)]
            if len(self._attributes):
                known = milvus_filter.values(self._attributes, self._rows, self._rows + len(part))
                sent = [row | own for row, own in zip(sent, known, strict=True)]
            self._client.insert(self._collection, sent)
            self._rows += len(part)

    def _create(self) -> None:
        from pymilvus import DataType

        if not self.uri:
            self._folder = scratch.folder("milvus")
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._client = _connect(self.uri or str(self._folder / LITE))
        schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=self.dim)
        milvus_filter.add_fields(schema, self._attributes)
        if self._client.has_collection(self._collection):
            self._client.drop_collection(self._collection)
        self._client.create_collection(self._collection, schema=schema, **self._consistency)

    def finish(self) -> None:
        self._client.flush(self._collection)
        wanted = self._client.prepare_index_params()
        # Twice "params": the client takes one layer away, and Milvus Lite does not see what lies outside of it.
        settings = {"params": self._settings | self._kind.fixed}
        wanted.add_index("vector", index_type=self._type, metric_type=SPACES[self.metric], params=settings)
        self._client.create_index(self._collection, wanted)
        self._client.load_collection(self._collection)

    def save(self, path: Path) -> None:
        """A folder with all that Milvus Lite wrote; empty where a server keeps it."""
        path.mkdir(parents=True)
        if self.uri:
            return
        _disconnect(self._client, self._folder / LITE)
        shutil.move(self._folder / LITE, path / LITE)
        self._folder.rmdir()

    def load(self, path: Path) -> None:
        self._client = _connect(self.uri or str(path / LITE))
        self._client.load_collection(self._collection)

    def tune(self, **search: Value) -> None:
        self.check_search(search)
        self._search = self._kind.search | search

    def know(self, attributes: Attributes) -> None:
        self._attributes = attributes

    def expect_changes(self) -> None:
        """A server's search then waits for what was written before it; Milvus Lite has no other, and no word for it."""
        self._consistency = {"consistency_level": "Strong"} if self.uri else {}

    def remove(self, rows: np.ndarray) -> None:
        for start in range(0, len(rows), MOST_NEIGHBORS):
            self._client.delete(self._collection, ids=rows[start : start + MOST_NEIGHBORS].tolist())

    def find(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray | None]:
        return self.find_passing(queries, k, "")

    def passing(self, condition: Condition, rows: np.ndarray) -> str:
        return milvus_filter.expression(condition, self._attributes)

    def find_passing(self, queries: np.ndarray, k: int, passing: str) -> tuple[np.ndarray, np.ndarray | None]:
        if k > MOST_NEIGHBORS:
            raise InputError(f"--k={k}: Milvus finds at most {MOST_NEIGHBORS} neighbors")
        neighbors = np.full((len(queries), k), -1, np.int64)
        distances = np.full((len(queries), k), -np.inf if self.metric == "inner_product" else np.inf, np.float32)
        for row, found in enumerate(self._ask(queries, k, passing)):
            neighbors[row, : len(found)] = [hit["id"] for hit in found]
            distances[row, : len(found)] = [hit["distance"] for hit in found]
        return neighbors, distances if self.exact_distances else None

    def find_within(self, queries: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
        """Of the rows within the radius the nearest 16,384, more than which Milvus never gives."""
        reach = 1 - radius if self.metric == "angular" else radius
        if self.metric == "euclidean":
            reach = radius * radius if radius >= 0 else 0.0
        outside = np.nextafter(np.float32(reach), np.float32(np.inf if self.metric == "euclidean" else -np.inf))
        found = list(self._ask(queries, min(MOST_NEIGHBORS, self.count), "", radius=float(outside)))
        ids = [hit["id"] for hits in found for hit in hits]
        return np.cumsum([0, *map(len, found)]), np.array(ids, np.int64)

    def serving(self, path: Path, search: Mapping[str, Value], k: int) -> str:
        asked, name = self._asked({**self._kind.search, **search}, k), self._collection
        made = f"client = MilvusClient({self.uri or str(path / LITE)!r}); client.load_collection({name!r})"
        given = f"data=list(queries), limit={k}, output_fields=['id'], search_params={{'params': {asked}}}"
        found = f"found = client.search({name!r}, {given})\nrows = [[hit['id'] for hit in hits] for hits in found]"
        return f"from pymilvus import MilvusClient\n{made}\n{found}"

    def in_metric(self, distances: np.ndarray) -> np.ndarray:
        if self.metric == "angular":  # Milvus gives the cosine
            return np.where(np.isinf(distances), distances, 1 - distances)
        return np.sqrt(distances) if self.metric == "euclidean" else distances

    def _asked(self, search: dict[str, Value], k: int) -> dict[str, Value]:
        return search | ({"ef": max(search["ef"], k)} if "ef" in search else {})  # servers refuse less

    def _ask(self, queries: np.ndarray, k: int, passing: str, **search: Value) -> Iterator[list]:
        """What each query finds, as many queries a call as Milvus takes."""
        search = self._asked(self._search | search, k)
        for start in range(0, len(queries), MOST_NEIGHBORS):
            yield from self._client.search(
                self._collection,
                data=list(queries[start : start + MOST_NEIGHBORS]),
                limit=k,
                filter=passing,
                output_fields=["id"],
                search_params={"params": search},
            )


def _connect(uri: str) -> Any:
    """A client; raises InputError where no server answers."""
    from pymilvus import MilvusClient
    from pymilvus.exceptions import MilvusException

    try:
        return MilvusClient(uri)
    except MilvusException as error:
        said = " ".join(str(error.message).split())
        raise InputError(f"--uri={uri}: Milvus does not answer there: {said}") from error


def _disconnect(client: Any, folder: Path) -> None:
    """Close Milvus Lite, so that its folder can be moved and opened by another process."""
    from milvus_lite.server_manager import server_manager_instance

    client.close()
    server_manager_instance.release_server(str(folder))


def grids(count: int, dim: int, metric: str) -> list[Grid]:
    """One graph, two points: the calls take long, and hardly any longer for more recall."""
    return [Grid("HNSW,M=16,efConstruction=200", {"ef": (32, 128)})]


Index = MilvusIndex
