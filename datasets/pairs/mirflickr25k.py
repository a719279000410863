"""MIRFlickr-25k, 20,015 photographs with tags and 24 labels, as deep cross-modal hashing takes it.

Huiskes, Lew, "The MIR Flickr retrieval evaluation", ACM MIR 2008.
"""

from pathlib import Path

from datasets.errors import InputError
from datasets.lists import matlab_pairs
from datasets.pairs.base import PairSet

COUNTS = {"query": 2_000, "train": 10_000, "gallery": 18_015}
WHOLE = ("FLICKR-25K.mat", "mirflickr25k.mat")
PARTS = "mirflickr25k"


def load(root: str | Path | None, *, texts: str = "") -> PairSet:
    """The set of DCMH's FLICKR-25K.mat, or of mirflickr25k-iall.mat, -yall.mat and -lall.mat; texts are 1,386 tags.

    Raises InputError naming the file.
    """
    if texts:
        raise InputError(f"--texts={texts}: mirflickr25k has one kind of texts; leave it out")
    how = {"whole": WHOLE, "parts": PARTS, "counts": COUNTS, "title": "MIRFlickr-25k"}
    return matlab_pairs.load(root, name="mirflickr25k", **how)
