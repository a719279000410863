"""The families of hashing runs, whose networks give codes: of pictures, and of pictures and texts alike."""

from pathlib import Path
from typing import TYPE_CHECKING

from embedding.serving.family import Family

if TYPE_CHECKING:
    from embedding.mx import mx
    from embedding.serving.networks import Served


def _served(folder: Path, checkpoint: str, devices: "list[mx.Context]") -> "Served":
    from hashing.build import served as served

    return served(folder, checkpoint, devices)


def _served_cross(folder: Path, checkpoint: str, devices: "list[mx.Context]") -> "Served":
    from hashing.cross.build import served as served

    return served(folder, checkpoint, devices)


HASHING = Family("bits", _served)
CROSS = Family("text_hidden", _served_cross)  # before HASHING, which its runs would be of too
