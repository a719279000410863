"""Pickled arrays: NumPy's arrays and numbers in a pickle, made as data, without calling anything of NumPy's."""

import math
import re
from typing import Any

import numpy as np

from datasets.errors import InputError


class _Type:
    """The type of a NumPy array's elements as a pickle describes it: "f8", then the order of its bytes."""

    def __init__(self, name: str) -> None:
        self.dtype = np.dtype(name) if re.fullmatch(r"[fiub][1248]", name) else None
        if self.dtype is None:
            kind = "Python objects" if name.startswith("O") else f"the type {name!r}"
            raise InputError(f"holds a NumPy array of {kind}, which is not read: only numbers are")

    def __setstate__(self, state: tuple) -> None:
        self.dtype = self.dtype.newbyteorder(state[1])


class Array:
    """A NumPy array as a pickle describes it: nothing yet, then what it consists of."""

    def __init__(self) -> None:
        self.array = np.zeros(0)

    def __setstate__(self, state: tuple) -> None:
        _, shape, of, by_columns, content = state
        if min(shape, default=0) < 0 or math.prod(shape) * of.dtype.itemsize != len(content):
            raise ValueError("an array of another size than its shape says")
        flat = np.frombuffer(_encoded(content), of.dtype)
        self.array = flat.reshape(shape, order="F" if by_columns else "C")


def _encoded(content: bytes | str, encoding: str = "latin1") -> bytes:
    """Bytes that a pickle has as a string: Python 2 wrote them so, and so does Python 3 in the older protocols."""
    if encoding != "latin1":
        raise ValueError(f"bytes as {encoding}")
    return content.encode("latin1") if isinstance(content, str) else content


def maker(module: str, name: str) -> Any:
    """What an unpickler may give for a name by which a pickle makes NumPy's arrays and numbers; None for another name.

    A new function each time: a pickle can change what it is given.
    """
    if module in ("numpy.core.multiarray", "numpy._core.multiarray"):
        number = {"scalar": lambda of, content: np.frombuffer(_encoded(content), of.dtype, 1)[0]}
        return {"_reconstruct": lambda *_: Array(), **number}.get(name)
    made = {
        "numpy.ndarray": "ndarray",
        "numpy.dtype": lambda name, *_: _Type(name),
        "_codecs.encode": lambda content, encoding: _encoded(content, encoding),
        "__builtin__.bytes": lambda: b"",
    }
    return made.get(f"{module}.{name}")
