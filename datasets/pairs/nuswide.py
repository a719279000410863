"""NUS-WIDE, 195,834 photographs with tags and its 21 most frequent labels, as deep cross-modal hashing takes it.

Chua et al., "NUS-WIDE: a real-world web image database from National University of Singapore", CIVR 2009.
"""

from pathlib import Path

from datasets.errors import InputError
from datasets.lists import matlab_pairs
from datasets.pairs.base import PairSet

COUNTS = {"query": 2_100, "train": 10_500, "gallery": 193_734}
WHOLE = ("NUS-WIDE-TC21.mat", "nus-wide-tc21.mat")
PARTS = "nus-wide-tc21"


def load(root: str | Path | None, *, texts: str = "") -> PairSet:
    """The set of nus-wide-tc21-iall.mat, -yall.mat and -lall.mat; texts are 1,000 tags. Raises InputError."""
    if texts:
        raise InputError(f"--texts={texts}: nuswide has one kind of texts; leave it out")
    how = {"whole": WHOLE, "parts": PARTS, "counts": COUNTS, "title": "NUS-WIDE"}
    return matlab_pairs.load(root, name="nuswide", **how)
