"""Kept features: the local features of many pictures in one file, found once and read picture by picture."""

import hashlib
import json
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import astuple, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from datasets.errors import InputError
from datasets.files import contents, lock
from datasets.files.whole import beside
from datasets.images.base import ImageSet
from datasets.images.pixels import Unreadable
from datasets.images.skipped import Skipped
from embedding.batches import decode
from embedding.batches.ahead import in_threads
from embedding.reranking.local_features import DIM, Features, Sift, find, none

log = logging.getLogger(__name__)

_FRAME = 4 * np.dtype(np.uint16).itemsize
_BYTES = DIM + _FRAME  # of a feature
_BATCH = 32  # pictures in work at once
_OF_FILE = re.compile(r"(.*) (\S+) (\d+)(?: \[.*\])?", re.DOTALL)  # path, changed, size, and a box
_VERSION = 1  # of what ``local_features.find`` makes of a picture


@dataclass(frozen=True)
class _Place:
    """Where the features of a picture stand in the file, and the shape that they were found in."""

    offset: int
    count: int
    height: int
    width: int


class KeptFeatures(Sequence[Features]):
    """The features of pictures, in the order of ``rows``, each read when it is asked for; without any where unreadable.

    Threads may share it.
    """

    def __init__(self, file: Path, places: Sequence[_Place | None]) -> None:
        self._places = places
        self._bytes = np.memmap(file, np.uint8, "r") if file.exists() and file.stat().st_size else np.empty(0, np.uint8)

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, position: Any) -> Any:
        if isinstance(position, slice):
            return [self[i] for i in range(*position.indices(len(self)))]
        place = self._places[position]
        if place is None:
            return none((1, 1))
        data = np.array(self._bytes[place.offset : place.offset + place.count * _BYTES])
        split = place.count * DIM
        frames = data[split:].view(np.uint16).reshape(-1, 4)
        return Features(data[:split].reshape(-1, DIM), frames, (place.height, place.width))


def kept(
    images: ImageSet,
    rows: Sequence[int] | np.ndarray,
    *,
    folder: Path,
    how: Sift,
    workers: int = 2,
    skipped: Skipped | None = None,
    progress: bool = False,
) -> KeptFeatures:
    """The local features of ``rows`` of the images, in their order, from ``folder`` where they are there.

    What is missing is found and added, about 136 bytes a feature; a kill costs the pictures in work at that moment.
    A picture is known by its name, its box, and when it was changed last and its size; in memory by its pixels.
    Another process that is adding to the same is waited for. Pictures that cannot be read have no features, and why is
    noted in ``skipped``: they are tried again whenever they are asked for. Without ``skipped`` they are an error.
    Raises InputError where the folder cannot be written.
    """
    store = _Store(folder / f"sift-{_key(how)}")
    keys = [_name(images, int(row)) for row in rows]
    places = store.places()
    features = KeptFeatures(store.file, [places.get(key) for key in keys])
    todo = {key: int(row) for key, row in zip(keys, rows, strict=True) if key not in places}
    if not todo and store.places() == places:  # else others may stand in the file that was opened: it was tidied
        return features
    with store.alone():
        places = store.places()
        todo = {key: int(row) for key, row in zip(keys, rows, strict=True) if key not in places}
        found = _found(images, list(todo.values()), how, workers, skipped)
        bar = tqdm(zip(todo, found, strict=True), "local features", len(todo), disable=not progress, leave=False)
        places = places | store.add((key, features) for key, features in bar if features is not None)
        return KeptFeatures(store.file, [places.get(key) for key in keys])


def tidy(folder: Path, how: Sift) -> int:
    """Leave out the features of files that are gone or have changed; returns of how many pictures those are.

    Whoever has the features open keeps them. A kill on the way may cost features, which are then found anew.
    Raises InputError where the folder cannot be written.
    """
    store = _Store(folder / f"sift-{_key(how)}")
    if not store.places():
        return 0
    with store.alone():
        places = store.places()
        stays = {key: place for key, place in places.items() if _is_there(key)}
        if len(stays) < len(places):
            store.rewrite(stays)
    return len(places) - len(stays)


def _found(
    images: ImageSet, rows: list[int], how: Sift, workers: int, skipped: Skipped | None
) -> Iterator[Features | None]:
    """The features of each row in order, None where it cannot be read."""

    def one(row: int) -> Features | Unreadable:
        try:
            return find(decode.read(images, row, at_least=how.side), how)
        except Unreadable as error:
            return error

    batches = ([(row,) for row in rows[i : i + _BATCH]] for i in range(0, len(rows), _BATCH))
    for batch in in_threads(one, batches, workers=workers):
        for features in batch:
            if isinstance(features, Features):
                yield features
            elif skipped is None:
                raise features
            else:
                skipped.add(features)
                yield None


def _key(how: Sift) -> str:
    return hashlib.sha256(repr((_VERSION, astuple(how))).encode()).hexdigest()[:12]


def _name(images: ImageSet, row: int) -> str:
    """What the features of a picture are kept under."""
    stored = images.images[row]
    whole = images.crops is None or np.isnan(images.crops[row]).any()
    box = "" if whole else f" {images.crops[row].tolist()}"
    if isinstance(stored, np.ndarray):
        return f"{hashlib.sha256(np.ascontiguousarray(stored)).hexdigest()[:32]} {stored.shape}{box}"
    with suppress(contents.Unopened):
        return f"{stored} {contents.changed(stored)!r} {contents.size(stored)}{box}"
    return f"{stored}{box}"


def _is_there(key: str) -> bool:
    """Whether features that are kept under ``key`` are of a file as it is now; of what was in memory they may be."""
    named = _OF_FILE.fullmatch(key)
    if not named:
        return True
    path, changed, size = named.groups()
    with suppress(contents.Unopened):
        return f"{contents.changed(path)!r} {contents.size(path)}" == f"{changed} {size}"
    return False


class _Store:
    """Two files that are only added to: the features, and a line for each picture that says where they stand.

    The line comes after the features: what a kill has cut short has none, or half of one, and counts as never found.
    """

    def __init__(self, stem: Path) -> None:
        self.file, self._lines = stem.with_suffix(".features"), stem.with_suffix(".jsonl")

    def alone(self) -> AbstractContextManager:
        """No other process adds or rewrites meanwhile; one that does is waited for."""
        return lock.alone(self.file.parent, flag="working folder", name=f"{self.file.stem}.lock", wait=True)

    def places(self) -> dict[str, _Place]:
        """Where the features of each picture are; not to be changed."""
        with suppress(FileNotFoundError, NotADirectoryError):
            about = self._lines.stat()
            return _read_lines(self._lines, about.st_size, about.st_mtime_ns, self.file.stat().st_size)
        return {}

    def add(self, found: Iterator[tuple[str, Features]]) -> dict[str, _Place]:
        """Write what is found as it comes, and say where; raises InputError where it cannot be written."""
        added = {}
        try:
            self._tidy()
            with self.file.open("ab") as file, self._lines.open("a") as lines:
                for key, features in found:
                    added[key] = place = _Place(file.tell(), len(features), *features.shape)
                    file.write(features.descriptors.tobytes() + features.frames.tobytes())
                    file.flush()
                    lines.write(_line(key, place))
                    lines.flush()
        except OSError as error:
            kept = "what is there is kept, and the same command goes on with it"
            raise InputError(f"{self.file}: cannot be written, make room ({error.strerror}); {kept}") from None
        return added

    def rewrite(self, places: dict[str, _Place]) -> None:
        """Keep these alone. Without its lines the old file is read no more, and only then there is another."""
        offset, lines = 0, []
        try:
            with beside(self.file) as new, new.open("wb") as file, self.file.open("rb") as old:
                for key, place in places.items():
                    old.seek(place.offset)
                    lines.append(_line(key, replace(place, offset=offset)))
                    offset += file.write(old.read(place.count * _BYTES))
                self._lines.unlink()
            with beside(self._lines) as part:
                part.write_text("".join(lines))
        except OSError as error:
            raise InputError(f"{self.file}: cannot be written, make room ({error.strerror})") from None

    def _tidy(self) -> None:
        """Leave out lines that are cut short, and those of features that were lost: others will stand there."""
        text = "".join(_line(key, place) for key, place in self.places().items())
        if not self._lines.exists() or self._lines.read_text(errors="replace") != text:
            with beside(self._lines) as part:
                part.write_text(text)


@lru_cache(maxsize=4)
def _read_lines(path: Path, size: int, changed: int, end: int) -> dict[str, _Place]:
    """What the lines of a file tell, of that size and time, beside one of features that is ``end`` bytes long."""
    found = dict(filter(None, map(_read_line, path.read_text(errors="replace").splitlines())))
    return {key: place for key, place in found.items() if place.offset + place.count * _BYTES <= end}


def _line(key: str, place: _Place) -> str:
    return json.dumps([key, *astuple(place)]) + "\n"


def _read_line(line: str) -> tuple[str, _Place] | None:
    try:
        key, *numbers = json.loads(line)
        return str(key), _Place(*map(int, numbers))
    except (ValueError, TypeError):
        return None
