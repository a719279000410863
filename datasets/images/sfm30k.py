"""SfM-30k, a part of the pictures of SfM-120k; published are its pairs for whitening (Radenovic et al. 2016)."""

from pathlib import Path

from datasets.images.base import ImageSet
from datasets.landmarks import sfm

SPLITS = (sfm.WHITEN, sfm.TUPLES)


def load(root: str | Path | None, *, boxes: bool = False, split: str = "") -> ImageSet:
    """The set of ``retrieval-SfM-30k-whiten.pkl``, or by "tuples" of ``retrieval-SfM-30k.pkl``; see ``sfm.load``."""
    return sfm.load(root, name="sfm30k", title="retrieval-SfM-30k", boxes=boxes, split=split or sfm.WHITEN)
