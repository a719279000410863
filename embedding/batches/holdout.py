"""Training classes held out: not trained on, they choose the best checkpoint."""

import numpy as np

from datasets.images.base import ImageSet


def hold_out_classes(images: ImageSet, share: float, seed: int) -> ImageSet:
    """The train part of ``images`` split by class: ``share`` of the classes, at least 2 or none, become the queries."""
    labels = images.labels[images.train]
    classes = np.random.default_rng((seed, 0)).permutation(np.unique(labels))
    count = min(max(2, round(share * len(classes))), len(classes) - 2) if share else 0
    held = classes[: count if count >= 2 else 0]  # two at least on either side, or there is nothing to tell apart
    is_held = np.isin(labels, held)
    asked = images.train[is_held]
    return images.with_split(train=images.train[~is_held], query=asked, gallery=asked)


def hold_out_images(images: ImageSet, share: float, seed: int) -> ImageSet:
    """The train part of ``images`` split at random: ``share`` of its images become queries, to be found in the rest.

    For sets that are tested on the classes that they train on.
    """
    order = np.random.default_rng((seed, 0)).permutation(images.train)
    held, rest = np.split(order, [min(round(share * len(order)), len(order) - 2)])
    return images.with_split(train=np.sort(rest), query=np.sort(held), gallery=np.sort(rest))
