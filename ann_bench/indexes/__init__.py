"""Indexes, one file a library.

The contract: a file ``<name>.py`` ends with ``Index = <its class>``, a subclass of ``base.Index``, and
``grids(count, dim, metric) -> list[Grid]``: what is built and swept by default for so many vectors. ``REQUIRES``, where
a file has it, names the modules that must be installed besides, and ``EXTRA`` the extra that installs them.
"""

import importlib.util

from datasets import plugins

_FOLDER = plugins.Folder(__name__, kind="index")
names, get = _FOLDER.names, _FOLDER.get


def installed(name: str) -> bool:
    """Whether everything that the index ``name`` needs is installed."""
    return all(importlib.util.find_spec(module) is not None for module in getattr(get(name), "REQUIRES", ()))
