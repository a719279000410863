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
from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet
from embedding.report.thumbnails import read_image
from vse.network.embedder import Embedder
from vse.search.gallery import NETWORK, Gallery, fingerprint

log = logging.getLogger(__name__)

GALLERIES = "galleries"  # folder of a run

_AT_ONCE = 4096  # images: what the trunk makes of them is held until the tower has seen it
_NAMED = 5  # images left out that are named


class _Pictures(Sequence[np.ndarray]):
    """Images by row, read when asked for; one that cannot be read is a black dot, and its row is noted in ``bad``."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths, self.bad = paths, set[int]()

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, row: int) -> np.ndarray:
        image = read_image(self._paths[row])
        if image is None:
            self.bad.add(row)
            return np.zeros((1, 1, 3), np.uint8)
        return image


def of_folder(folder: Path, run: Path, embedder: Embedder) -> Gallery:
    """All images under ``folder``, but those that cannot be read, which are named in the log.

    Kept in ``run``/galleries under the names, sizes and times of the files and the network's weights. Another process
    that is embedding the same is waited for. Raises InputError where the folder has no image that can be read.
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
        _embed(name, paths, file, embedder, fingerprint(run))

    lock.make_once(file, make, flag="--run")
    found = vectors_file.load(file)
    left_out = {int(row) for row in found.attrs["left_out"]}
    _tell([paths[row] for row in sorted(left_out)], len(paths), folder)
    kept = tuple(path for row, path in enumerate(paths) if row not in left_out)
    return Gallery(name, found.gallery, kept, file)  # not the file's own names: the folder may have moved


def _key(folder: Path, paths: Sequence[str], run: Path) -> str:
    digest = hashlib.sha256((run / "best" / "net.params").read_bytes())
    for path in paths:
        about = os.stat(path)
        line = f"{os.path.relpath(path, folder)}\0{about.st_size}\0{about.st_mtime_ns}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:12]


def _embed(name: str, paths: Sequence[str], file: Path, embedder: Embedder, network: str) -> None:
    """Write the vectors file of the images; it has no queries. ``network`` is the fingerprint of that of the run."""
    pictures, rows = _Pictures(paths), np.arange(len(paths))
    images = ImageSet(name, pictures, np.zeros(len(paths), np.int64), ("image",), rows[:0], rows, rows)
    parts = [embedder.images(images, rows[start : start + _AT_ONCE]) for start in range(0, len(rows), _AT_ONCE)]
    left_out = sorted(pictures.bad)
    if len(left_out) == len(paths):
        raise InputError(f"--images: none of {len(paths)} images can be read, such as {paths[0]}; mend them")
    vectors = np.delete(np.concatenate(parts), left_out, axis=0)
    names = tuple(os.path.abspath(path) for row, path in enumerate(paths) if row not in pictures.bad)
    attrs = {"left_out": np.array(left_out, int), NETWORK: network}
    found = VectorSet(name, "inner_product", vectors, vectors[:0], gallery_paths=names, attrs=attrs)
    vectors_file.save(file, found)


def _tell(left_out: Sequence[str], count: int, folder: Path) -> None:
    if left_out:
        more = f" and {len(left_out) - _NAMED} more" if len(left_out) > _NAMED else ""
        named = ", ".join(left_out[:_NAMED]) + more
        log.warning("left out, %d of %d images of %s cannot be read: %s", len(left_out), count, folder, named)
