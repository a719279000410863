"""Embeddings and VectorSet: images as vectors, and queries with the gallery they are searched in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from datasets import exact
from datasets.errors import InputError

METRICS = ("euclidean", "inner_product", "angular")


@dataclass(frozen=True, eq=False)
class Embeddings:
    """Images as vectors.

    vectors : (N, D) float32, a row an image
    labels : (N,) int64
    paths : N names of images: a path, or the set's name and the row ("glyphs[12]")
    """

    vectors: np.ndarray
    labels: np.ndarray
    paths: tuple[str, ...]

    def __post_init__(self) -> None:
        _check_rows("embeddings", self.vectors, self.labels, self.paths, 0)

    def __len__(self) -> int:
        return len(self.vectors)


@dataclass(frozen=True, eq=False)
class VectorSet:
    """Queries and the gallery they are searched in.

    metric : euclidean, inner_product or angular
    gallery (G, D), queries (Q, D) : float32. In leave-one-out they are the same array, and no query may find itself
    neighbors, distances : (Q, k) int64 and float32, the true nearest gallery rows, nearest first; both or none
    gallery_labels, query_labels : (G,), (Q,) int64, positions in ``class_names`` where those are given, or None
    gallery_paths, query_paths : G and Q names of images, or empty
    attrs : whatever else the file should tell: strings, numbers, lists of numbers
    """

    name: str
    metric: str
    gallery: np.ndarray
    queries: np.ndarray
    neighbors: np.ndarray | None = None
    distances: np.ndarray | None = None
    gallery_labels: np.ndarray | None = None
    query_labels: np.ndarray | None = None
    gallery_paths: tuple[str, ...] = ()
    query_paths: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()
    attrs: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise ValueError(f"metric '{self.metric}' is none of {', '.join(METRICS)}")
        classes = len(self.class_names)
        _check_rows("gallery", self.gallery, self.gallery_labels, self.gallery_paths or None, classes)
        _check_rows("queries", self.queries, self.query_labels, self.query_paths or None, classes)
        if self.queries.shape[1] != self.gallery.shape[1]:
            raise ValueError(f"queries have {self.queries.shape[1]} dimensions, the gallery {self.gallery.shape[1]}")
        if self.leave_one_out and self.queries.shape != self.gallery.shape:
            raise ValueError("in leave-one-out the queries must be the gallery")
        self._check_neighbors()

    def _check_neighbors(self) -> None:
        if self.neighbors is None and self.distances is None:
            return
        if self.neighbors is None or self.distances is None:
            raise ValueError(f"'{'neighbors' if self.neighbors is None else 'distances'}' is missing")
        if len(self.neighbors) != len(self.queries) or self.neighbors.shape != self.distances.shape:
            shapes = f"neighbors {self.neighbors.shape} and distances {self.distances.shape}"
            raise ValueError(f"{shapes} do not fit {len(self.queries)} queries")
        if self.neighbors.size and self.neighbors.max() >= len(self.gallery):
            raise ValueError(f"neighbors name row {self.neighbors.max()}, the gallery has {len(self.gallery)}")

    @property
    def leave_one_out(self) -> bool:
        """Whether every query is searched in the gallery that it is itself part of."""
        return bool(self.attrs.get("leave_one_out", False))

    @property
    def own_rows(self) -> np.ndarray:
        """(Q,) the gallery row that is the query itself and must not be found, -1 where there is none."""
        if self.leave_one_out:
            return np.arange(len(self.queries))
        return exact.own_rows(self.query_paths or ("",) * len(self.queries), self.gallery_paths)

    @property
    def query_embeddings(self) -> Embeddings:
        """The queries with their labels; raises InputError where the set has none."""
        return self._embeddings("queries", self.query_labels, self.query_paths)

    @property
    def gallery_embeddings(self) -> Embeddings:
        """The gallery with its labels; raises InputError where the set has none."""
        return self._embeddings("gallery", self.gallery_labels, self.gallery_paths)

    def _embeddings(self, part: str, labels: np.ndarray | None, paths: tuple[str, ...]) -> Embeddings:
        if labels is None:
            raise InputError(f"vectors {self.name} have no labels, so they cannot be scored; write them with labels")
        vectors = getattr(self, part)
        return Embeddings(vectors, labels, paths or tuple(f"{part}[{row}]" for row in range(len(vectors))))


def from_embeddings(
    queries: Embeddings,
    gallery: Embeddings | None,
    *,
    name: str,
    metric: str = "euclidean",
    class_names: tuple[str, ...] = (),
    attrs: Mapping[str, object] | None = None,
) -> VectorSet:
    """``queries`` in ``gallery`` as a VectorSet; gallery None is leave-one-out."""
    among = queries if gallery is None else gallery
    return VectorSet(
        name=name,
        metric=metric,
        gallery=among.vectors,
        queries=queries.vectors,
        gallery_labels=among.labels,
        query_labels=queries.labels,
        gallery_paths=among.paths,
        query_paths=queries.paths,
        class_names=class_names,
        attrs={**(attrs or {}), "leave_one_out": gallery is None},
    )


def with_neighbors(vector_set: VectorSet, k: int = 100) -> VectorSet:
    """The same set with its min(k, size of the gallery) true nearest neighbors, none of them the query itself."""
    queries, gallery = vector_set.queries, vector_set.gallery
    exclude = vector_set.own_rows
    k = max(1, min(k, len(gallery) - bool((exclude >= 0).any())))
    neighbors, distances = exact.search(queries, gallery, k, metric=vector_set.metric, exclude=exclude)
    return replace(vector_set, neighbors=neighbors, distances=distances)


def _check_rows(
    part: str, vectors: np.ndarray, labels: np.ndarray | None, paths: tuple[str, ...] | None, classes: int
) -> None:
    """Raises ValueError where labels or paths, as far as there are any, do not fit the vectors (N, D)."""
    if vectors.ndim != 2 or vectors.dtype != np.float32:
        raise ValueError(f"{part} must be (N, D) float32, not {vectors.shape} {vectors.dtype}")
    if paths is not None and len(paths) != len(vectors):
        raise ValueError(f"{part} has {len(vectors)} rows, but {len(paths)} paths")
    if labels is None:
        return
    if labels.shape != (len(vectors),) or labels.dtype != np.int64:
        raise ValueError(f"labels of {part} must be ({len(vectors)},) int64, not {labels.shape} {labels.dtype}")
    if classes and len(labels) and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(f"labels of {part} run from {labels.min()} to {labels.max()}, but there are {classes} classes")
