"""VectorSet: queries with the gallery they are searched in, and what is known of both."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from datasets.errors import InputError
from datasets.images.base import Pairs
from datasets.vectors import exact, rows
from datasets.vectors.embeddings import Embeddings as Embeddings
from datasets.vectors.embeddings import check_numbers, check_rows
from datasets.vectors.metric_names import METRICS

_DTYPES = ("float32", "float16", "uint8", "int8")
_HASHED_BYTES = 1 << 27  # up to here a fingerprint reads all rows
_HASHED_ROWS = 4096  # beyond, so many of them
_BLOCK_BYTES = 1 << 26


@dataclass(frozen=True, eq=False)
class VectorSet:
    """Queries and the gallery they are searched in.

    metric : euclidean, inner_product, angular or hamming
    gallery (G, D), queries (Q, D) : float32, float16, uint8 or int8, in memory or mapped from a file; packed uint8
        codes where metric is hamming. In leave-one-out they are the same array, and no query may find itself
    neighbors, distances : (Q, k) int64 and float32, the true nearest gallery rows, nearest first, or None. A set whose
        publication gives only the ids has no distances; truth.with_truth computes them
    query_rows : (Q,) int64, the gallery row that each query is and must not find, -1 for none; or None
    gallery_labels, query_labels : (G,), (Q,) int64, positions in ``class_names`` where those are given; or (G, L),
        (Q, L) bool, which of the L concepts in ``class_names`` an image shows; or None
    gallery_paths, query_paths : G and Q names of images, or empty
    attrs : whatever else the file should tell: strings, numbers, lists of numbers
    gallery_cameras, query_cameras : (G,), (Q,) int64 as in Embeddings, or None
    pairs : the pairs of gallery rows by which the set is judged, in place of the queries, or None
    gallery_trained : (G,) int64, 1 where the image was trained on, else 0; or None where nobody knows
    query_activations : (Q, bits) float32, what the queries' bits were made from, where codes are of one-hot blocks and
        looked up by it; or None
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
    query_rows: np.ndarray | None = None
    gallery_cameras: np.ndarray | None = None
    query_cameras: np.ndarray | None = None
    pairs: Pairs | None = None
    gallery_trained: np.ndarray | None = None
    query_activations: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise ValueError(f"metric '{self.metric}' is none of {', '.join(METRICS)}")
        kinds = {"classes": len(self.class_names), "dtypes": _DTYPES}
        check_rows("gallery", self.gallery, self.gallery_labels, self.gallery_paths or None, **kinds)
        check_rows("queries", self.queries, self.query_labels, self.query_paths or None, **kinds)
        if self.queries.shape[1] != self.gallery.shape[1]:
            raise ValueError(f"queries have {self.queries.shape[1]} dimensions, the gallery {self.gallery.shape[1]}")
        if self.leave_one_out and self.queries.shape != self.gallery.shape:
            raise ValueError("in leave-one-out the queries must be the gallery")
        if self.metric == "hamming" and not self.queries.dtype == self.gallery.dtype == np.uint8:
            raise ValueError(f"hamming takes packed uint8 codes, not {self.queries.dtype} and {self.gallery.dtype}")
        kinds_of_labels = {part.shape[1:] for part in (self.query_labels, self.gallery_labels) if part is not None}
        if len(kinds_of_labels) > 1:
            raise ValueError(
                f"labels of queries {self.query_labels.shape} and gallery {self.gallery_labels.shape} differ"
            )
        self._check_ids("query_rows", self.query_rows, (len(self.queries),))
        check_numbers("cameras of gallery", self.gallery_cameras, len(self.gallery))
        check_numbers("cameras of queries", self.query_cameras, len(self.queries))
        check_numbers("gallery_trained", self.gallery_trained, len(self.gallery))
        self._check_activations()
        if self.pairs is not None:
            self._check_ids("pairs", self.pairs.rows, self.pairs.rows.shape)
        self._check_neighbors()

    def _check_activations(self) -> None:
        found, shape = self.query_activations, (len(self.queries), self.dim)
        if found is not None and (self.metric != "hamming" or found.shape != shape or found.dtype != np.float32):
            raise ValueError(f"query_activations must be {shape} float32, of codes, not {found.shape} {found.dtype}")

    def _check_neighbors(self) -> None:
        if self.neighbors is None:
            if self.distances is not None:
                raise ValueError("'neighbors' is missing")
            return
        shape = self.neighbors.shape if self.distances is None else self.distances.shape
        if self.neighbors.ndim != 2 or len(self.neighbors) != len(self.queries) or self.neighbors.shape != shape:
            both = "" if self.distances is None else f" and distances {shape}"
            raise ValueError(f"neighbors {self.neighbors.shape}{both} do not fit {len(self.queries)} queries")
        self._check_ids("neighbors", self.neighbors, self.neighbors.shape)

    def _check_ids(self, name: str, ids: np.ndarray | None, shape: tuple[int, ...]) -> None:
        if ids is None:
            return
        if ids.shape != shape or ids.dtype != np.int64:
            raise ValueError(f"{name} must be {shape} int64, not {ids.shape} {ids.dtype}")
        if ids.size and not -1 <= ids.min() <= ids.max() < len(self.gallery):
            odd = ids.min() if ids.min() < -1 else ids.max()
            raise ValueError(f"{name} name row {odd}, the gallery has {len(self.gallery)}")

    @property
    def dim(self) -> int:
        """D; in bits where metric is hamming."""
        return self.gallery.shape[1] * (8 if self.metric == "hamming" else 1)

    @property
    def leave_one_out(self) -> bool:
        """Whether every query is searched in the gallery that it is itself part of."""
        return bool(self.attrs.get("leave_one_out", False))

    @property
    def own_rows(self) -> np.ndarray:
        """(Q,) the gallery row that is the query itself and must not be found, -1 where there is none."""
        if self.leave_one_out:
            return np.arange(len(self.queries))
        if self.query_rows is not None:
            return self.query_rows
        return exact.own_rows(self.query_paths or ("",) * len(self.queries), self.gallery_paths)

    def fingerprint(self) -> str:
        """16 hexadecimal digits that tell this set from others.

        Of metric, shapes, dtypes, vectors, labels, and the rows that queries are not to find.

        Where the gallery, or the queries, take more than 128 MiB, 4,096 evenly spaced rows stand for all of them: two
        large files that differ in a few rows only may share a fingerprint, but it costs no reading of 384 GB.
        """
        digest = hashlib.sha256(self.metric.encode())
        for vectors in (self.gallery,) if self.queries is self.gallery else (self.gallery, self.queries):
            digest.update(json.dumps([vectors.shape, str(vectors.dtype)]).encode())
            if vectors.nbytes > _HASHED_BYTES:
                vectors = rows.take(vectors, np.linspace(0, len(vectors) - 1, _HASHED_ROWS).astype(np.int64))
            for _, block in _blocks(vectors):
                digest.update(block)
        own = self.own_rows
        if (own >= 0).any():
            digest.update(np.ascontiguousarray(own))
        if self.leave_one_out:
            digest.update(b"leave_one_out")
        for part in ("gallery_labels", "query_labels"):
            labels = getattr(self, part)
            if labels is not None:
                digest.update(part.encode())
                digest.update(np.ascontiguousarray(labels))
        return digest.hexdigest()[:16]

    def check_finite(self) -> None:
        """Raises InputError with the number of rows that are not finite, squared, and the first; reads all in blocks.

        The gallery first: where some of its rows are the queries, a row has the number that it has in the file.
        """
        for part in ("gallery", "queries"):
            vectors = getattr(self, part)
            if vectors.dtype.kind != "f" or part == "queries" and vectors is self.gallery:
                continue
            # Sums of squares are compared everywhere: what overflows them is as good as infinite.
            finite = [
                np.isfinite(np.einsum("nd,nd->n", block, block, dtype=np.float32)) for _, block in _blocks(vectors)
            ]
            bad = np.flatnonzero(~np.concatenate([np.ones(0, bool), *finite]))  # there may be no queries
            if len(bad):
                wrong = "hold NaN, infinity, or values whose squares are too large for float32"
                raise InputError(
                    f"vectors {self.name}: {len(bad):,} of {len(vectors):,} rows of the {part} {wrong}, the first is"
                    f" row {bad[0]}; mend them, scale all, or take them out"
                )

    @property
    def query_embeddings(self) -> Embeddings:
        """The queries with their labels; raises InputError where the set has none."""
        return self._embeddings("queries", self.query_labels, self.query_paths, self.query_cameras)

    @property
    def gallery_embeddings(self) -> Embeddings:
        """The gallery with its labels; raises InputError where the set has none."""
        return self._embeddings("gallery", self.gallery_labels, self.gallery_paths, self.gallery_cameras)

    def _embeddings(
        self, part: str, labels: np.ndarray | None, paths: tuple[str, ...], cameras: np.ndarray | None
    ) -> Embeddings:
        if labels is None:
            raise InputError(
                f"vectors {self.name} have no labels, so they cannot be scored; extract them by --data=folder"
            )
        vectors = getattr(self, part)
        if vectors.dtype == np.float16:
            vectors = rows.prepared(vectors, "euclidean")
        return Embeddings(vectors, labels, paths or tuple(f"{part}[{row}]" for row in range(len(vectors))), cameras)


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
        gallery_cameras=among.cameras,
        query_cameras=queries.cameras,
    )


def with_neighbors(vector_set: VectorSet, k: int = 100) -> VectorSet:
    """The same set with its min(k, size of the gallery) true nearest neighbors, none of them the query itself."""
    queries, gallery = vector_set.queries, vector_set.gallery
    exclude = vector_set.own_rows
    k = max(1, min(k, len(gallery) - bool((exclude >= 0).any())))
    neighbors, distances = exact.search(queries, gallery, k, metric=vector_set.metric, exclude=exclude)
    return replace(vector_set, neighbors=neighbors, distances=distances)


def _blocks(vectors: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    return rows.blocks(vectors, max(1, _BLOCK_BYTES // max(1, vectors.shape[1] * vectors.itemsize)))
