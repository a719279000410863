"""Scratch: folders for what a library writes while it builds; those of processes that were killed are removed."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

_PREFIX = ".ann_bench_scratch_"
_NEW = 60.0  # seconds in which a folder may not be held yet


def folder(name: str) -> Path:
    """A new folder in the system's place for such, held until this process ends, however it ends."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        _remove_if_left(left)
    made = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{name}_"))
    fcntl.flock(os.open(made, os.O_RDONLY), fcntl.LOCK_EX)
    return made


def _remove_if_left(path: Path) -> None:
    """Remove it where nobody holds it any more."""
    with contextlib.suppress(OSError):  # another user's, held, or removed by another process meanwhile
        held = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if time.time() - os.fstat(held).st_ctime > _NEW:
                shutil.rmtree(path, ignore_errors=True)
        finally:
            os.close(held)
