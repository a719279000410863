"""A folder of images as a gallery: embedded once with a run's network, and kept under the run."""

import hashlib
import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files import lock
from datasets.images.base import ImageSet
from datasets.images.files import image_files
from datasets.images.pixels import Unreadable
from datasets.images.skipped import MAX_BAD, Skipped, beside_file
from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet
from vse.search.gallery import NETWORK, Gallery, fingerprint
from vse.search.searcher import Embeds

log = logging.getLogger(__name__)

GALLERIES = "galleries"  # folder of a run

_AT_ONCE = 4096  # images: what the trunk makes of them is held until the tower has seen it
_FORMAT = b"2"  # of what is kept; other numbers are of files that are made again


def of_folder(folder: Path, run: Path, embedder: Embeds, *, max_bad: float = MAX_BAD) -> Gallery:
    """All images under ``folder``, but those that cannot be read, which the log tells of.

    Kept in ``run``/galleries under the names, sizes and times of the files and the network's weights. Another process
    that is embedding the same is waited for. Raises InputError where the folder has no image that can be read, or more
    than ``max_bad`` that cannot, see ``Skipped``.
    """
    if not folder.is_dir():
        raise InputError(f"--images={folder}: is no folder; name a folder of images")
    paths = image_files(folder)
    if not paths:
        raise InputError(f"--images={folder}: holds no image (.jpg, .png and so on); name a folder of images")
    name = folder.resolve().name
    stem = re.sub(r"[^\w.-]+", "_", name)[:80] or "images"
    file = run / GALLERIES / f"{stem}-{_key(folder, paths, run)}.h5"

    def make() -> None:
        log.info("embedding %d images of %s, once: %s", len(paths), folder, file)
        _embed(name, paths, file, embedder, fingerprint(run), Skipped(len(paths), max_bad=max_bad))

    lock.make_once(file, make, flag="--run")
    found = vectors_file.load(file)
    skipped = Skipped(len(paths), max_bad=max_bad)
    for path, reason in _left_out(found, file, paths).items():
        skipped.add(Unreadable(path, reason))
    if line := skipped.line(beside_file(file)):
        log.warning("%s", line)
    kept = tuple(path for path in paths if path not in skipped)
    return Gallery(name, found.gallery, kept, file)  # not the file's own names: the folder may have moved


def _key(folder: Path, paths: Sequence[str], run: Path) -> str:
    digest = hashlib.sha256(_FORMAT + fingerprint(run).encode())
    for path in paths:
        about = os.stat(path)
        line = f"{os.path.relpath(path, folder)}\0{about.st_size}\0{about.st_mtime_ns}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:12]


def _embed(name: str, paths: Sequence[str], file: Path, embedder: Embeds, network: str, skipped: Skipped) -> None:
    """Write the vectors file of the images; it has no queries. ``network`` is the fingerprint of that of the run.

    Beside it stands which of them are not in it, by their absolute paths, and why.
    """
    names, rows = [os.path.abspath(path) for path in paths], np.arange(len(paths))
    images = ImageSet(name, names, np.zeros(len(paths), np.int64), ("image",), rows[:0], rows, rows)
    parts, kept = [], []
    for start in range(0, len(rows), _AT_ONCE):
        made = embedder.images(images, rows[start : start + _AT_ONCE], skipped)
        there = [row for row in range(start, start + len(made)) if names[row] not in skipped]
        if there:
            parts.append(made[np.array(there) - start])
            kept += [names[row] for row in there]
    skipped.save(beside_file(file))
    vectors = np.concatenate(parts)
    attrs = {NETWORK: network}
    found = VectorSet(name, "inner_product", vectors, vectors[:0], gallery_paths=tuple(kept), attrs=attrs)
    vectors_file.save(file, found)


def _left_out(found: VectorSet, file: Path, paths: Sequence[str]) -> dict[str, str]:
    """Why each of ``paths`` that ``file`` has no vector of has none.

    All paths are sorted, and so were those that the file was made of, in whatever folder they stood then.
    """
    skipped = Skipped(len(paths), max_bad=1)
    skipped.load(beside_file(file))
    before = sorted([*found.gallery_paths, *skipped.reasons])
    if len(before) != len(paths):
        raise InputError(f"{file}: what was left out of it, {beside_file(file).name}, is gone or changed: remove both")
    return {path: skipped.reasons[old] for path, old in zip(paths, before, strict=True) if old in skipped}
