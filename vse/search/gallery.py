"""Gallery: the embeddings of images to search, read from a vectors file of the network that searches."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet
from embedding.engine import kept

NETWORK = "network"  # attribute of a vectors file: the fingerprint of the network that made it


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


def fingerprint(run: Path) -> str:
    """A short hash of the best network of a run, to tell two apart."""
    return kept.network_of(run / "best")


def of_run(run: Path, *, dim: int) -> Gallery:
    """The test images of a run; raises InputError where it has not come to their embeddings yet."""
    return _gallery(vectors_of(run, dim=dim), run / vectors_file.NAME)


def of_file(path: Path, run: Path, *, dim: int) -> Gallery:
    """The gallery of a vectors file, or of a run folder, made by the best network of ``run``, where the file tells.

    Raises InputError, which names --vectors, where another network made it.
    """
    file = vectors_file.file_of(path)
    found = _checked(vectors_file.load(file), f"--vectors={path}", dim)
    if _made_by_another(found, run):
        raise InputError(f"--vectors={path}: another network than that of {run} has made it; name a file of this one")
    return _gallery(found, file)


def vectors_of(run: Path, *, dim: int) -> VectorSet:
    """The vectors file of a run: test images, and their captions as queries."""
    file = run / vectors_file.NAME
    if not file.exists():
        raise InputError(f"{file} is not there, which a run writes at its end: let it end, or name --images=FOLDER")
    found = _checked(vectors_file.load(file), str(file), dim)
    if _made_by_another(found, run):
        raise InputError(f"{file}: an earlier network of this run has made it, which was trained on: let it end")
    return found


def _made_by_another(found: VectorSet, run: Path) -> bool:
    return NETWORK in found.attrs and found.attrs[NETWORK] != fingerprint(run)


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
