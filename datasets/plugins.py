"""Plug-in folders: every file of a folder is one plug-in, found by its file name."""

import importlib
import pkgutil
import sys
from dataclasses import dataclass
from types import ModuleType

from datasets.errors import unknown


@dataclass(frozen=True)
class Folder:
    """A package of plug-ins.

    package : its dotted name
    kind : what it holds, as an error calls it: "dataset", "loss"
    besides : its files that are no plug-ins
    """

    package: str
    kind: str
    besides: tuple[str, ...] = ("base",)

    def names(self) -> list[str]:
        """The names of all plug-ins, in alphabetical order."""
        found = (module.name for module in pkgutil.iter_modules(sys.modules[self.package].__path__))
        return sorted(name for name in found if name not in self.besides)

    def get(self, name: str) -> ModuleType:
        """The module of the plug-in ``name``; raises InputError with a suggestion for an unknown one."""
        if name not in (known := self.names()):
            raise unknown(self.kind, name, known)
        return importlib.import_module(f"{self.package}.{name}")
