"""NUS-WIDE-81, photographs with the 81 concepts of NUS-WIDE (Chua et al. 2009), by the lists of HashNet.

Some images show none of the concepts: they are relevant to no query, and queries of that kind find nothing. How many
images are left for the gallery depends on how many of Flickr's could be had, so that its count is not checked.
"""

from pathlib import Path

from datasets.images.base import ImageSet
from datasets.lists import label_lists

COUNTS = {"train": (10_000, 81), "query": (5_000, 81)}
SOURCE = "lists and images come from https://github.com/thuml/HashNet (pytorch/data/nuswide_81)"


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The set in the folder ``root``, or in the folder nuswide_81 within it, where its lists stand.

    Raises InputError naming the folder, or the list and its line.
    """
    return label_lists.published(
        root, name="nuswide81", inner="nuswide_81", title="NUS-WIDE-81", counts=COUNTS, source=SOURCE, boxes=boxes
    )
