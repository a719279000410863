"""Files, images without labels: every image file under a folder, to be turned into vectors rather than trained on."""

from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.folder import ENDINGS


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """All image files under ``root``, at any depth, in alphabetical order, in one class and with no train part.

    Raises InputError where ``root`` is no folder or holds fewer than two images.
    """
    if root is None:
        raise InputError("dataset files needs a folder of images: name it by --data-path")
    if not Path(root).is_dir():
        raise InputError(f"dataset files needs a folder of images: {root} is none")
    if boxes:
        raise InputError(f"{root} has no boxes: a folder of files cannot tell them")
    paths = image_files(Path(root))
    if len(paths) < 2:
        raise InputError(f"{root} holds {len(paths)} image(s) ({' '.join(ENDINGS)}): put at least two there")
    rows = np.arange(len(paths))
    return ImageSet(
        name=Path(root).resolve().name,
        images=paths,
        labels=np.zeros(len(paths), dtype=np.int64),
        class_names=("image",),
        train=rows[:0],
        query=rows,
        gallery=rows,
    ).check()


def image_files(root: Path) -> list[str]:
    """The paths of all image files under ``root``, at any depth, in alphabetical order."""
    return sorted(str(path) for path in root.rglob("*") if path.suffix.lower() in ENDINGS and path.is_file())
