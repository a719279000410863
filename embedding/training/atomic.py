"""Files and folders that are replaced whole or not at all, and one line for what the file system refuses."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datasets.errors import InputError
from datasets.files.whole import beside
from embedding.mx import mx

_FULL = 2**20  # bytes left on a disk that is as good as full


@contextmanager
def swap(target: Path) -> Iterator[Path]:
    """An empty folder that takes the place of ``target`` when the block is left without an error."""
    new, old = _beside(target)
    with explained(target, "write"):
        try:
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir()
            yield new
            _flush(new)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)  # half a checkpoint is worth nothing, and its space may be
            raise
        # From here on both folders are whole: whichever of these steps a kill prevents, finish_swap takes it.
        if target.exists():
            os.replace(target, old)
        os.replace(new, target)
        shutil.rmtree(old, ignore_errors=True)


def finish_swap(target: Path) -> None:
    """Bring a swap that was killed to its end."""
    new, old = _beside(target)
    if not target.exists() and old.exists():
        os.replace(new if new.exists() else old, target)
    for rest in (new, old):
        shutil.rmtree(rest, ignore_errors=True)


def write_whole(path: Path, text: str) -> None:
    """Write a small text file beside its place, then move it there."""
    with explained(path, "write"), beside(path) as part:
        part.write_text(text)


@contextmanager
def explained(path: Path, what: str) -> Iterator[None]:
    """Turn a failure of the file system, or of MXNet's own writing, into InputError."""
    try:
        yield
    except (OSError, mx.base.MXNetError) as error:
        reason = getattr(error, "strerror", None) or last_line(error)
        if _is_full(path):  # MXNet does not tell why it failed
            reason = os.strerror(errno.ENOSPC)
        raise InputError(
            f"cannot {what} {path}: {reason}; put that right and start the same command again: it goes on from the last"
            " checkpoint"
        ) from None


def last_line(error: BaseException) -> str:
    """What an error says; MXNet writes a traceback of its own before it."""
    return str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__


def _beside(target: Path) -> tuple[Path, Path]:
    return target.with_name(target.name + ".new"), target.with_name(target.name + ".old")


def _is_full(path: Path) -> bool:
    there = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    return shutil.disk_usage(there).free < _FULL


def _flush(folder: Path) -> None:
    """Wait until the files of ``folder`` are on the disk: a full one may say so only now."""
    for path in folder.iterdir():
        with open(path, "rb") as file:
            os.fsync(file.fileno())
