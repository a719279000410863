"""Flickr30k, 31,014 photographs with five captions each (Young et al. 2014), in Karpathy's split.

Older papers, VSE++'s first runs among them, train on 29,783 photographs; their scores are no like for like.
"""

from pathlib import Path

from datasets.captions.base import CaptionSet
from datasets.lists import described, karpathy, reading

COUNTS = {"train": 29_000, "dev": 1_014, "test": 1_000}
JSON = "dataset_flickr30k.json"
IMAGES = ("flickr30k-images", "flickr30k_images", "images", "Images")


def load(root: str | Path | None) -> CaptionSet:
    """The set in the folder ``root``, or in ``root/flickr30k`` or ``root/f30k``: Karpathy's JSON and the images.

    Raises InputError naming the file and the place in it, an image that is missing, or counts that are not those of
    the set.
    """
    folder = reading.folder(root, JSON, name="flickr30k", inner="f30k", source=karpathy.SOURCE)
    found = karpathy.read(folder / JSON, described.folder_of(folder, IMAGES))
    return described.as_set("flickr30k", found, counts=COUNTS, place=folder, title="Flickr30k")
