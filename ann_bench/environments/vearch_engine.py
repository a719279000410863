"""Vearch's engine as its own environment's Python has it: NumPy and vearch only. See ann_bench/indexes/vearch.py."""

import ctypes
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ann_bench.environments import scratch

ROWS = 2000  # added in a call
_GLANCE = 0.02  # seconds between two looks at whether all rows are in the index
_READY = 2  # the status of an index that is trained


class Engine:
    """One table, with a key, the vector, and an attribute a column."""

    def __init__(self, *, dim: int, metric: str, count: int, kind: str, settings: dict[str, int], learnt: int) -> None:
        """kind, settings : as Vearch calls them; learnt : rows at which it begins to train"""
        self._dim, self._kind, self._settings, self._learnt = dim, kind, settings, learnt
        self._distance = "L2" if metric == "euclidean" else "InnerProduct"
        self._far = np.float32(-np.inf if metric != "euclidean" else np.inf)
        self._threads, self._there, self._served = 1, 0, False
        self._search: dict[str, int] = {}
        self._columns: dict[str, Any] = {}
        self._vearch: Any = None
        self._made = False
        self._engine: Any = None

    def set_threads(self, threads: int) -> None:
        """Of OpenMP; the thread that builds is the engine's own and goes by what the process began with."""
        self._threads = threads
        if self._vearch is None:
            os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(threads)
        else:
            self._openmp.omp_set_num_threads(threads)

    def learn_from(self, rows: int) -> None:
        """Begin to train when so many are there."""
        self._learnt = rows

    def know(self, *arrays: np.ndarray, names: list[str]) -> None:
        """A column each, as ``names`` say, of all rows to come; beyond them, starts and numbers of tags."""
        self._columns = {_field(name): column for name, column in zip(names, arrays, strict=False)}
        if len(arrays) > len(names):
            starts, numbers = arrays[len(names) :]
            words = np.split(numbers.astype(str), starts[1:-1])
            self._columns[_field("")] = np.array(["\x01".join(some) for some in words])

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
        self._engine.create_id = self._key  # rows are found and removed by what this gives

    def _create(self) -> None:
        self._begin(scratch.folder("vearch"))
        self._made = True
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
        """Rows are indexed by the engine's own thread; where it serves already, they are waited for."""
        if self._engine is None:
            self._create()
        for start in range(0, len(rows), ROWS):
            part = enumerate(rows[start : start + ROWS], self._there)
            self._engine.add([self._document(row, place) for place, row in part])
        if self._served:
            self._wait()

    def _document(self, row: np.ndarray, place: int) -> dict[str, Any]:
        return {name: column[place].item() for name, column in self._columns.items()} | {"vector": row}

    def _key(self) -> str:
        self._there += 1
        return str(self._there - 1)

    def finish(self) -> None:
        """Until then it would search only some of the rows: those that it has got to."""
        self._wait()
        self._served = True

    def _wait(self) -> None:
        if self._there < self._learnt:
            raise ValueError(f"vearch waits for {self._learnt} rows before it learns, and there are {self._there}")
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
        self._made = False

    def load(self, path: str) -> None:
        """Read the folder; rows that the dump had not in the index are indexed again."""
        self._begin(Path(path))
        if code := self._engine.load():
            raise ValueError(f"{path} cannot be read by vearch, code {code}")
        self._there = self._engine.get_status()["max_docid"] + 1
        self.finish()

    def tune(self, **search: int) -> None:
        """As Vearch calls its parameters."""
        self._search = search

    def remove(self, rows: np.ndarray) -> None:
        """Rows by their keys; by the function below ``Engine.del_doc``, which lets go of the key before it is read."""
        for row in rows.tolist():
            key = np.frombuffer(str(row).encode(), np.uint8).copy()
            if code := self._vearch.swigDeleteDoc(self._engine.c_engine, self._vearch.swig_ptr(key), len(key)):
                raise ValueError(f"vearch could not remove row {row}, code {code}")

    def find(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Neighbors and scores (n, k)."""
        return self._found(queries, k, ())

    def find_passing(self, queries: np.ndarray, k: int, alternatives: list) -> tuple[np.ndarray, np.ndarray]:
        """Among the rows that fulfil all filters of one alternative: a search each."""
        found = [self._found(queries, k, filters) for filters in alternatives]
        if len(found) == 1:
            return found[0]
        if not found:
            return self._nothing(len(queries), k)
        return self._nearest(*(np.concatenate(part, axis=1) for part in zip(*found, strict=True)), k)

    def _nearest(self, neighbors: np.ndarray, distances: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest of each row (n, several k), each once."""
        order = np.argsort(distances if self._distance == "L2" else -distances, axis=1, kind="stable")
        found = self._nothing(len(neighbors), k)
        for row, places in enumerate(order):
            ids = neighbors[row, places]
            first = np.sort(np.unique(ids, return_index=True)[1])
            chosen = places[first[ids[first] >= 0][:k]]
            found[0][row, : len(chosen)], found[1][row, : len(chosen)] = neighbors[row, chosen], distances[row, chosen]
        return found

    def _nothing(self, count: int, k: int) -> tuple[np.ndarray, np.ndarray]:
        return np.full((count, k), -1, np.int64), np.full((count, k), self._far, np.float32)

    def _found(self, queries: np.ndarray, k: int, filters: Sequence[list]) -> tuple[np.ndarray, np.ndarray]:
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
        neighbors, distances = self._nothing(count, k)
        for row, result in enumerate(response.Results()):
            if result.result_code:
                raise RuntimeError(f"vearch: {result.msg}")
            items = result.result_items
            neighbors[row, : len(items)] = [int(item.values[0]) for item in items]
            distances[row, : len(items)] = [item.score for item in items]
        return neighbors, distances

    def end(self) -> None:
        """Leave no table behind that was not saved."""
        if self._made:
            shutil.rmtree(self._folder, ignore_errors=True)


def _field(name: str) -> str:
    """A column's name in the table, where two are taken; the tags' column has none."""
    return f"of_{name}"


def _filter(given: list) -> dict[str, Any]:
    """[column, words, how] or [column, lowest, highest], as Vearch's Python reads it."""
    name, one, other = given
    if isinstance(other, str):
        return {"term": {_field(name): one, "operator": other}}
    return {"range": {_field(name): {"gte": one, "lte": other}}}
