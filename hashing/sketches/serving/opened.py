"""Opened: the two sides of a run of train_sketch.py, of sketches and of photographs, whoever computes."""

from pathlib import Path

from datasets.errors import InputError
from embedding.serving import openers
from embedding.serving.openers import Opener
from embedding.sketches.serving.family import PHOTOGRAPHS, SKETCHES
from hashing.sketches.serving.family import CODED_PHOTOGRAPHS, CODED_SKETCHES


def knows_sketches(folder: Path, checkpoint: str = "best") -> bool:
    """Whether the network of a run folder is one of sketches and photographs."""
    return SKETCHES.option in openers.options_of(folder, checkpoint)


def sides(folder: Path, checkpoint: str = "best", *, engine: str = "auto", gpus: str = "") -> tuple[Opener, Opener]:
    """What opens the side of sketches and that of photographs; their vectors, or codes, are compared with each other.

    checkpoint, engine, gpus : as of ``openers.of_run``; errors too, and where it is no such run
    """
    if not knows_sketches(folder, checkpoint):
        raise InputError(f"{folder} is no run of train_sketch.py: its network knows no sketches; name a folder it made")
    how = {"engine": engine, "gpus": gpus}
    return (
        openers.of_run((CODED_SKETCHES, SKETCHES), folder, checkpoint, **how),
        openers.of_run((CODED_PHOTOGRAPHS, PHOTOGRAPHS), folder, checkpoint, **how),
    )
