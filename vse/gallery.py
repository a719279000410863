"""Gallery: the embeddings of images to search, read from a vectors file of the network that searches."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.vectors import file as vectors_file
from datasets.vectors.base import VectorSet

VECTORS = "vectors.h5"


@dataclass(frozen=True)
class Gallery:
    """Images to search.

    name : of the set or the folder
    vectors : (N, D) float32, unit rows, in memory or mapped from ``file``
    paths : N names of images
    file : where the vectors are kept
    """

    name: str
    vectors: np.ndarray
    paths: tuple[str, ...]
    file: Path

    def __len__(self) -> int:
        return len(self.vectors)


def of_run(run: Path, *, dim: int) -> Gallery:
    """The test images of a run; raises InputError where it has not come to their embeddings yet."""
    return _gallery(vectors_of(run, dim=dim), run / VECTORS)


def of_file(path: Path, *, dim: int) -> Gallery:
    """The gallery of a vectors file, or of another run folder; raises InputError, which names --vectors."""
    file = path / VECTORS if path.is_dir() else path
    return _gallery(_checked(vectors_file.load(file), f"--vectors={path}", dim), file)


def vectors_of(run: Path, *, dim: int) -> VectorSet:
    """The vectors file of a run: test images, and their captions as queries."""
    file = run / VECTORS
    if not file.exists():
        raise InputError(f"{file} is not there, which a run writes at its end: let it end, or name --images=FOLDER")
    return _checked(vectors_file.load(file), str(file), dim)


def _checked(found: VectorSet, what: str, dim: int) -> VectorSet:
    """``found``, where a network of so many dimensions can have made it."""
    if found.metric == "hamming":
        raise InputError(f"{what}: holds codes of bits, not embeddings: name a file that the run's network has made")
    if found.dim != dim:
        sizes = f"has vectors of {found.dim} numbers, the run's network gives {dim}"
        raise InputError(f"{what}: {sizes}; name a file that this network has made")
    if not len(found.gallery):
        raise InputError(f"{what}: holds no image")
    found.check_finite()
    return found


def _gallery(found: VectorSet, file: Path) -> Gallery:
    paths = found.gallery_paths or tuple(f"{found.name}[{row}]" for row in range(len(found.gallery)))
    return Gallery(found.name, found.gallery, paths, file)
