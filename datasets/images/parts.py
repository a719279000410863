"""Parts of a set: trained on some of them, judged by others."""

from collections.abc import Sequence

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet


def names(images: ImageSet) -> tuple[str, ...]:
    """The parts of a set in alphabetical order; none where it has none."""
    return tuple(sorted(set(images.parts) - {""}))


def of_parts(images: ImageSet, *, train: Sequence[str] = (), judge: Sequence[str] = ()) -> ImageSet:
    """The set where only images of the parts ``train`` train, and only queries of the parts ``judge`` ask.

    Nothing trains without ``train``; without ``judge`` all parts ask that do not train and have queries. The gallery
    stays as it is, without the images that train: photographs of other parts are there to be told from. Raises
    InputError naming the part that the set does not have, that would both train and be judged, or that has no queries,
    or an instance that stands in parts of both kinds.
    """
    both = sorted(set(train) & set(judge))
    if both:
        raise InputError(
            f"dataset {images.name}: part '{both[0]}' cannot both train and be judged; leave it out of one"
        )
    for part in (*train, *judge):
        if part not in names(images):
            known = ", ".join(names(images)) or "none"
            raise InputError(f"dataset {images.name} has no part '{part}'; its parts are: {known}")
    part_of = np.array(images.parts or [""] * len(images))
    asks = np.isin(part_of[images.query], judge) if judge else ~np.isin(part_of[images.query], train)
    rows, query = images.train[np.isin(part_of[images.train], train)], images.query[asks]
    for part in judge:
        if part not in part_of[query]:
            raise InputError(f"dataset {images.name}: its part '{part}' has no queries, so that nothing can be judged")
    _check_apart(images, rows, query)
    gallery = images.gallery[~np.isin(images.gallery, rows)]
    return images.with_split(train=rows, query=query, gallery=gallery).with_lone_in_gallery().check(alone=True)


def _check_apart(images: ImageSet, train: np.ndarray, query: np.ndarray) -> None:
    if images.several_labels:
        return
    both = np.intersect1d(images.labels[train], images.labels[query])
    if len(both):
        what = f"'{images.class_names[both[0]]}' ({len(both)} such)"
        raise InputError(f"dataset {images.name}: {what} would both train and be judged; choose other parts")
