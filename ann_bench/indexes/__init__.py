"""Indexes, one file a library.

The contract: a file ``<name>.py`` ends with ``Index = <its class>``, a subclass of ``base.Index``, and
``grids(count, dim, metric) -> list[Grid]``: what is built and swept by default for so many vectors. It can be imported
wherever the benchmark can: what may not be there is imported when an index is made. Where a file has them:

``REQUIRES`` the modules that must be installed besides, and ``EXTRA`` the extra that installs them
``missing()`` one line that says what is not there and how to get it, "" where all is, in place of these two
``PACKAGES`` the packages whose versions stand with every point
``PLACE`` the environment of its own that its packages are in (ann_bench/environments)
``BY_NAME_ONLY = True`` where it is in no sweep that does not name it
``changing(build) -> str`` what is nearest to a build of the default grids, and can change, where that one cannot
``SPACE`` setting -> the values that ``tune`` may give it in a build: {"M": (8, 12, 16, 24)}; around the default else
"""

import contextlib
import importlib.util
from importlib import metadata

from datasets import plugins

_FOLDER = plugins.Folder(__name__, kind="index")
names, get = _FOLDER.names, _FOLDER.get

_ALWAYS = ("numpy", "faiss-cpu", "faiss-gpu")


def missing(name: str) -> str:
    """What the index ``name`` needs that is not there, and how to get it, in a line; "" where nothing is missing."""
    plugin = get(name)
    if hasattr(plugin, "missing"):
        return plugin.missing()
    lacking = [module for module in getattr(plugin, "REQUIRES", ()) if importlib.util.find_spec(module) is None]
    return f"not installed; pip install -c constraints.txt -e '.[{plugin.EXTRA}]'" if lacking else ""


def installed(name: str) -> bool:
    """Whether everything that the index ``name`` needs is there."""
    return not missing(name)


def versions() -> dict[str, str]:
    """Of the packages of all libraries, as pip calls them, those that are there."""
    found = {}
    for name in [*_ALWAYS, *(one for plugin in map(get, names()) for one in getattr(plugin, "PACKAGES", ()))]:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    elsewhere = (plugin.PLACE for plugin in map(get, names()) if hasattr(plugin, "PLACE"))
    return found | {place.name: version for place in elsewhere if (version := place.version())}
