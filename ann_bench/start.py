"""What a command does before its other imports, which take seconds: one line for Ctrl-C, and for a foreign datasets."""

import importlib.util
import os
import signal
import sys

_MARK = 'PROJECT = "deepembedding"'  # in datasets/__init__.py


def begin() -> None:
    """Until a command takes over, Ctrl-C ends the process with one line and exit code 130.

    Where ``datasets`` is not this project's, it ends at once, with one line and exit code 2.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # nohup, and a launcher, have it ignored
        signal.signal(signal.SIGINT, _interrupted)
    if complaint := foreign_datasets():
        print(f"error: {complaint}", file=sys.stderr)
        sys.exit(2)


def _interrupted(*_: object) -> None:
    """No KeyboardInterrupt, which a library that is being imported may swallow or take for its own failure."""
    os.write(2, b"interrupted\n")
    os._exit(130)


def foreign_datasets() -> str:
    """What is wrong where Python finds another package ``datasets`` than ours, or ours overwritten; else nothing.

    It is read, not imported: another one may take seconds, or need what is not installed.
    """
    spec = importlib.util.find_spec("datasets")
    if spec and spec.loader and _MARK in (spec.loader.get_source("datasets") or ""):  # type: ignore[attr-defined]
        return ""
    if spec and spec.origin:
        what = f"{spec.origin} is another project's package, which hides or has overwritten deepembedding's 'datasets'"
        return f"{what}: install deepembedding into an environment of its own, and leave that one off PYTHONPATH"
    if spec and importlib.util.find_spec("datasets.errors"):  # a plain folder, such as one of data, hides nothing
        return ""
    return "deepembedding's package 'datasets' is not there: install deepembedding again"
