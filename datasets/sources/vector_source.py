"""Source: where a set of vectors comes from, in words that fit into a command line and a JSON file."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from datasets import vectors
from datasets.errors import InputError
from datasets.stored import from_file
from datasets.vectors.base import VectorSet

_FROM_FILE = "from_file"
_ROOT = Path("data")


@dataclass(frozen=True, kw_only=True)
class Source:
    """Everything that ``load`` needs, so that another process gets the same set; files may be given as text.

    What is not the whole set under its own metric has a name of its own: "photo_sift-angular-5000-q10".
    """

    data: str = "photo_sift"
    """Set of vectors (python -m ann_bench list shows them), or a file: HDF5, fvecs, bvecs, fbin, u8bin, i8bin, npy,
    parquet, csv, txt; or a folder: of a run, or with train.parquet."""
    data_path: Path | None = None
    """Folder that holds a named set, or is to hold it (data if not given); the file itself for --data=from_file."""
    queries: Path | None = None
    """File of the queries, where --data is a file without any; else 1,000 rows of the gallery ask for the others."""
    truth: Path | None = None
    """File of the true neighbors (ivecs, ibin, bin, npy, parquet); they are computed where there is none."""
    metric: str = ""
    """euclidean (l2), inner_product (ip, dot), angular (cosine), hamming (packed codes); the set's own if not given."""
    rows: int = 0
    """Only the first so many gallery rows; 0 is all."""
    max_queries: int = 0
    """Only the first so many queries; 0 is all."""

    def load(self) -> VectorSet:
        """The set. Raises InputError naming the file or the flag."""
        for flag, value in (("rows", self.rows), ("max-queries", self.max_queries)):
            if value < 0:
                raise InputError(f"--{flag}={value}: must be at least 0, which is all")
        return _cut_queries(_cut_gallery(self._whole(), self.rows), self.max_queries)

    def _whole(self) -> VectorSet:
        if self.data == _FROM_FILE:
            if self.data_path is None:
                raise InputError(f"--data={_FROM_FILE}: name the file of the vectors by --data-path")
            return self._of_file(Path(self.data_path))
        if self.data in vectors.names():
            return self._of_name()
        path = Path(self.data)
        if path.exists():
            return self._of_file(path)
        if path.suffix or len(path.parts) > 1:
            raise InputError(f"--data={self.data}: there is no such file or folder")
        return vectors.get(self.data)  # which is unknown, and says so

    def _of_file(self, path: Path) -> VectorSet:
        return from_file.load(path, queries=self.queries, truth=self.truth, metric=self.metric or None)

    def _of_name(self) -> VectorSet:
        for flag, value in (("queries", self.queries), ("truth", self.truth)):
            if value is not None:
                raise InputError(f"--{flag}={value}: {self.data} has its own; the flag is for a file of vectors")
        found = vectors.get(self.data).load(Path(self.data_path) if self.data_path else _ROOT)
        return from_file.with_metric(found, self.metric)


def _cut_gallery(whole: VectorSet, count: int) -> VectorSet:
    """The first ``count`` gallery rows under a name of their own, without the neighbors, which were those among all."""
    if not 0 < count < len(whole.gallery):
        return whole
    own = whole.own_rows
    return replace(
        whole,
        name=f"{whole.name}-{count}",
        gallery=whole.gallery[:count],
        neighbors=None,
        distances=None,
        gallery_labels=_first(whole.gallery_labels, count),
        gallery_paths=whole.gallery_paths[:count],
        query_rows=np.where(own < count, own, -1),
        attrs={**whole.attrs, "leave_one_out": False, "rows_before_cut": len(whole.gallery)},
        gallery_cameras=_first(whole.gallery_cameras, count),
        pairs=None,
    )


def _cut_queries(whole: VectorSet, count: int) -> VectorSet:
    """The first ``count`` queries, likewise, with their neighbors."""
    if not 0 < count < len(whole.queries):
        return whole
    return replace(
        whole,
        name=f"{whole.name}-q{count}",
        queries=whole.queries[:count],
        neighbors=_first(whole.neighbors, count),
        distances=_first(whole.distances, count),
        query_labels=_first(whole.query_labels, count),
        query_paths=whole.query_paths[:count],
        query_rows=whole.own_rows[:count],
        attrs={**whole.attrs, "leave_one_out": False, "queries_before_cut": len(whole.queries)},
        query_cameras=_first(whole.query_cameras, count),
    )


def _first(values: np.ndarray | None, count: int) -> np.ndarray | None:
    return None if values is None else values[:count]
