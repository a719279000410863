"""Files that are there whole or not at all."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from datasets.errors import InputError


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """The place to write to first, ``<path>.part``; it takes that of ``path`` when the block ends without an error."""
    part = path.with_name(path.name + ".part")
    yield part
    os.replace(part, path)


@contextmanager
def own_beside(path: Path) -> Iterator[Path]:
    """As ``beside``, where other processes, of this or another machine, may write the same file at the same time.

    Each has a place of its own, which is empty again after an error.
    """
    part = path.with_name(f"{path.name}.{socket.gethostname()}-{os.getpid()}.part")
    try:
        yield part
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


@contextmanager
def folder_beside(folder: Path) -> Iterator[Path]:
    """A folder to write to, which becomes ``folder`` when the block ends without an error, and is gone otherwise.

    Where another process made ``folder`` meanwhile, it stays as it is. Raises InputError where it cannot be written.
    """
    part = folder.with_name(f"{folder.name}.{socket.gethostname()}-{os.getpid()}.part")
    try:
        part.mkdir(parents=True)
        yield part
        os.replace(part, folder)
    except OSError as error:
        if not folder.is_dir():
            raise InputError(f"{folder}: cannot be written ({error.strerror})") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_page(folder: Path, text: str) -> Path:
    """Write ``folder/index.html`` and return its path; raises InputError where it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with beside(folder / "index.html") as part:
            part.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{folder}: the page cannot be written there ({error.strerror})") from error
    return folder / "index.html"
