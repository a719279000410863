"""Looking: what is known of the file of a picture: what it holds, by its hash, how large it is, when it was taken."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from datasets.decoding import header
from datasets.files import contents
from datasets.images.pixels import Unreadable
from web.galleries.models import written_at
from web.galleries.sources import base
from web.galleries.sources.base import Entry, Source

_AT_ONCE = 64  # files that are read ahead

State = tuple[int, int]  # bytes of a file, and when it was written, in ns; while both stay, it is not read again


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file is; ``reason`` says why it cannot be read."""

    entry: Entry
    state: State
    content: str = ""
    width: int = 0
    height: int = 0
    taken: datetime | None = None
    reason: str = ""


def state(source: Source, path: str) -> State:
    """Of the file of a picture, or of the archive that it is in; zeros where it is not there."""
    try:
        return contents.state(source.place(path))
    except Unreadable:
        return 0, 0


def all_of(source: Source, entries: Sequence[Entry], *, threads: int = 2) -> Iterator[Looked]:
    """Look at each, in their order, in threads."""
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, len(entries), _AT_ONCE):
            yield from pool.map(lambda entry: one(source, entry), entries[first : first + _AT_ONCE])


def one(source: Source, entry: Entry) -> Looked:
    """Look at one. Of a source that brings vectors it is there, whether its file is or not."""
    before = state(source, entry.path)
    try:
        data = base.read(source, entry.path)
    except Unreadable as error:
        return Looked(entry, before, entry.content, reason="" if entry.content else base.told(error.reason))
    found = header.read(data)
    content = entry.content or hashlib.sha256(data).hexdigest()
    return Looked(entry, before, content, found.width, found.height, _when(found.taken) or written_at(before[1]))


def _when(taken: datetime | None) -> datetime | None:
    """A time that can be shown in any zone, where a camera told one."""
    return taken if taken and 1 < taken.year < 9999 else None
