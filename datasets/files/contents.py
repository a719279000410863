"""The bytes of a file that a path names: of a plain file, of a file in an archive, or behind an address."""

import os

from datasets.decoding import stacked
from datasets.errors import InputError
from datasets.files import address, packed

Identity = tuple[int, int] | tuple[int, int, str] | str

_MOST = 2**63 - 1  # nanoseconds that databases and arrays hold


class Unopened(InputError):
    """A file whose bytes cannot be had; ``reason`` says why, without its name."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


def read(path: str) -> bytes:
    """The bytes of the file ``path``; raises Unopened where they cannot be had.

    The path may lead through a .zip or .tar (photos.zip/cat/a.jpg), or be an address (https://, s3:// and the like). A
    row of a MATLAB file (all.mat/IAll/17) comes as a picture file of its own.
    Threads and processes may share it. Raises InputError where nothing of its kind can be had: an archive that is
    damaged, or addresses of a kind for which a library is missing.
    """
    if address.is_address(path):
        return _of_address(path)
    try:
        with open(path, "rb") as file:
            return file.read()
    except NotADirectoryError as error:  # it leads through a file
        if place := stacked.split(path):
            return _of_stack(path, place)
        if (inside := packed.split(path)) is None:
            raise _unopened(path, error) from None
        return _of_archive(path, *inside)
    except (OSError, ValueError) as error:
        raise _unopened(path, error) from None


def _of_stack(path: str, place: stacked.Place) -> bytes:
    try:
        return stacked.read(place)
    except InputError as error:
        raise Unopened(path, str(error)) from None


def _unopened(path: str, error: Exception) -> Unopened:
    return Unopened(path, f"cannot be read ({getattr(error, 'strerror', None) or error})")


def _of_address(path: str) -> bytes:
    try:
        return address.read(path)
    except address.Refused as error:
        raise Unopened(path, str(error)) from None


def _of_archive(path: str, archive: str, name: str) -> bytes:
    try:
        return packed.index(archive).read(name)
    except KeyError:
        raise Unopened(path, f"cannot be read (there is no {name} in {archive})") from None
    except packed.Damaged as error:
        raise Unopened(path, str(error)) from None


def is_file(path: str) -> bool:
    """Whether ``path`` is a plain file, or one in an archive; raises InputError where the archive is damaged."""
    if os.path.isfile(path):
        return True
    inside = packed.split(path)
    return inside is not None and inside[1] in packed.index(inside[0]).members


def identity(path: str) -> Identity:
    """What is equal for two paths that lead to one file, as links do, in an archive too; without a file its path."""
    if address.is_address(path):
        return path
    archive, name = packed.split(path) or (path, "")
    try:
        found = os.stat(archive)
    except (OSError, ValueError):
        return path
    return (found.st_dev, found.st_ino, name) if name else (found.st_dev, found.st_ino)


def first(path: str, count: int) -> bytes:
    """The first ``count`` bytes of a file, fewer where it has no more; raises as ``read`` does."""
    if address.is_address(path) or packed.split(path) or stacked.split(path):
        return read(path)[:count]
    try:
        with open(path, "rb") as file:
            return file.read(count)
    except OSError as error:
        raise _unopened(path, error) from None


def changed(path: str) -> float:
    """When a file, or the archive that it is in, or its rights were changed last; 0 where nobody can tell."""
    inside = packed.split(path)
    try:
        return os.stat(inside[0] if inside else path).st_ctime
    except OSError:
        return 0.0


def size(path: str) -> int | None:
    """The bytes that a file has, None where that takes reading it; raises as ``read`` does."""
    if address.is_address(path):
        return None
    try:
        return os.stat(path).st_size
    except NotADirectoryError as error:
        if place := stacked.split(path):
            return stacked.size(place)
        inside = packed.split(path)
        member = packed.index(inside[0]).members.get(inside[1]) if inside else None
        if member is None:
            raise _unopened(path, error) from None
        return member.size
    except OSError as error:
        raise _unopened(path, error) from None


def state(path: str) -> tuple[int, int]:
    """Bytes of a file, and when it, or the archive that it is in, was last written, in ns; zeros where nobody can tell.

    As long as both stay the same, so does what the file holds. The time is kept within 64 bits, whatever a disk tells.
    """
    inside = None if address.is_address(path) else packed.split(path)
    try:
        about = os.stat(inside[0] if inside else path)
    except (OSError, ValueError):
        return 0, 0
    return about.st_size, min(max(about.st_mtime_ns, -_MOST), _MOST)
