"""Gallery: the embeddings of images to search, in memory or in a vectors file of the network that searches."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet

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

    @property
    def images(self) -> ImageSet:
        """Its N pictures, row by row; one file may stand there several times."""
        rows = np.arange(len(self.paths))
        return ImageSet(self.name, self.paths, np.zeros(len(rows), np.int64), ("image",), rows[:0], rows, rows)


def of_file(path: Path, *, network: str, dim: int, whose: str) -> Gallery:
    """The gallery of a vectors file, or of a run folder, made by ``network``, where the file tells.

    whose : the network that searches, as the error calls it
    Raises InputError, which names --vectors, where another network made it.
    """
    file = vectors_file.file_of(path)
    found = checked(vectors_file.load(file), f"--vectors={path}", dim)
    if made_by_another(found, network):
        what = f"another network than that of {whose} has made it, or another pooling"
        raise InputError(f"--vectors={path}: {what}; name a file of this one, or give its flags, such as --pool=avg")
    return of_set(found, file)


def made_by_another(found: VectorSet, network: str) -> bool:
    """Whether vectors tell that another network than that of this fingerprint has made them."""
    return NETWORK in found.attrs and found.attrs[NETWORK] != network


def checked(found: VectorSet, what: str, dim: int) -> VectorSet:
    """``found``, where a network of so many dimensions can have made it; ``what`` is what an error calls it."""
    if found.metric == "hamming":
        raise InputError(f"{what}: holds codes of bits, not embeddings: name a file that the run's network has made")
    if found.dim != dim:
        sizes = f"has vectors of {found.dim} numbers, the run's network gives {dim}"
        raise InputError(f"{what}: {sizes}; name a file that this network has made")
    if not len(found.gallery):
        raise InputError(f"{what}: holds no image")
    found.check_finite()
    return found


def of_set(found: VectorSet, file: Path) -> Gallery:
    """The gallery of ``found``, which is kept in ``file``."""
    paths = found.gallery_paths or tuple(f"{found.name}[{row}]" for row in range(len(found.gallery)))
    return Gallery(found.name, found.gallery, paths, file)
