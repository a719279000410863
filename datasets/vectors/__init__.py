"""Sets of vectors to search in, one file a set.

The contract: a file ``<name>.py`` offers ``load(root) -> VectorSet``. ``root`` is the folder for downloads and for what
is made once; whatever is not there yet is fetched or made. What cannot be had raises ``InputError`` in one line. The
set's metric is the one that its publication measures by, and ``neighbors`` are the published ones, where there are any.
Vectors in other files come by ``datasets.stored.from_file``, both kinds by ``datasets.sources``.
"""

import sys
from types import ModuleType

from datasets import plugins

_HERE = sys.modules[__name__]
_NOT_A_SET = ("base", "embeddings", "exact", "metric_names", "rows")


def names() -> list[str]:
    """The names of all sets of vectors."""
    return plugins.names(_HERE, besides=_NOT_A_SET)


def get(name: str) -> ModuleType:
    """The module of the set ``name``; raises InputError with a suggestion for an unknown one."""
    return plugins.get(_HERE, name, kind="dataset", besides=_NOT_A_SET)
