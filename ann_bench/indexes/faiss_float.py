"""faiss_float: whatever Faiss builds over float rows from a factory string, "OPQ16_64,IMI2x8,PQ16" or "HNSW32"."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import faiss
import numpy as np

from ann_bench.factory import faiss_abilities, faiss_additive, faiss_gpus, faiss_grids, faiss_parts, faiss_size
from ann_bench.indexes import base
from ann_bench.indexes.base import Estimate, Value
from datasets.attributes.condition import Condition
from datasets.errors import InputError

MERGED = "merged.faiss"  # in a folder of shards, the index over the lists that lie beside it

_GRAPH_ROWS = 100  # Faiss tries its graph of the nearest on so many
_LOOKED_AT = 2000  # rows that an NSG is looked at for copies
_POINTS = 256  # training rows a centroid; Faiss uses no more
_FEWEST_POINTS = 39  # fewer, and Faiss warns
_MOST_TRAINING_ROWS = 1 << 18  # except where that would be fewer than the fewest a centroid


class FaissFloat(base.Index):
    """A Faiss index by its factory string (https://github.com/facebookresearch/faiss/wiki/The-index-factory).

    ``efConstruction=N`` may stand at the end of the string and holds for every HNSW in it, as in
    "HNSW32,efConstruction=200"; without it Faiss builds with 40. "NNDescent32" is ours: Faiss has no string for it.
    """

    metrics: ClassVar[tuple[str, ...]] = ("euclidean", "inner_product", "angular")
    on_gpus: ClassVar[bool] = True
    maps: ClassVar[bool] = True

    def __init__(self, build: str, **given: object) -> None:
        super().__init__(build, **given)
        self._factory, self._ef_construction = _split(build)
        self._coarse = faiss_parts.coarse(self._factory)
        if self.metric == "inner_product" and "IMI" in self._factory:
            raise InputError(f"--build={build}: IMI has no inner_product in Faiss, only euclidean and angular; use IVF")
        self._twin = self._make(faiss_parts.twin(self._factory))
        self._at_once = faiss_parts.takes_all_at_once(self._twin)
        self._check()
        defaults = faiss_parts.tunes(self._twin)
        self.tunes = {name: least for name, (least, _) in defaults.items()}
        self._defaults = {name: default for name, (_, default) in defaults.items()}
        self.exact_distances = faiss_parts.exact_distances(self._twin)
        self._index: faiss.Index | None = None
        self._whole: np.ndarray | None = None  # rows of an index that takes them only all at once
        self._filled = 0
        self._changing = False
        self._given = 0  # numbers given to rows, also to those that are no longer there
        self._tuned = object()  # another one whenever the index searches otherwise
        self._can()

    def _can(self) -> None:
        """What it can do besides finding the nearest; on GPUs nothing of it."""
        here = self.shared = not self.gpus
        self.filters = "rows" if here and faiss_abilities.selects(self._twin) else ""
        self.ranges = here and faiss_abilities.finds_ranges(self._twin)
        self.changes = here and faiss_abilities.removes(self._twin)
        self.grows = here and not self._at_once

    def _check(self) -> None:
        """Raises InputError for what Faiss would only stumble over while it builds."""
        parts = list(faiss_parts.inside(self._twin))
        if any(isinstance(part, faiss.IndexIDMap) for part in parts):
            raise InputError(f"--build={self.build}: leave IDMap out; rows are numbered from 0 as it is")
        links = faiss_parts.graph_links(self._twin)
        if links is not None and links < 2 or re.search(r"(IVF|\dx)0+(\D|$)", self._factory):
            raise InputError(f"--build={self.build}: takes at least 2 links a row, 1 list and 1 bit a code")
        if self._at_once and self.count <= _GRAPH_ROWS:
            kind = "NSG" if faiss_parts.is_nsg(self._twin) else "NNDescent"
            few = f"needs more than {_GRAPH_ROWS} rows, the gallery has {self.count}"
            raise InputError(f"--build={self.build}: {kind} {few}")
        if self._centroids > self.count:
            few = f"has {self._centroids} centroids to find, but the gallery only {self.count} rows"
            raise InputError(f"--build={self.build}: {few}; ask for fewer, or use more rows")
        misfit = faiss_parts.misfit(self._twin, self.count)
        if misfit:
            raise InputError(f"--build={self.build}: {misfit}")
        has_hnsw = any(isinstance(part, faiss.IndexHNSW) for part in parts)
        if self._ef_construction and not has_hnsw:
            raise InputError(f"--build={self.build}: efConstruction is for HNSW, which is not in it; leave it out")
        if self.gpus:
            faiss_gpus.check_gpus(self.gpus)

    @property
    def _centroids(self) -> int:
        """The most centroids that any k-means of it has to find; 0 where there is none."""
        own = faiss_parts.codebook_centroids(self._twin)
        return max(own, self._coarse.centroids if self._coarse else 0)

    @property
    def training_rows(self) -> int:
        if self._twin.is_trained:
            return 0
        centroids = max(256, self._centroids)
        if faiss_additive.learns_from_all(self._twin):
            return min(self.count, _FEWEST_POINTS * centroids)
        return min(self.count, max(min(_POINTS * centroids, _MOST_TRAINING_ROWS), _FEWEST_POINTS * centroids))

    def estimate(self) -> Estimate:
        return faiss_size.estimate(self._twin, self._coarse, self.count, self.training_rows)

    def estimate_shard(self, shards: int) -> Estimate:
        """What one of so many equal shards takes."""
        return faiss_size.estimate(self._twin, self._coarse, -(-self.count // shards), self.training_rows)

    @property
    def in_shards(self) -> bool:
        """Whether its inverted lists can be built in shards and lie on disk (ann_bench/scale/shards.py)."""
        return faiss_parts.has_plain_lists(self._twin)

    def set_threads(self, threads: int) -> None:
        faiss.omp_set_num_threads(threads)

    def train(self, sample: np.ndarray) -> None:
        self.made().train(sample)

    def add(self, rows: np.ndarray) -> None:
        index = self.made()
        if self._changing:
            index.add_with_ids(rows, np.arange(self._given, self._given + len(rows)))
        elif not self._at_once:
            index.add(rows)
        self._given += len(rows)
        if not self._at_once:
            return
        if self._whole is None:
            self._whole = np.empty((self.count, self.dim), np.float32)
        self._whole[self._filled : self._filled + len(rows)] = rows
        self._filled += len(rows)

    def finish(self) -> None:
        if self._whole is not None:
            few = self._whole[:: max(1, self._filled // _LOOKED_AT)]
            if faiss_parts.is_nsg(self._twin) and len(np.unique(few, axis=0)) < len(few) / 2:
                raise InputError(f"--build={self.build}: Faiss never ends an NSG over rows of which most are the same")
            self.made().add(self._whole[: self._filled])
            self._whole = None

    def made(self) -> faiss.Index:
        """The Faiss index itself, made when it is first needed: an empty one can be large."""
        if self._index is None:
            self._index = self._make(self._factory)
            self._kept = faiss_parts.prepare(self._index, seed=self.seed, ef_construction=self._ef_construction)
            self._become(faiss_abilities.numbered(self._index) if self._changing else self._index)
        return self._index

    def _make(self, factory: str) -> faiss.Index:
        try:
            return faiss_parts.make(factory, self.dim, self.metric)
        except InputError as error:
            reason = str(error).replace(factory, self._factory)
            raise InputError(f"--build={self.build}: Faiss refuses it: {reason}") from None

    def _become(self, index: faiss.Index) -> None:
        self._index = faiss_gpus.to_gpus(index, self.gpus) if self.gpus else index

    def save(self, path: Path) -> None:
        faiss.write_index(faiss.index_gpu_to_cpu(self.made()) if self.gpus else self.made(), str(path))

    def load(self, path: Path) -> None:
        """``path`` may also be the folder of a merged index (ann_bench/scale/shards.py)."""
        file = path / MERGED if path.is_dir() else path
        self._become(faiss.read_index(str(file), faiss.IO_FLAG_ONDISK_SAME_DIR))
        self._given = self._index.ntotal

    def map(self, path: Path) -> None:
        self._become(faiss.read_index(str(path), faiss_parts.mapping(self._twin)))

    def check_search(self, search: Mapping[str, Value]) -> None:
        super().check_search(search)
        faiss_parts.check_query_bits(search.get("qb", 0))

    def tune(self, **search: Value) -> None:
        self.check_search(search)
        for name, value in {**self._defaults, **search}.items():
            most = self._index.ntotal if name.endswith("search_L") else value  # with more, Faiss searches for ever
            faiss_parts.tune(self._index, name, min(value, most))
        self._tuned = object()

    def find(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Neighbors (n, k), and distances (n, k) where they are the metric's own: what codes guess is not given out."""
        if self._at_once and k > self._index.ntotal:
            return self._search_all(queries, k)
        found, neighbors = self._index.search(queries, k)
        return neighbors, found if self.exact_distances else None

    def passing(self, condition: Condition, rows: np.ndarray) -> faiss_abilities.Passing:
        return faiss_abilities.Passing.of(rows)

    def find_passing(
        self, queries: np.ndarray, k: int, passing: faiss_abilities.Passing
    ) -> tuple[np.ndarray, np.ndarray | None]:
        if passing.tuned is not self._tuned:
            passing.parameters = faiss_abilities.parameters(self._index, passing.selector)
            passing.tuned = self._tuned
        found, neighbors = self._index.search(queries, k, params=passing.parameters)
        return neighbors, found if self.exact_distances else None

    def find_within(self, queries: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
        how = faiss_abilities.ranged(self._index)
        reach = faiss_abilities.reach(self._twin.metric_type, self.metric, radius)
        ends, _, ids = self._index.range_search(queries, reach, params=how)
        return ends.astype(np.int64), ids

    def expect_changes(self) -> None:
        self._changing = self.changes

    def remove(self, rows: np.ndarray) -> None:
        going = np.zeros(self._given, bool)
        going[rows] = True
        gone = faiss_abilities.Passing.of(going)
        self._index.remove_ids(gone.selector)

    def serving(self, path: Path, search: Mapping[str, Value], k: int) -> str:
        given = f"{str(path / MERGED)!r}, faiss.IO_FLAG_ONDISK_SAME_DIR" if path.is_dir() else repr(str(path))
        lines = ["import faiss", f"index = faiss.read_index({given})", *faiss_abilities.tuning(self._twin, search)]
        return "\n".join([*lines, f"distances, rows = index.search(queries, {k})"])

    def _search_all(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray | None]:
        """For a graph of fewer than k rows: in an NSG Faiss would search for ever, an NNDescent it refuses."""
        neighbors, distances = self.find(queries, there := self._index.ntotal)
        missing, far = ((0, 0), (0, k - there)), np.inf if self._twin.metric_type == faiss.METRIC_L2 else -np.inf
        neighbors = np.pad(neighbors, missing, constant_values=-1)
        return neighbors, None if distances is None else np.pad(distances, missing, constant_values=far)

    def in_metric(self, distances: np.ndarray) -> np.ndarray:
        distances = faiss_parts.without_missing(distances)
        if self._twin.metric_type == faiss.METRIC_INNER_PRODUCT:
            return distances if self.metric == "inner_product" else 1 - distances
        if self.metric == "angular":  # half the square between unit rows
            return distances / 2
        return np.sqrt(distances)


def _split(build: str) -> tuple[str, int]:
    """The factory string and efConstruction, 0 where it is not given."""
    factory, _, setting = build.replace(" ", "").partition(",efConstruction=")
    if "efConstruction" in build and not re.fullmatch(r"[1-9]\d{0,5}", setting):
        raise InputError(f"--build={build}: efConstruction=N stands at the end, with a whole number from 1 up")
    return factory, int(setting or 0)


grids = faiss_grids.grids
Index = FaissFloat
