"""Names: the paths of a job's pictures, in a file, however many there are."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

_END = b"\0"  # the one character that no path holds


class Names(Sequence[str]):
    """The names that ``write`` has written to ``path``; they stay in the file, so that millions take no memory."""

    def __init__(self, path: Path) -> None:
        self._ends = np.load(_ends(path), mmap_mode="r")
        self._path = path
        self._bytes = np.memmap(path, np.uint8, "r") if len(self._ends) else np.zeros(0, np.uint8)

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def size(self) -> int:
        """Bytes of all names together."""
        return len(self._bytes)

    def __getitem__(self, row: int) -> str:  # type: ignore[override]
        if not 0 <= row < len(self):
            raise IndexError(row)
        start = int(self._ends[row - 1]) + 1 if row else 0
        return self._bytes[start : int(self._ends[row])].tobytes().decode("utf-8", "surrogateescape")


def write(path: Path, names: Iterable[str]) -> None:
    """Write ``names`` to ``path`` and where each ends beside it."""
    ends, at = [], 0
    with path.open("wb") as file:
        for name in names:
            at += file.write(name.encode("utf-8", "surrogateescape"))
            ends.append(at)
            at += file.write(_END)
    np.save(_ends(path), np.array(ends, np.int64))


def fingerprint(names: Iterable[str]) -> str:
    """A short hash of names and their order."""
    digest = hashlib.sha256()
    for name in names:
        digest.update(name.encode("utf-8", "surrogateescape") + _END)
    return digest.hexdigest()[:16]


def _ends(path: Path) -> Path:
    return path.with_name(f"{path.name}.ends.npy")
