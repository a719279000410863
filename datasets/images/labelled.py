"""Labelled, your own images with label lists: train.txt, test.txt and database.txt, of one class or several labels."""

from pathlib import Path

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.lists import label_lists


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The set of the lists in the folder ``root``, called as the folder is; see ``label_lists`` for their format.

    Raises InputError naming the folder, or the list and its line.
    """
    if root is None:
        raise InputError(
            "dataset labelled needs the folder of train.txt, test.txt and database.txt: name it by --data-path"
        )
    if not Path(root).is_dir():
        raise InputError(f"dataset labelled needs the folder of train.txt, test.txt and database.txt: {root} is none")
    return label_lists.load(Path(root), name=Path(root).resolve().name, boxes=boxes)
