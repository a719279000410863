"""Tree: all files under a folder, or in an archive, and what of it is passed over."""

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from datasets.errors import InputError
from datasets.files import packed

# What file managers, cameras and servers leave in folders of pictures; hidden names are of them too.
_SYSTEM = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir", "#recycle", "$recycle.bin", "lost+found",
           "system volume information"}  # fmt: skip

_PLURAL = re.compile(r"(file|folder|link|device|image|archive)s\b")
_ONE = r"\1"


class PassedOver:
    """What a listing passes over: how many of each kind, and one of them as an example."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, str]] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, kind: str, example: str) -> None:
        """Note one; ``kind`` is a noun in the plural."""
        count, first = self._found.get(kind, (0, example))
        self._found[kind] = (count + 1, first)

    def __str__(self) -> str:
        """The counts: "passed over 3 hidden or system files (such as .x.jpg), 1 empty folder (b)"."""
        kinds = [
            f"{count:,} {kind} (such as {first})" if count > 1 else f"1 {_PLURAL.sub(_ONE, kind, count=1)} ({first})"
            for kind, (count, first) in self._found.items()
        ]
        return f"passed over {', '.join(kinds)}".encode(errors="replace").decode()  # names may have any bytes


def is_system(name: str) -> bool:
    """Whether a file or folder is hidden, or one that systems leave in folders of pictures."""
    return name.startswith(".") or name.lower() in _SYSTEM


def files(place: str, passed: PassedOver) -> list[str]:
    """The paths, from ``place`` on, of all files in it at any depth, in the alphabetical order of these paths.

    place : a folder; or an archive, or a folder in one (photos.zip/cat)
    passed : takes what is hidden or of the system, empty folders, and links that lead in a circle
    Other links are followed. Raises InputError naming a folder that cannot be read, or an archive that is damaged.
    """
    inside = packed.split(place)
    found = _in_folder(place, passed) if inside is None else _in_archive(*inside, passed)
    return sorted(found)


def _in_archive(archive: str, inner: str, passed: PassedOver) -> Iterator[str]:
    start = f"{inner}/" if inner else ""
    for name in packed.index(archive).members:
        if not name.startswith(start):
            continue
        if any(map(is_system, name[len(start) :].split("/"))):
            passed.add("hidden or system files", name)
        else:
            yield name[len(start) :]


def _in_folder(root: str, passed: PassedOver) -> Iterator[str]:
    todo = [("", _numbers(root))]  # folders, each with the numbers of those that it stands in
    while todo:
        inner, above = todo.pop()
        empty = True
        for entry in _entries(os.path.join(root, inner)):
            empty = False
            path = f"{inner}/{entry.name}" if inner else entry.name
            is_folder = _is(entry.is_dir)
            if is_system(entry.name):
                passed.add(f"hidden or system {'folders' if is_folder else 'files'}", path)
            elif is_folder:
                number = _number(entry.path)
                if number in above:
                    passed.add("folders in a circle of links", path)
                else:
                    todo.append((path, above | {number}))
            elif _is(entry.is_file):
                yield path
            else:
                passed.add("dead links" if entry.is_symlink() else "devices", path)
        if empty and inner:
            passed.add("empty folders", inner)


def _entries(folder: str) -> list[os.DirEntry]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError as error:
        raise InputError(
            f"folder {folder} cannot be read ({error.strerror}): see to its rights, or take it out"
        ) from None


def _is(test: Callable[[], bool]) -> bool:
    try:
        return test()
    except OSError:  # a link to itself, or to where nobody may look
        return False


def _numbers(root: str) -> frozenset[tuple[int, int]]:
    """Of a folder and of those that it stands in, as its path says and as it really lies."""
    above = {
        place for path in (os.path.abspath(root), os.path.realpath(root)) for place in map(str, Path(path).parents)
    }
    return frozenset(map(_number, [root, *filter(os.path.isdir, above)]))


def _number(folder: str) -> tuple[int, int]:
    try:
        found = os.stat(folder)
    except OSError as error:
        raise InputError(f"folder {folder} cannot be read ({error.strerror})") from None
    if not stat.S_ISDIR(found.st_mode):
        raise InputError(f"{folder} is no folder")
    return found.st_dev, found.st_ino
