"""Source: what names the pictures of a gallery, and where their bytes are, which no request can choose."""

import os
import re
import stat
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from datasets.files import contents, packed
from datasets.files.tree import PassedOver
from datasets.images.pixels import Unreadable

LONGEST = 2000  # bytes of a path as it is kept; indexes of databases take no more
_MOST_BYTES = 1 << 30  # of a file that is read
_ESCAPE = re.compile(rb"\\(?:\\|x([0-9a-f]{2}))")


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture that a source names.

    path : as it is kept, see ``kept``
    category : its class, "" for none
    content : hexadecimal SHA-256 of what it is known by, where that is not its file
    """

    path: str
    category: str = ""
    content: str = ""


class Source(Protocol):
    """What names pictures.

    passed : what of it was passed over, after ``entries``
    """

    passed: PassedOver

    def entries(self) -> list[Entry]:
        """All of its pictures, each path once; raises InputError where it cannot be read."""

    def place(self, path: str) -> str:
        """Where the file of a picture is, by its kept path; raises Unreadable where it may not be looked at."""

    def vectors(self) -> "Given | None":
        """The vectors that it brings, None where a network has to make them."""


@dataclass(frozen=True)
class Given:
    """Vectors that a source brings: (N, D), by content; and the fingerprint of what made them, "" where it is not told.

    attrs : whatever else is told of them
    """

    vectors: np.ndarray
    rows: dict[str, int]
    network: str
    metric: str
    attrs: dict[str, object] = field(default_factory=dict)


def kept(path: str) -> str:
    """``path``, whose name may be of any bytes, as text that every database keeps; ``named`` is the way back."""
    return path.replace("\\", "\\\\").encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def named(path: str) -> str:
    """The path that ``kept`` has made text of."""
    if "\\" not in path:
        return path
    return _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()) if found[1] else b"\\", path.encode()).decode(
        "utf-8", "surrogateescape"
    )


def told(reason: str) -> str:
    """Why a picture cannot be read, as text that every database keeps: names of any bytes may stand in it."""
    return reason.encode(errors="replace").decode().replace("\0", "")[:500]


def read(source: Source, path: str) -> bytes:
    """The bytes of a picture, by its kept path; raises Unreadable, which calls it by that path."""
    try:
        place = source.place(path)
        return contents.read(place) if packed.split(place) else _plain(place)
    except contents.Unopened as error:
        raise Unreadable(path, error.reason) from None
    except (OSError, ValueError) as error:
        raise Unreadable(path, f"cannot be read ({getattr(error, 'strerror', None) or error})") from None


def _plain(place: str) -> bytes:
    """The bytes of a plain file; no pipe is waited for, and no link followed that took its place just now."""
    handle = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    with open(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("it is no file")
        if about.st_size > _MOST_BYTES:
            raise ValueError(f"it has {about.st_size:,} bytes, and none of more than {_MOST_BYTES:,} is read")
        return file.read()
