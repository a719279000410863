"""Plug-in folders: every file of a folder is one plug-in, found by its file name."""

import importlib
import pkgutil
from types import ModuleType

from datasets.errors import unknown


def names(package: ModuleType, *, besides: tuple[str, ...] = ()) -> list[str]:
    """The plug-ins of ``package`` in alphabetical order; ``besides`` are its files that are none."""
    found = (module.name for module in pkgutil.iter_modules(package.__path__))
    return sorted(name for name in found if name not in besides)


def get(package: ModuleType, name: str, *, kind: str, besides: tuple[str, ...] = ()) -> ModuleType:
    """The module of the plug-in ``name``; ``kind`` says in the error what was looked for ("dataset", "loss").

    Raises InputError with a suggestion where there is no such plug-in.
    """
    known = names(package, besides=besides)
    if name not in known:
        raise unknown(kind, name, known)
    return importlib.import_module(f"{package.__name__}.{name}")
