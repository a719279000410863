"""Environment: a folder with a Python and one library in it, made by one command, and found again."""

import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from datasets.errors import InputError

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Environment:
    """Of one library.

    module : what is imported there; package : what pip calls it, if otherwise
    """

    name: str

    @property
    def variable(self) -> str:
        """The variable of the system's environment that says where it is."""
        return f"ANN_BENCH_{self.name.upper()}"

    @property
    def wanted(self) -> Path:
        """The list of exact versions that is installed."""
        return _HERE / f"{self.name}.txt"

    @property
    def folder(self) -> Path:
        """Where it is, or is to be made: as the variable says, in the current folder, or beside the package."""
        if given := os.environ.get(self.variable):
            return Path(given).absolute()
        places = [parent / f".{self.name}-venv" for parent in (Path.cwd(), _HERE.parent.parent)]
        return next((place for place in places if (place / "bin" / "python").exists()), places[0])

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def _packages(self) -> list[str]:
        return [str(path) for path in self.folder.glob("lib/python3*/site-packages")]

    def version(self) -> str:
        """Of the library that is installed there; "" where none is."""
        found = metadata.distributions(name=self.name, path=self._packages())
        return next((one.version for one in found), "")

    def missing(self) -> str:
        """One line that says how to make it; "" where it is there."""
        if self.python.exists() and self.version():
            return ""
        make = f"make it with: make {self.name}, or python -m ann_bench.environments {self.name}"
        if os.environ.get(self.variable):
            return f"{self.variable}={self.folder}: there is no {self.name} in it; {make}"
        return f"not installed; it needs an environment of its own; {make}"

    def make(self) -> None:
        """Make it, or bring what is there up to the wanted versions; wheels only. Raises InputError where pip fails."""
        if not self.python.exists():
            venv.create(self.folder, with_pip=True)
        pip = [str(self.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run(
            [*pip, "--only-binary=:all:", "--requirement", str(self.wanted)], stdin=subprocess.DEVNULL
        )
        if done.returncode:
            raise InputError(
                f"{self.folder}: pip could not install {self.name}, see above; python is {sys.version.split()[0]}"
            )
