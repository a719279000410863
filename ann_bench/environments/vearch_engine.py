"""Vearch's engine as its own environment's Python has it: NumPy and vearch only. See ann_bench/indexes/vearch.py."""

import contextlib
import ctypes
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROWS = 2000  # added in a call
_GLANCE = 0.02  # seconds between two looks at whether all rows are in the index
_READY = 2  # the status of an index that is trained
_TAGS = "_tags"
MOST_RESULTS = 1 << 20


class Engine:
    """One table, with a key, the vector, and an attribute a column."""

    def __init__(self, *, dim: int, metric: str, count: int, kind: str, settings: dict[str, int], learnt: int) -> None:
        """kind, settings : as Vearch calls them; learnt : rows at which it begins to train"""
        self._dim, self._kind, self._settings, self._learnt = dim, kind, settings, learnt
        self._distance = "L2" if metric == "euclidean" else "InnerProduct"
        self._far = np.float32(-np.inf if metric != "euclidean" else np.inf)
        self._threads, self._there, self._live = 1, 0, 0
        self._search: dict[str, int] = {}
        self._columns: dict[str, Any] = {}
        self._vearch: Any = None
        self._engine: Any = None

    def set_threads(self, threads: int) -> None:
        """Of OpenMP; the thread that builds is the engine's own and goes by what the process began with."""
        self._threads = threads
        if self._vearch is None:
            os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(threads)
        else:
            self._openmp.omp_set_num_threads(threads)

    def know(self, *arrays: np.ndarray, names: list[str]) -> None:
        """A column each, as names say, of all rows to come."""
        self._columns = dict(zip(names, arrays, strict=True))

    def _begin(self, folder: Path) -> None:
        import vearch

        vearch.CreateDoubleScalarField = vearch.CreateDouleScalarField  # a slip of the library's, which it calls so
        self._vearch = vearch
        (openmp,) = Path(vearch.__file__).parent.parent.glob("vearch.libs/libgomp*")
        self._openmp = ctypes.CDLL(str(openmp))
        self._openmp.omp_set_num_threads(self._threads)
        self._folder = folder
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        self._engine = vearch.Engine(str(folder / "files"), str(folder / "logs"))

    def _create(self) -> None:
        self._begin(Path(tempfile.mkdtemp(prefix="ann_bench_vearch_")))
        kinds, field = self._vearch.dataType, self._vearch.GammaFieldInfo
        of_kind = {"i": kinds.LONG, "f": kinds.DOUBLE, "U": kinds.STRING}
        fields = [field("_id", kinds.STRING, False)]
        fields += [field(name, of_kind[column.dtype.kind], True) for name, column in self._columns.items()]
        about = {"index_size": self._learnt, "retrieval_type": self._kind}
        about["retrieval_param"] = self._settings | {"metric_type": self._distance}
        store = "RocksDB" if self._kind == "IVFFLAT" else "MemoryOnly"  # the only one that it takes for these
        vector = self._vearch.GammaVectorInfo("vector", self._dim, True, kinds.VECTOR, "", store, {"cache_size": 1000})
        if code := self._engine.create_table(about, "gallery", fields, vector):
            raise ValueError(f"vearch does not take this table, code {code}: {about}")

    def add(self, rows: np.ndarray) -> None:
        """Rows are indexed by the engine's own thread; some while later."""
        if self._engine is None:
            self._create()
        again = self._live > 0 and self._done
        for start in range(0, len(rows), ROWS):
            self._engine.add([self._document(row) for row in rows[start : start + ROWS]])
        self._live += len(rows)
        if again:
            self._wait()

    _done = False

    def _document(self, row: np.ndarray) -> dict[str, Any]:
        place = self._there
        self._there += 1
        known = {name: column[place].item() for name, column in self._columns.items()}
        return known | {"_id": str(place), "vector": row}

    def finish(self) -> None:
        """Until then it would search only some of the rows: those that it has got to."""
        self._wait()
        self._done = True

    def _wait(self) -> None:
        status = self._engine.get_status()
        while status["min_indexed_num"] < self._there or status["index_status"] != _READY:
            time.sleep(_GLANCE)
            status = self._engine.get_status()

    def save(self, path: str) -> None:
        """A folder with all that the engine wrote."""
        self._engine.dump()
        self._engine.close()
        self._engine = None
        shutil.move(self._folder, path)

    def load(self, path: str) -> None:
        """Read the folder; rows that the dump had not in the index are indexed again."""
        self._begin(Path(path))
        if code := self._engine.load():
            raise ValueError(f"{path} cannot be read by vearch, code {code}")
        self._there = self._live = self._engine.get_status()["doc_num"]
        self.finish()

    def tune(self, **search: int) -> None:
        """As Vearch calls its parameters."""
        self._search = search

    def remove(self, rows: np.ndarray) -> None:
        """Rows by their keys."""
        for row in rows.tolist():
            self._engine.del_doc(str(row))

    def find(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Neighbors and scores (n, k)."""
        return self.find_passing(queries, k, [])

    def find_passing(self, queries: np.ndarray, k: int, filters: list) -> tuple[np.ndarray, np.ndarray]:
        """Among the rows that fulfil all filters: [name, low, high, low too, high too] or [name, words, how]."""
        library = self._vearch
        request = library.GammaRequest()
        request.create_request(
            {
                "vector": [{"field": "vector", "feature": queries}],
                "topn": k,
                "fields": ["_id"],
                "retrieval_param": self._asked(queries, k),
                "filter": list(map(_filter, filters)),
            },
            self._engine.gamma_table,
        )
        response = library.swigCreateResponse()
        try:
            library.swigSearchCPP(self._engine.c_engine, request.request, response)
            return self._read(response, len(queries), k)
        finally:
            library.swigDeleteRequest(request.request)
            library.swigDeleteResponse(response)

    def _asked(self, queries: np.ndarray, k: int) -> dict[str, Any]:
        asked = self._search | {"metric_type": self._distance, "parallel_on_queries": int(len(queries) > 1)}
        for name in ("efSearch", "recall_num"):
            if name in asked:
                asked[name] = max(asked[name], k)
        return asked

    def _read(self, response: Any, count: int, k: int) -> tuple[np.ndarray, np.ndarray]:
        neighbors, distances = np.full((count, k), -1, np.int64), np.full((count, k), self._far, np.float32)
        for row, result in enumerate(response.Results()):
            if result.result_code:
                raise RuntimeError(f"vearch: {result.msg}")
            items = result.result_items
            neighbors[row, : len(items)] = [int(item.values[0]) for item in items]
            distances[row, : len(items)] = [item.score for item in items]
        return neighbors, distances

    def __del__(self) -> None:
        """The table of one that was not saved."""
        if self._engine is not None:
            with contextlib.suppress(Exception):
                self._engine.close()


def _filter(given: list) -> dict[str, Any]:
    """As Vearch's Python reads it."""
    if len(given) == 3:
        name, words, how = given
        return {"term": {name: words, "operator": how}}
    name, low, high, low_too, high_too = given
    return {"range": {name: {"gte": low, "lte": high, "include_lower": low_too, "include_upper": high_too}}}
