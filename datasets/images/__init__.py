"""Image sets, one file a set.

The contract: a file ``<name>.py`` offers ``load(root, *, boxes=False) -> ImageSet``. ``root`` is the folder that holds
the set as it was unpacked, or the one this stands in (None for a built-in set, which ignores it); ``boxes`` asks for
crops to the annotated boxes. What cannot be read raises ``InputError`` naming the file, and so do images that are
missing and, where a set's counts are published (``COUNTS``), counts that are others. A set's train classes and its
test classes are disjoint, unless its own publication says otherwise.

A set whose queries are told what to find one by one has ``truth``, by positions in its gallery. A query that is a crop
of a picture of the gallery is a row of its own, with the same path, so that a path may stand twice among the images. An
image that both asks and is found is one row, and junk for itself. Labels then say what may be trained on; "" is the
class of images that nobody asks for.

A set that is published with several splits names them in ``SPLITS``, and its ``load`` takes one more, ``split=""``: one
of these, or nothing for the usual one.
"""

from pathlib import Path
from types import ModuleType

from datasets import plugins
from datasets.errors import InputError

_FOLDER = plugins.Folder(__name__, kind="dataset", besides=("base", "pixels", "skipped", "truth", "parts"))

# What else these sets are called, by other programs or for one of their splits.
_ALIASES = {
    "CUB_200_2011": "cub200",
    "CUB200": "cub200",
    "CARS196": "cars196",
    "Cars196": "cars196",
    "EbayCrossClass": "sop",
    "Stanford_Online_Products": "sop",
    "SOP": "sop",
    "DeepFashionCrossClass": "inshop",
    "InShop": "inshop",
    "Stanford_Dogs": "stanford_dogs",
    "StanfordDogs": "stanford_dogs",
    "Street2Shop": "street2shop",
    "LFW": "lfw",
    "Market1501": "market1501",
    "Market-1501": "market1501",
    "DIGIX": "digix",
    "imagenet": "imagenet100",
    "imagenet_100": "imagenet100",
    "ImageNet-100": "imagenet100",
    "nuswide_21": "nuswide21",
    "nuswide_81": "nuswide81",
    "nuswide_81_m": "nuswide81",
    "COCO": "coco",
    "MSCOCO": "coco",
    "CIFAR10": "cifar10",
    "CIFAR-10": "cifar10",
    "cifar10-0": "cifar10",
    "cifar10-1": "cifar10",
    "cifar10-2": "cifar10",
    "retrieval-SfM-120k": "sfm120k",
    "retrieval-sfm-120k": "sfm120k",
    "SfM-120k": "sfm120k",
    "sfm120k-whiten": "sfm120k",
    "retrieval-SfM-30k": "sfm30k",
    "retrieval-sfm-30k": "sfm30k",
    "SfM-30k": "sfm30k",
    "sfm30k-whiten": "sfm30k",
    "Oxford5k": "oxford5k",
    "Oxford5K": "oxford5k",
    "Paris6k": "paris6k",
    "Paris6K": "paris6k",
    "ROxford5k": "roxford5k",
    "ROxford5K": "roxford5k",
    "roxford5k+1m": "roxford5k",
    "RParis6k": "rparis6k",
    "RParis6K": "rparis6k",
    "rparis6k+1m": "rparis6k",
    "Holidays": "holidays",
    "GLDv2": "gldv2",
    "google-landmarks-v2": "gldv2",
    "gldv2-all": "gldv2",
    "covers-shelf": "covers",
    "covers-posters": "covers",
    "covers-facades": "covers",
    "covers-photographs": "covers",
    "Sketchy": "sketchy",
    "sketchy-seen": "sketchy",
    "TU-Berlin": "tuberlin",
    "TUBerlin": "tuberlin",
    "tuberlin-unseen": "tuberlin",
}
# Which split such a name asks for besides.
_SPLITS = {
    "cifar10-0": "0",
    "cifar10-1": "1",
    "cifar10-2": "2",
    "roxford5k+1m": "1m",
    "rparis6k+1m": "1m",
    "sfm120k-whiten": "whiten",
    "sfm30k-whiten": "whiten",
    "gldv2-all": "all",
    "covers-shelf": "shelf",
    "covers-posters": "posters",
    "covers-facades": "facades",
    "covers-photographs": "photographs",
    "sketchy-seen": "seen",
    "tuberlin-unseen": "unseen",
}


names = _FOLDER.names


def canonical(name: str) -> str:
    """Our name of the set that other programs call ``name``; ``name`` itself where it is none of theirs."""
    return _ALIASES.get(name, name)


def split_of(name: str) -> str:
    """The split of the set that ``name`` asks for ("cifar10-1" for 1), or "" where it leaves that open."""
    return _SPLITS.get(name, "")


def asking(name: str) -> str:
    """Our name of the set that other programs call ``name``; one that asks for a split of the set stays as it is."""
    return name if split_of(name) else canonical(name)


def get(name: str) -> ModuleType:
    """The module of the image set ``name``; raises InputError with a suggestion for an unknown one, or for a folder."""
    if canonical(name) not in names() and Path(name).is_dir():
        meant = f"--data=folder --data-path={name}"
        raise InputError(f"--data={name}: is a folder, not the name of a dataset; did you mean {meant}?")
    return _FOLDER.get(canonical(name))
