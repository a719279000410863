"""faiss_binary: Faiss's indexes of packed codes, on true codes or on float rows that are made into codes first.

On codes (metric hamming): "BFlat"; "BIVF1024" or "BIVF1024_HNSW32", inverted lists; "BHNSW32"; "BHash16", rows by their
first 16 bits; "BHash4x16", by each of the first four times 16 bits. On float rows with a binariser before it: "ITQ128,"
or "RR128,", by ITQ or a random rotation the signs of 128 numbers. And where wanted ",RFlat" behind: of k * ``k_factor``
rows whose codes are nearest, the k that are nearest themselves. "ITQ128,BIVF1024,RFlat".
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import faiss
import numpy as np

from ann_bench.factory import binarise, faiss_parts
from ann_bench.factory.binary_build import Build
from ann_bench.factory.faiss_abilities import Passing
from ann_bench.factory.faiss_grids import inverted_lists
from ann_bench.indexes import base
from ann_bench.indexes.base import Estimate, Grid, Value
from datasets.attributes.condition import Condition
from datasets.errors import InputError

TRAINING_ROWS = 50  # for each inverted list
BINARISER_ROWS = 20_000
MOST_BITS = 256  # of codes of float rows, by default


class BinaryIndex(base.Index):
    """A binary index; with a binariser in front its distances are true ones only where RFlat computes them.

    With inner_product, the codes know nothing of how long rows are.
    """

    metrics = ("euclidean", "angular", "inner_product", "hamming")
    dtypes = ("float32", "uint8")

    def __init__(self, build: str, **about: object) -> None:
        super().__init__(build, **about)
        self._build = Build.read(build)
        self._build.check(self.dim, self.metric, self.count)
        self.exact_distances = self.metric == "hamming" or self._build.refine
        self._defaults = self._build.defaults()
        self.tunes = {name: 0 if name == "nflip" else 1 for name in self._defaults}
        self._bits = self._build.bits or self.dim
        self._index: faiss.IndexBinary | None = None
        self._transform: faiss.VectorTransform | None = None
        self._rows: np.ndarray | None = None  # (count, D), for RFlat
        self._k_factor = 1
        self._changing = False
        self._given = 0  # numbers given to rows, also to those that are no longer there
        self._can()

    def _can(self) -> None:
        """What Faiss has for each kind: no selector for lists and hash tables, no ranges in graphs, no removing there.

        Ranges are of differing bits, so that there are none of float rows.
        """
        listed = self._build.lists > 0
        graph, hashed = self._build.links > 0, self._build.hash_bits > 0
        self.filters = "" if listed or hashed else "rows"
        self.ranges = self.metric == "hamming" and not graph
        self.changes = not graph and not hashed
        self.grows = True

    @property
    def training_rows(self) -> int:
        wanted = TRAINING_ROWS * self._build.lists
        return min(self.count, max(wanted, BINARISER_ROWS) if self._build.binariser else wanted)

    def estimate(self) -> Estimate:
        expected = self._build.estimate(self.dim, self.count)
        sample = self.training_rows * (self.dim // 8 if self.metric == "hamming" else 4 * self.dim)
        return replace(expected, memory=max(expected.memory, sample))

    def set_threads(self, threads: int) -> None:
        faiss.omp_set_num_threads(threads)

    def train(self, sample: np.ndarray) -> None:
        if self._build.binariser:
            self._transform = binarise.KINDS[self._build.binariser](sample, self._bits, seed=self.seed)
        if self._build.lists:
            self._made().train(self._codes(sample))

    def add(self, rows: np.ndarray) -> None:
        if self._build.refine:
            self._keep(rows)
        if self._changing:
            self._made().add_with_ids(self._codes(rows), np.arange(self._given, self._given + len(rows)))
        else:
            self._made().add(self._codes(rows))
        self._given += len(rows)

    def _keep(self, rows: np.ndarray) -> None:
        """Rows to re-rank by, where their numbers say."""
        end = self._given + len(rows)
        if self._rows is None:
            self._rows = np.empty((self.count, self.dim), np.float32)
        if end > len(self._rows):
            self._rows = np.concatenate([self._rows, np.empty((end, self.dim), np.float32)])
        self._rows[self._given : end] = rows

    def expect_changes(self) -> None:
        self._changing = self.changes

    def remove(self, rows: np.ndarray) -> None:
        going = np.zeros(self._given, bool)
        going[rows] = True
        gone = Passing.of(going)
        self._made().remove_ids(gone.selector)

    def _made(self) -> faiss.IndexBinary:
        if self._index is None:
            self._index = faiss.index_binary_factory(self._bits, self._build.inner)
            if self._build.lists:
                self._index.cp.seed = self.seed
                self._index.cp.min_points_per_centroid = 1  # it would print a warning: how many rows is our affair
            elif self._changing:  # removing renumbers rows
                self._index = faiss.IndexBinaryIDMap(self._index)
        return self._index

    def _codes(self, rows: np.ndarray) -> np.ndarray:
        return rows if self._transform is None else binarise.codes(self._transform, rows)

    def save(self, path: Path) -> None:
        """The binariser, the index and the rows, one behind the other as Faiss and numpy write them."""
        with path.open("wb") as file:
            writer = faiss.PyCallbackIOWriter(file.write)
            if self._transform is not None:
                faiss.write_VectorTransform(self._transform, writer)
            faiss.write_index_binary(self._index, writer)
            if self._rows is not None:
                self._rows[: self._given].tofile(file)

    def load(self, path: Path) -> None:
        with path.open("rb") as file:
            reader = faiss.PyCallbackIOReader(file.read)
            if self._build.binariser:
                self._transform = faiss.read_VectorTransform(reader)
            self._index = faiss.read_index_binary(reader)
            self._given = self._index.ntotal
            if self._build.refine:
                self._rows = np.fromfile(file, np.float32).reshape(self._index.ntotal, self.dim)

    def check_search(self, search: Mapping[str, Value]) -> None:
        super().check_search(search)
        if search.get("nflip", 0) > self._build.hash_bits:  # Faiss would write beyond its memory
            raise InputError(f"--search=nflip={search['nflip']}: {self.build} has {self._build.hash_bits} bits to flip")

    def tune(self, **search: Value) -> None:
        self.check_search(search)
        values = self._defaults | search
        self._k_factor = values.get("k_factor", 1)
        for name in ("nprobe", "nflip"):
            if name in values:
                setattr(self._index, name, values[name])
        if "efSearch" in values:
            self._index.hnsw.efSearch = values["efSearch"]
        if "quantizer_efSearch" in values:
            faiss.downcast_IndexBinary(self._index.quantizer).hnsw.efSearch = values["quantizer_efSearch"]

    def find(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray | None]:
        return self._find(queries, k, None)

    def _find(
        self, queries: np.ndarray, k: int, parameters: faiss.SearchParameters | None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        if self._build.refine:
            wanted = max(k, min(k * self._k_factor, self._index.ntotal))
            return self._refined(queries, self._index.search(self._codes(queries), wanted, params=parameters)[1], k)
        differing, neighbors = self._index.search(self._codes(queries), k, params=parameters)
        return neighbors, differing if self.exact_distances else None

    def passing(self, condition: Condition, rows: np.ndarray) -> Passing:
        return Passing.of(rows)

    def find_passing(self, queries: np.ndarray, k: int, passing: Passing) -> tuple[np.ndarray, np.ndarray | None]:
        if passing.parameters is None:
            links = self._build.links
            passing.parameters = (faiss.SearchParametersHNSW if links else faiss.SearchParameters)(sel=passing.selector)
        if self._build.links:
            passing.parameters.efSearch = self._index.hnsw.efSearch
        return self._find(queries, k, passing.parameters)

    def find_within(self, queries: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
        beyond = int(np.clip(math.floor(radius), -1, self.dim)) + 1  # which itself lies outside
        ends, _, ids = self._index.range_search(queries, beyond)
        return ends.astype(np.int64), ids

    def serving(self, path: Path, search: Mapping[str, Value], k: int) -> str:
        return self._build.serving(path, {**self._defaults, **search}, self.dim, self.metric, k)

    def _refined(self, queries: np.ndarray, found: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest by their true distances among ``found`` (n, at least k), -1 last."""
        count, wanted = found.shape
        neighbors, distances = np.empty((count, k), np.int64), np.empty((count, k), np.float32)
        kernel = faiss.knn_inner_products_by_idx if self.metric == "inner_product" else faiss.knn_L2sqr_by_idx
        given = [faiss.swig_ptr(array) for array in (queries, self._rows, found)]
        best = [faiss.swig_ptr(array) for array in (distances, neighbors)]
        kernel(*given, self.dim, count, len(self._rows), wanted, k, *best, wanted)
        return neighbors, distances

    def in_metric(self, distances: np.ndarray) -> np.ndarray:
        if self.metric == "hamming":  # Faiss puts the largest or the smallest number where there is no neighbor
            there = (distances >= 0) & (distances <= self.dim)
            return np.where(there, distances, np.inf).astype(np.float32)
        distances = faiss_parts.without_missing(distances)
        if self.metric == "angular":  # half the square between unit rows
            return distances / 2
        return np.sqrt(distances) if self.metric == "euclidean" else distances


def grids(count: int, dim: int, metric: str) -> list[Grid]:
    """All kinds over codes; over float rows ITQ with each kind and a random rotation, re-ranked."""
    lists = inverted_lists(count)
    coarse = f"BIVF{lists}" if lists <= 4096 else f"BIVF{lists}_HNSW32"
    flat = {"BFlat": {}} if count <= 10_000_000 else {}  # every query looks at every code
    inner = flat | {coarse: {"nprobe": (1, 4, 16, 64)}, "BHNSW32": {"efSearch": (16, 64, 256)}}
    bits = dim if metric == "hamming" else min(dim, MOST_BITS) // 8 * 8
    if bits:
        inner |= {_tables(bits): {"nflip": (0, 1, 2)}}
    if metric == "hamming":
        return [Grid(build, search) for build, search in inner.items()]
    if bits == 0 or count < dim:  # too little for ITQ
        return [Grid("RR64,BFlat,RFlat", {"k_factor": (1, 4, 16, 64)})]
    factors = {"k_factor": (4, 16, 64)}
    found = [Grid(f"ITQ{bits},{build},RFlat", search | factors) for build, search in inner.items()]
    found += [Grid(f"ITQ{bits},{build}", search) for build, search in inner.items() if build[:4] in ("BFla", "BIVF")]
    return [*found, Grid(f"RR{2 * bits},BFlat,RFlat", factors)] if flat else found


def _tables(bits: int) -> str:
    """The multi-index hash over codes of ``bits``: up to four tables, of 16 bits each, of fewer where codes are short.

    At least two tables are made: one alone loses whatever differs in more bits than are flipped.
    """
    wide = 16 if bits >= 32 else min(8, bits // 2)
    return f"BHash{min(4, bits // wide)}x{wide}"


Index = BinaryIndex
