"""Images to mine for new categories: their vectors and paths and, where there are any, labels to judge by."""

from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError
from datasets.vectors import rows
from datasets.vectors.base import VectorSet
from embedding.categories.known import Known, known_classes


@dataclass(frozen=True)
class Unlabelled:
    """N images.

    vectors : (N, D); paths : N names of images
    labels : (N,) int64, positions in ``class_names`` where those are given; None where nobody knows
    """

    title: str
    vectors: np.ndarray
    paths: tuple[str, ...]
    labels: np.ndarray | None
    class_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.vectors)

    def class_name(self, label: int) -> str:
        """What to call a true class."""
        return name_of(self.class_names, label)


def name_of(class_names: tuple[str, ...], label: int) -> str:
    """The name of a class, or its number where it has none."""
    return class_names[label] if class_names else f"class {label}"


def unlabelled(found: VectorSet) -> Unlabelled:
    """The gallery of a vectors file; raises InputError where it cannot be mined."""
    _check(found)
    if not found.gallery_paths:
        raise InputError(f"vectors {found.name} have no paths of images; write them with scripts/extract.py")
    return Unlabelled(found.name, _float32(found), found.gallery_paths, found.gallery_labels, found.class_names)


def known_of(found: VectorSet) -> Known:
    """The gallery of a vectors file as known classes; raises InputError where it has none, or as above."""
    _check(found)
    if found.gallery_labels is None:
        raise InputError(f"vectors {found.name} have no labels: known classes need them; extract a labelled set")
    return known_classes(_float32(found), found.gallery_labels)


def _float32(found: VectorSet) -> np.ndarray:
    """The gallery, copied where it is of a smaller type."""
    return rows.prepared(found.gallery, "euclidean")


def _check(found: VectorSet) -> None:
    if found.metric == "hamming":
        raise InputError(f"vectors {found.name} are binary codes: mine the embeddings that they were made of")
    if not len(found.gallery):
        raise InputError(f"vectors {found.name} are empty: extract some images")
    if found.gallery_labels is not None and found.gallery_labels.ndim == 2:
        raise InputError(f"vectors {found.name} have several labels an image: mine images of one class each")
    found.check_finite()


def hold_out(images: Unlabelled, count: int, *, seed: int = 0) -> tuple[Unlabelled, Known]:
    """The images of ``count`` classes, drawn at random, and all others as known classes; labels are kept to judge by.

    Raises InputError where there are no labels, or too few classes.
    """
    if images.labels is None:
        raise InputError(f"--hold-out={count}: vectors {images.title} have no labels to hide")
    classes = np.unique(images.labels)
    if not 2 <= count <= len(classes) - 2:
        raise InputError(
            f"--hold-out={count}: of {len(classes)} classes in {images.title}, at least 2 must be hidden and 2 known"
        )
    hidden = np.isin(images.labels, np.random.default_rng((seed, 0)).permutation(classes)[:count])
    rows = np.flatnonzero(hidden)
    left = Unlabelled(
        f"{images.title}, {count} of {len(classes)} classes",
        images.vectors[rows],
        tuple(images.paths[row] for row in rows),
        images.labels[rows],
        images.class_names,
    )
    return left, known_classes(images.vectors[~hidden], images.labels[~hidden])
