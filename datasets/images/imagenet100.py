"""ImageNet-100, the images of 100 classes of ILSVRC 2012 by the lists of HashNet (Cao et al. 2017).

Queries are images of the official validation part; the gallery is all training images of these classes, among them
those that train. The paper speaks of 100 training images a class, its lists have 130.
"""

from pathlib import Path

from datasets.images.base import ImageSet
from datasets.lists import label_lists

COUNTS = {"train": (13_000, 100), "query": (5_000, 100), "gallery": (128_503, 100)}
SOURCE = "lists and images come from https://github.com/thuml/HashNet (pytorch/data/imagenet)"


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The set in the folder ``root``, or in the folder imagenet within it, where its lists stand.

    Raises InputError naming the folder, or the list and its line.
    """
    return label_lists.published(
        root, name="imagenet100", inner="imagenet", title="ImageNet-100", counts=COUNTS, source=SOURCE, boxes=boxes
    )
