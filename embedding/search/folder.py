"""Pictures of a folder, an archive or a list as a gallery: embedded once and kept, those that changed embedded anew."""

import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files import address, contents, lock, packed
from datasets.files.whole import beside
from datasets.images.base import ImageSet
from datasets.images.pixels import Unreadable
from datasets.images.skipped import MAX_BAD, Skipped, beside_file
from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet
from embedding.search.gallery import NETWORK, Gallery

log = logging.getLogger(__name__)

# Makes the vectors (R, D) of the images ``rows``, NaN where one cannot be read, which is then noted; what it keeps on
# its way stands beside the file that they go to.
Embed = Callable[[ImageSet, np.ndarray, Skipped, Path], np.ndarray]

PIECES = ".pieces"  # ending of a folder beside the file, for what is kept on the way; removed when all is there
_FORMAT = 3  # of what is kept; other numbers are of files that are made again


@dataclass(frozen=True)
class Place:
    """Pictures that stand together.

    name : what their gallery is called
    root : the folder or archive that their paths begin with, or the list that names them
    paths : of all of them, in their order
    """

    name: str
    root: str
    paths: Sequence[str]

    def states(self) -> list[list[str | int]]:
        """What each picture is known by: its path from the root on, bytes, and when it was changed."""
        return [[self._within(path), *contents.state(path)] for path in self.paths]

    def _within(self, path: str) -> str:
        return path if address.is_address(path) else os.path.relpath(path, self.root)


def root(place: str) -> str:
    """Where the paths of what --images names begin: of a list its folder, of a pattern what stands before its signs."""
    path = os.path.expanduser(place)
    if os.path.isdir(path) or packed.is_archive(path):
        return path
    return os.path.dirname(path.partition("*")[0]) or "."


def gallery_of(
    place: Place, folder: Path, embed: Embed, *, network: str, max_bad: float = MAX_BAD, flag: str = "--run"
) -> Gallery:
    """The pictures of ``place``, but those that cannot be read, which the log tells of.

    folder : where it is kept, under the names, sizes and times of the files and the ``network``, a fingerprint of all
        that decides what the vectors are. A place that moved is known again
    flag : names another such folder
    Another process that is embedding the same is waited for. Raises InputError where no picture can be read, or more
    than ``max_bad`` that cannot, see ``Skipped``.
    """
    states = place.states()
    mark = hashlib.sha256(json.dumps([_FORMAT, network, states]).encode()).hexdigest()[:12]
    stem = re.sub(r"[^\w.-]+", "_", place.name)[:80] or "images"
    about = folder / f"{stem}-{mark}.json"
    lock.make_once(about, lambda: _make(place, states, about, embed, network, max_bad), flag=flag)
    return _read(place, about, max_bad)


def _read(place: Place, about: Path, max_bad: float) -> Gallery:
    reasons = _reasons(about)
    skipped = Skipped(len(reasons), max_bad=max_bad)
    for path, reason in zip(place.paths, reasons, strict=True):
        if reason:
            skipped.add(Unreadable(path, reason))
    file = about.with_suffix(".h5")
    if line := skipped.line(beside_file(file)):
        log.warning("%s", line)
    there = tuple(path for path, reason in zip(place.paths, reasons, strict=True) if not reason)
    return Gallery(place.name, vectors_file.load(file).gallery, there, file)  # not the file's names: it may have moved


def _reasons(about: Path) -> list[str]:
    """Why each picture cannot be read, "" where it can."""
    return [reason for *_, reason in json.loads(about.read_text())["pictures"]]


def _make(place: Place, states: list[list[str | int]], about: Path, embed: Embed, network: str, max_bad: float) -> None:
    """Write the vectors, what was skipped, and last the file that says what they are of."""
    file, root = about.with_suffix(".h5"), os.path.abspath(place.root)
    names = [path if address.is_address(path) else os.path.abspath(path) for path in place.paths]
    before = _Before.of(about, network, root, states)
    todo = np.array([row for row, state in enumerate(states) if tuple(state) not in before.rows], np.int64)
    log.info("embedding %d of %d images of %s, once: %s", len(todo), len(names), place.root, file)
    everything = np.arange(len(names))
    images = ImageSet(place.name, names, np.zeros(len(names), np.int64), ("image",), todo[:0], everything, everything)
    skipped = Skipped(len(names), max_bad=max_bad)
    made = embed(images, todo, skipped, file) if len(todo) else before.vectors[:0]
    vectors = np.full((len(names), made.shape[1]), np.nan, np.float32)
    vectors[todo] = made
    for row in np.setdiff1d(everything, todo):
        vectors[row] = before.vectors[before.rows[tuple(states[row])]]
    reasons = [skipped.reasons.get(name, "") for name in names]
    there = [row for row in everything if not reasons[row]]
    attrs = {NETWORK: network}
    kept = tuple(names[row] for row in there)
    found = VectorSet(place.name, "inner_product", vectors[there], vectors[:0], gallery_paths=kept, attrs=attrs)
    vectors_file.save(file, found)
    skipped.save(beside_file(file))
    pictures = [[*state, reason] for state, reason in zip(states, reasons, strict=True)]
    with beside(about) as part:
        part.write_text(json.dumps({"network": network, "root": root, "pictures": pictures}))
    before.remove_what_was(root, states)
    shutil.rmtree(file.with_suffix(PIECES), ignore_errors=True)


@dataclass(frozen=True)
class _Before:
    """What is kept of the same place as it was before: where the vector of each picture stands, by its state."""

    about: Path | None
    rows: dict[tuple[str | int, ...], int]
    vectors: np.ndarray

    @classmethod
    def of(cls, about: Path, network: str, root: str, states: Sequence[Sequence[str | int]]) -> "_Before":
        """That beside ``about``, by the same network, which has most of ``states``; nothing where there is none."""
        most, now = cls(None, {}, np.empty((0, 0), np.float32)), set(map(tuple, states))
        for path in about.parent.glob(f"{about.stem.rpartition('-')[0]}-*.json"):
            try:
                told = json.loads(path.read_text())
                if (told["network"], told["root"]) != (network, root):
                    continue
                found = [tuple(state) for *state, reason in told["pictures"] if not reason]
                rows = {state: row for row, state in enumerate(found)}
                if len(rows.keys() & now) > len(most.rows.keys() & now):
                    most = cls(path, rows, _vectors(path, len(found)))
            except (OSError, ValueError, KeyError, InputError):
                continue  # it is no such file, or half of it is gone: all is embedded anew
        return most

    def remove_what_was(self, root: str, states: Sequence[Sequence[str | int]]) -> None:
        """Remove it where ``states`` have all of its pictures that are still as they were: else it is of others too."""
        others = self.rows.keys() - set(map(tuple, states))
        gone = all(contents.state(os.path.join(root, path)) != tuple(state) for path, *state in others)
        if self.about is not None and gone:
            for path in self.about.parent.glob(f"{self.about.stem}[.-]*"):
                path.unlink(missing_ok=True)


def _vectors(about: Path, count: int) -> np.ndarray:
    found = np.array(vectors_file.load(about.with_suffix(".h5")).gallery)
    if len(found) != count:
        raise ValueError(f"{len(found)} vectors of {count} pictures")
    return found
