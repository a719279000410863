"""A folder of images as a gallery: embedded once with a run's network, and kept under the run."""

from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.files import image_files
from datasets.images.skipped import MAX_BAD, Skipped
from embedding.search import folder as kept_folder
from embedding.search.folder import Place
from embedding.search.gallery import Gallery
from vse.search.gallery import fingerprint
from vse.search.searcher import Embeds

GALLERIES = "galleries"  # folder of a run

_AT_ONCE = 4096  # images: what the trunk makes of them is held until the tower has seen it


def of_folder(folder: Path, run: Path, embedder: Embeds, *, max_bad: float = MAX_BAD) -> Gallery:
    """All images under ``folder``, but those that cannot be read, which the log tells of.

    Kept in ``run``/galleries, as ``embedding/search/folder.py`` says. Raises InputError where the folder has no image
    that can be read, or more than ``max_bad`` that cannot, see ``Skipped``.
    """
    if not folder.is_dir():
        raise InputError(f"--images={folder}: is no folder; name a folder of images")
    paths = image_files(folder)
    if not paths:
        raise InputError(f"--images={folder}: holds no image (.jpg, .png and so on); name a folder of images")

    def embed(images: ImageSet, rows: np.ndarray, skipped: Skipped, _: Path) -> np.ndarray:
        starts = range(0, len(rows), _AT_ONCE)
        return np.concatenate([embedder.images(images, rows[i : i + _AT_ONCE], skipped) for i in starts])

    place = Place(folder.resolve().name, str(folder), paths)
    network = fingerprint(run)
    return kept_folder.gallery_of(place, run / GALLERIES, embed, network=network, max_bad=max_bad)
