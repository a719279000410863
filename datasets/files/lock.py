"""One process at a time in a folder."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from datasets.errors import InputError


def hold(folder: Path, *, flag: str, name: str = "lock", wait: bool = False) -> int:
    """A file descriptor that keeps other processes out of ``folder`` (made where it is not there) until it is closed.

    name : of the file that is locked; others in the same folder are locks of their own
    wait : until no other process is in it

    Raises InputError, naming the ``flag`` by which another folder can be given, where one is in it already, or where
    the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / name, os.O_CREAT | os.O_WRONLY)
    except OSError as error:
        mend = f"give another {flag}" if folder.is_file() else f"make room, or give another {flag}"
        raise InputError(f"{folder} cannot be made ({error.strerror}): {mend}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise InputError(f"{folder} is in use by another process: wait for it, or give another {flag}") from None
    return lock


@contextmanager
def alone(folder: Path, *, flag: str, name: str = "lock", wait: bool = False) -> Iterator[None]:
    """Keep other processes out of ``folder``; all else as for ``hold``."""
    lock = hold(folder, flag=flag, name=name, wait=wait)
    try:
        yield
    finally:
        os.close(lock)


@contextmanager
def held(path: Path, *, flag: str) -> Iterator[None]:
    """Keep other processes from writing the file ``path``; one that is at it is waited for."""
    with alone(path.parent, flag=flag, name=f"{path.stem}.lock", wait=True):
        yield


def make_once(path: Path, make: Callable[[], None], *, flag: str) -> None:
    """Have ``make`` write the file ``path`` where it is not there; another process that is at it is waited for.

    Raises InputError as ``hold`` does.
    """
    if path.exists():
        return
    with held(path, flag=flag):
        if not path.exists():
            make()
