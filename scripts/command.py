"""What every script shares: finding the packages, in a checkout or installed, and running as a command."""

import dataclasses
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).resolve().parent
if (_FOLDER.parent / "pyproject.toml").exists():  # a checkout: commands run from anywhere, installed or not
    sys.path.insert(0, str(_FOLDER.parent))

from ann_bench import start  # noqa: E402

start.begin()

from datasets import command  # noqa: E402
from datasets.errors import InputError  # noqa: E402

# Files that are no commands, but what commands share.
_SHARED = ("adversarial", "command", "engines", "hashed", "indexed", "named", "networks", "scoring")
SCRIPTS = {
    path.stem.replace("_", "-"): path
    for path in sorted(_FOLDER.glob("*.py"))
    if path.stem[0] != "_" and path.stem not in _SHARED
}

program = ""  # what help calls the command, where it is not called by its file


def main(function: Callable[[Any], None], options: type, words: list[str] | None = None, **more: Any) -> None:
    """``datasets.command.main`` under the name that the command was called by; --max-pixels holds for all it reads."""

    def limited(read: Any) -> None:
        if hasattr(read, "max_pixels"):
            from datasets.images import pixels  # not where a command reads no pictures

            pixels.allow(read.max_pixels)
        function(read)

    command.main(limited, options, words, name=program, **more)


def none_of(options: Any, names: Sequence[str], why: str) -> None:
    """Raises InputError where one of the flags ``names`` was given though something else, as ``why`` says, has it."""
    only(options, names, f"{why}; give one of the two")


def only(options: Any, names: Sequence[str], why: str) -> None:
    """Raises InputError, which ends with ``why``, where one of the flags ``names`` was given."""
    usual = {field.name: field.default for field in dataclasses.fields(options)}
    for name in names:
        if (given := getattr(options, name)) != usual[name]:
            raise InputError(f"--{name.replace('_', '-')}={given}: {why}")


def hdf5(out: Path) -> None:
    """Raise InputError where the vectors file that --out names is none by its ending."""
    if out.suffix.lower() in (".h5", ".hdf5"):
        return
    right = out.with_suffix(".h5")
    what = f"--out={out}: vectors are written as HDF5, name it {right}"
    if out.suffix != ".npy":
        raise InputError(what)
    line = f"import h5py, numpy; numpy.save('{out}', h5py.File('{right}')['train'])"
    raise InputError(f'{what}, and make an .npy of it by: python -c "{line}"')


def there(flag: str, path: Path) -> Path:
    """The ``path`` that ``flag`` names; raises InputError where it is not there, with the run that may be meant."""
    if path.exists():
        return path
    run = Path("runs") / path
    advice = f"did you mean {run}?" if run.exists() else "name one that is, such as runs/demo"
    raise InputError(f"{flag}={path}: is not there; {advice}")
