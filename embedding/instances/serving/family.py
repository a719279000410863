"""The family of runs of instance retrieval."""

from pathlib import Path
from typing import TYPE_CHECKING

from embedding.serving.family import Family

if TYPE_CHECKING:
    from embedding.mx import mx
    from embedding.serving.networks import Served


def _served(folder: Path, checkpoint: str, devices: "list[mx.Context]") -> "Served":
    from embedding.instances.serving.served import of_run as served

    return served(folder, checkpoint, devices)


INSTANCES = Family("neg_num", _served)
