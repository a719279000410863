"""Plain pickle: lists, dictionaries, texts and numbers, by a reader that knows no class and calls nothing."""

import io
import pickle
import pickletools
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files import contents, pickled_arrays

MOST = 1 << 29  # bytes of a file: some thirty times what the largest published list has


class _Unpickler(pickle.Unpickler):
    """Refuses whatever a pickle names: a function can only be called, and a class only be made, where it has a name."""

    def find_class(self, module: str, name: str) -> object:
        if made := pickled_arrays.maker(module, name):
            return made
        raise InputError(
            f"asks for {module}.{name}, which is not run: only lists, dictionaries, texts, numbers and arrays are read;"
            " save it again with nothing else in it"
        )

    def persistent_load(self, pid: object) -> object:
        raise InputError("asks for things that are kept elsewhere: save it again with all in it")


def read(path: str | Path) -> object:
    """The lists, tuples, sets, dictionaries, texts, bytes, numbers and None of the pickle ``path``.

    Arrays of NumPy come as lists, texts of Python 2 as Latin-1 has them. Raises InputError naming the file where it is
    missing, damaged or cut short, has more than 512 MB, or wants anything else; and what that is.
    """
    path = str(path)
    size = contents.size(path)
    if size is not None and size > MOST:
        raise InputError(f"{path} has {size:,} bytes, which is no list of images: a pickle may have {MOST:,}")
    data = contents.read(path)
    try:
        _check_places(data)
        return _plain(_Unpickler(io.BytesIO(data), encoding="latin1").load())
    except InputError as error:
        raise InputError(f"{path} {error}") from None
    except Exception as error:  # a damaged pickle can fail in any way
        what = " ".join(str(error).split())[:100] or type(error).__name__
        raise InputError(f"{path} is damaged or cut short, or no pickle ({what}): fetch it again") from None


def _check_places(data: bytes) -> None:
    """Raises InputError where it puts something into a far place: room is made for all the places before it."""
    for code, argument, _ in pickletools.genops(data):
        if code.name in ("PUT", "BINPUT", "LONG_BINPUT") and not 0 <= argument <= len(data):
            raise InputError(f"is damaged: it counts {argument:,} things in {len(data):,} bytes")


def _plain(content: object) -> object:
    """``content`` with arrays and numbers of NumPy as the lists and numbers that they hold."""
    if isinstance(content, pickled_arrays.Array):
        return content.array.tolist()
    if isinstance(content, np.generic):
        return content.item()
    if isinstance(content, dict):
        return {key: _plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return type(content)(_plain(value) for value in content)
    return content
