"""The families of runs of codes of sketches and photographs: the side of the photographs, and that of the sketches."""

from pathlib import Path
from typing import TYPE_CHECKING

from embedding.serving.family import Family
from embedding.sketches.serving.family import FILE

if TYPE_CHECKING:
    from embedding.mx import mx
    from embedding.serving.networks import Served


def _photographs(folder: Path, checkpoint: str, devices: "list[mx.Context]") -> "Served":
    from hashing.sketches.serving.served import of_run

    return of_run(folder, checkpoint, devices, "photographs")


def _sketches(folder: Path, checkpoint: str, devices: "list[mx.Context]") -> "Served":
    from hashing.sketches.serving.served import of_run

    return of_run(folder, checkpoint, devices, "sketches")


CODED_PHOTOGRAPHS = Family("semantic", _photographs)
CODED_SKETCHES = Family("semantic", _sketches, FILE)
