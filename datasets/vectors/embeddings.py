"""Embeddings: images as vectors, a row an image, with their labels, names and, where known, cameras."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Embeddings:
    """Images as vectors.

    vectors : (N, D) float32, a row an image
    labels : (N,) int64, or (N, L) bool where an image may show several concepts
    paths : N names of images: a path, or the set's name and the row ("glyphs[12]")
    cameras : (N,) int64, the camera of each image, where images of a query's own class and camera are not asked for;
        or None
    """

    vectors: np.ndarray
    labels: np.ndarray
    paths: tuple[str, ...]
    cameras: np.ndarray | None = None

    def __post_init__(self) -> None:
        check_rows("embeddings", self.vectors, self.labels, self.paths)
        check_numbers("cameras of embeddings", self.cameras, len(self.vectors))

    def __len__(self) -> int:
        return len(self.vectors)

    def take(self, rows: np.ndarray) -> "Embeddings":
        """Those of ``rows``, in their order."""
        cameras = None if self.cameras is None else self.cameras[rows]
        return Embeddings(self.vectors[rows], self.labels[rows], tuple(self.paths[row] for row in rows), cameras)


def check_rows(
    part: str,
    vectors: np.ndarray,
    labels: np.ndarray | None,
    paths: Sequence[str] | None,
    *,
    classes: int = 0,
    dtypes: tuple[str, ...] = ("float32",),
) -> None:
    """Raises ValueError where labels or paths, as far as there are any, do not fit the vectors (N, D)."""
    if vectors.ndim != 2 or vectors.dtype not in dtypes:
        raise ValueError(f"{part} must be (N, D) {' or '.join(dtypes)}, not {vectors.shape} {vectors.dtype}")
    if paths is not None and len(paths) != len(vectors):
        raise ValueError(f"{part} has {len(vectors)} rows, but {len(paths)} paths")
    if labels is not None and labels.ndim == 2:
        _check_concepts(part, labels, len(vectors), classes)
        return
    check_numbers(f"labels of {part}", labels, len(vectors))
    if labels is not None and classes and len(labels) and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(f"labels of {part} run from {labels.min()} to {labels.max()}, but there are {classes} classes")


def _check_concepts(part: str, labels: np.ndarray, count: int, classes: int) -> None:
    width = classes or labels.shape[1]
    if labels.shape != (count, width) or labels.dtype != bool:
        raise ValueError(f"labels of {part} must be ({count}, {width}) bool, not {labels.shape} {labels.dtype}")


def check_numbers(name: str, values: np.ndarray | None, count: int) -> None:
    """Raises ValueError where ``values``, if there are any, are not (count,) int64."""
    if values is not None and (values.shape != (count,) or values.dtype != np.int64):
        raise ValueError(f"{name} must be ({count},) int64, not {values.shape} {values.dtype}")
