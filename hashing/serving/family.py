"""The family of hashing runs, whose networks give codes."""

from pathlib import Path
from typing import TYPE_CHECKING

from embedding.serving.family import Family

if TYPE_CHECKING:
    from embedding.mx import mx
    from embedding.serving.networks import Served


def _served(folder: Path, checkpoint: str, devices: "list[mx.Context]") -> "Served":
    from hashing.build import served as served

    return served(folder, checkpoint, devices)


HASHING = Family("bits", _served)
