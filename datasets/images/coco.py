"""MS COCO 2014 (Lin et al. 2014), photographs with 80 kinds of objects, by the lists of HashNet (Cao et al. 2017).

The training and validation images that show an object at all are pooled: 5,000 ask, the others are the gallery, and
10,000 of these train.
"""

from pathlib import Path

from datasets.images.base import ImageSet
from datasets.lists import label_lists

COUNTS = {"train": (10_000, 80), "query": (5_000, 80), "gallery": (117_218, 80)}
SOURCE = (
    "lists come from https://github.com/thuml/HashNet (pytorch/data/coco), images from https://cocodataset.org"
    " (train2014.zip and val2014.zip, unpacked beside the lists)"
)


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The set in the folder ``root``, or in the folder coco within it, where its lists stand.

    Raises InputError naming the folder, or the list and its line.
    """
    return label_lists.published(
        root, name="coco", inner="coco", title="MS COCO", counts=COUNTS, source=SOURCE, boxes=boxes
    )
