"""The families of runs of sketches and photographs: the side of the photographs, and that of the sketches."""

from pathlib import Path
from typing import TYPE_CHECKING

from embedding.serving.family import Family

if TYPE_CHECKING:
    from embedding.mx import mx
    from embedding.serving.networks import Served

FILE = "sketches.onnx"  # the ONNX file of the side of sketches, beside that of photographs


def _photographs(folder: Path, checkpoint: str, devices: "list[mx.Context]") -> "Served":
    from embedding.sketches.serving.served import of_run

    return of_run(folder, checkpoint, devices, "photographs")


def _sketches(folder: Path, checkpoint: str, devices: "list[mx.Context]") -> "Served":
    from embedding.sketches.serving.served import of_run

    return of_run(folder, checkpoint, devices, "sketches")


PHOTOGRAPHS = Family("share", _photographs)
SKETCHES = Family("share", _sketches, FILE)
