"""Sets of pairs, each a picture and a text that belong together, with labels; one file a set.

The contract: a file ``<name>.py`` offers ``load(root, *, texts="") -> PairSet``. ``root`` is the folder that holds the
set as it was unpacked, or the one this stands in (None for a built-in set, which ignores it); ``texts`` says which of
its texts, where it has several kinds. What cannot be read raises ``InputError`` naming the file, and so do counts that
are not the published ones (``COUNTS``).
"""

from types import ModuleType

from datasets import plugins

_FOLDER = plugins.Folder(__name__, kind="dataset")

# What other programs call these sets.
_ALIASES = {"mirflickr": "mirflickr25k", "flickr25k": "mirflickr25k", "nus-wide": "nuswide", "wikipedia": "wiki"}

names = _FOLDER.names


def canonical(name: str) -> str:
    """Our name of the set that other programs call ``name``; ``name`` itself where it is none of theirs."""
    return _ALIASES.get(name.lower(), name)


def get(name: str) -> ModuleType:
    """The module of the set ``name``; raises InputError with a suggestion for an unknown one."""
    return _FOLDER.get(canonical(name))
