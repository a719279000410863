"""Indexes, one file a library.

The contract: a file ``<name>.py`` ends with ``Index = <its class>``, a subclass of ``base.Index``, and
``grids(count, dim, metric) -> list[Grid]``: what is built and swept by default for so many vectors. ``REQUIRES``, where
a file has it, names the modules that must be installed besides, and ``EXTRA`` the extra that installs them.
"""

import importlib.util
import sys
from types import ModuleType

from datasets import plugins

_HERE = sys.modules[__name__]
_NO_INDEX = ("base",)


def names() -> list[str]:
    """The names of all indexes."""
    return plugins.names(_HERE, besides=_NO_INDEX)


def get(name: str) -> ModuleType:
    """The module of the index ``name``; raises InputError with a suggestion for an unknown one."""
    return plugins.get(_HERE, name, kind="index", besides=_NO_INDEX)


def installed(name: str) -> bool:
    """Whether everything that the index ``name`` needs is installed."""
    return all(importlib.util.find_spec(module) is not None for module in getattr(get(name), "REQUIRES", ()))
