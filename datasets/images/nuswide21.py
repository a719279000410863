"""NUS-WIDE-21, photographs with one or more of the 21 most frequent concepts of NUS-WIDE (Chua et al. 2009).

Asked are 100 images a concept, 500 a concept train; all but the queries are the gallery. The draw is that of the lists:
which images it took differs from one publication to the next.
"""

from pathlib import Path

from datasets.images.base import ImageSet
from datasets.lists import label_lists

COUNTS = {"train": (10_500, 21), "query": (2_100, 21), "gallery": (193_734, 21)}
SOURCE = (
    "lists come from https://github.com/swuxyj/DeepHash-pytorch (data/nuswide_21), images from"
    " https://github.com/TreezzZ/DSDH_PyTorch"
)


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The set in the folder ``root``, or in the folder nuswide_21 within it, where its lists stand.

    Raises InputError naming the folder, or the list and its line.
    """
    return label_lists.published(
        root, name="nuswide21", inner="nuswide_21", title="NUS-WIDE-21", counts=COUNTS, source=SOURCE, boxes=boxes
    )
