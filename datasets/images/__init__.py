"""Image sets, one file a set.

The contract: a file ``<name>.py`` offers ``load(root, *, boxes=False) -> ImageSet``. ``root`` is the folder that holds
the set as it was unpacked, or the one this stands in (None for a built-in set, which ignores it); ``boxes`` asks for
crops to the annotated boxes. What cannot be read raises ``InputError`` naming the file, and so do images that are
missing and, where a set's counts are published (``COUNTS``), counts that are others. A set's train classes and its
test classes are disjoint, unless its own publication says otherwise.
"""

import sys
from types import ModuleType

from datasets import plugins

_HERE = sys.modules[__name__]
_NOT_A_SET = ("base", "lists")

# What other programs call these sets.
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
}


def names() -> list[str]:
    """The names of all image sets."""
    return plugins.names(_HERE, besides=_NOT_A_SET)


def canonical(name: str) -> str:
    """Our name of the set that other programs call ``name``; ``name`` itself where it is none of theirs."""
    return _ALIASES.get(name, name)


def get(name: str) -> ModuleType:
    """The module of the image set ``name``; raises InputError with a suggestion for an unknown one."""
    return plugins.get(_HERE, canonical(name), kind="dataset", besides=_NOT_A_SET)
