"""The family of runs of images and captions, of which the image tower is served."""

from pathlib import Path
from typing import TYPE_CHECKING

from embedding.serving.family import Family

if TYPE_CHECKING:
    from embedding.mx import mx
    from embedding.serving.networks import Served


def _served(folder: Path, checkpoint: str, devices: "list[mx.Context]") -> "Served":
    from vse.serving.towers import served as served

    return served(folder, checkpoint, devices)


IMAGE_TEXT = Family("word_dim", _served)
