"""Drawn: the pictures of the demos as files, which nothing was trained on."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from datasets.captions import scenes as drawn_scenes
from datasets.files.whole import folder_beside
from datasets.images import glyphs


def scenes(folder: Path) -> Path:
    """The scenes of which dev and test are made, in a folder of each part; written where they are not there."""
    if not folder.exists():
        found = drawn_scenes.load()
        parts = {"dev": found.dev, "test": found.test}
        rows = [(f"{part}/{row}", found.images[row]) for part, rows in parts.items() for row in rows]
        _write(folder, rows)
    return folder


def characters(folder: Path) -> Path:
    """The characters that are tested, each in a folder of its own; written where they are not there."""
    if not folder.exists():
        found = glyphs.load()
        name = [found.class_names[label] for label in found.labels]
        _write(folder, ((f"{name[row]}/{row}", found.images[row]) for row in found.gallery))
    return folder


def _write(folder: Path, rows: Iterable[tuple[str, np.ndarray]]) -> None:
    """Pictures (H, W, 3) by their paths, all or none of them."""
    with folder_beside(folder) as part:
        for name, pixels in rows:
            path = part / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), pixels[:, :, ::-1])
