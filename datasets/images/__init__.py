"""Image sets, one file a set.

The contract: a file ``<name>.py`` offers ``load(root, *, boxes=False) -> ImageSet``. ``root`` is the folder that holds
the set as it was unpacked (None for a built-in set, which ignores it); ``boxes`` asks for crops to the annotated
boxes. What cannot be read raises ``InputError`` naming the file. A set's train classes and its test classes are
disjoint, unless its own publication says otherwise.
"""

import sys
from types import ModuleType

from datasets import plugins

_HERE = sys.modules[__name__]
_NOT_A_SET = ("base",)

# What other programs call these sets.
_ALIASES = {"CUB_200_2011": "cub200"}


def names() -> list[str]:
    """The names of all image sets."""
    return plugins.names(_HERE, besides=_NOT_A_SET)


def get(name: str) -> ModuleType:
    """The module of the image set ``name``; raises InputError with a suggestion for an unknown one."""
    return plugins.get(_HERE, _ALIASES.get(name, name), kind="dataset", besides=_NOT_A_SET)
