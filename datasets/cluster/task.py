"""A task on its way to a worker: bytes that only the worker opens, so that a scheduler needs nothing of ours."""

import contextlib
import functools
import hashlib
import os
import pickle
import platform
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from datasets.errors import InputError, RunFailed

_PACKAGES = ("datasets", "embedding", "hashing", "vse", "ann_bench")

Versions = dict[str, str]
Outcome = tuple[str, Any]  # what came of it: done and the result, or how it failed and one line


class _Call:
    """``function(task)``, which is called when its pickle is opened."""

    def __init__(self, function: Callable[[Any], Any], task: Any) -> None:
        self._arguments = (versions(), os.getcwd(), pickle.dumps((function, task)))

    def __reduce__(self) -> tuple[Callable[..., Outcome], tuple[Any, ...]]:
        return _called, self._arguments


def packed(function: Callable[[Any], Any], task: Any) -> bytes:
    """The call ``function(task)``: ``pickle.loads``, which every Python has, makes it and returns its outcome."""
    return pickle.dumps(_Call(function, task))


def _called(wanted: Versions, folder: str, call: bytes) -> Outcome:
    """Compare versions, then call, in the ``folder`` from which paths were named, where it is there.

    A user's mistake travels as its line, since not all exceptions can be pickled.
    """
    here = versions()
    for name, version in wanted.items():
        if here.get(name) != version:
            told = f"{name} {here.get(name, 'is not there')}"
            return "input", f"a worker on {platform.node()} has {told}, this process has {version}: install the same"
    function, task = pickle.loads(call)
    with contextlib.suppress(OSError):
        os.chdir(folder)
    try:
        return "done", function(task)
    except InputError as error:
        return "input", str(error)
    except RunFailed as error:
        return "failed", str(error)


def opened(outcome: Outcome) -> Any:
    """The result of a call; raises InputError or RunFailed where it did."""
    how, result = outcome
    if how == "done":
        return result
    raise (InputError if how == "input" else RunFailed)(result)


@functools.cache
def versions() -> Versions:
    """What must be the same where a task is packed and where it is done."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"Python": python, "NumPy": np.__version__, "deepembedding": _own_version()}


def _own_version() -> str:
    """The version that is installed, and 8 hexadecimal digits of the code itself: a checkout may be anything."""
    root = Path(__file__).resolve().parents[2]
    files = sorted(path for package in _PACKAGES for path in (root / package).rglob("*.py"))
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    try:
        number = metadata.version("deepembedding")
    except metadata.PackageNotFoundError:
        number = "of a checkout"
    return f"{number} ({digest.hexdigest()[:8]})"
