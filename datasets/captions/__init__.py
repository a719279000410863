"""Caption sets, one file a set.

The contract: a file ``<name>.py`` offers ``load(root, **own) -> CaptionSet``. ``root`` is the folder that holds the
set as it was unpacked, or the one this stands in (None for a built-in set, which ignores it); what else it takes has a
default, such as ``restval`` of coco. What cannot be read raises ``InputError`` naming the file, and so do images that
are missing and, where a set's counts are published (``COUNTS``), counts that are others.
"""

from types import ModuleType

from datasets import plugins

_FOLDER = plugins.Folder(__name__, kind="dataset")

# What other programs call these sets.
_ALIASES = {"f8k": "flickr8k", "f30k": "flickr30k"}


names = _FOLDER.names


def canonical(name: str) -> str:
    """Our name of the set that other programs call ``name``; ``name`` itself where it is none of theirs."""
    return "precomputed" if name.endswith("_precomp") else _ALIASES.get(name, name)


def get(name: str) -> ModuleType:
    """The module of the caption set ``name``; raises InputError with a suggestion for an unknown one."""
    return _FOLDER.get(canonical(name))
