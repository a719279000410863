"""SfM-120k, pictures of some 700 3D models with pairs that show the same place, to train on (Radenovic et al. 2018)."""

from pathlib import Path

from datasets.images.base import ImageSet
from datasets.landmarks import sfm

SPLITS = sfm.SPLITS


def load(root: str | Path | None, *, boxes: bool = False, split: str = "") -> ImageSet:
    """The set of ``retrieval-SfM-120k.pkl``; see ``sfm.load`` for where it lies, its splits and what it raises."""
    return sfm.load(root, name="sfm120k", title="retrieval-SfM-120k", boxes=boxes, split=split or sfm.TUPLES)
