"""Served: a side of a network of sketches and photographs, with its facts."""

from pathlib import Path

from embedding.engine.kept import network_of
from embedding.mx import mx
from embedding.serving.networks import Served, facts_of
from embedding.sketches import build
from embedding.sketches.build import VECTORS


def of_run(folder: Path, checkpoint: str, devices: list[mx.Context], which: str) -> Served:
    """The side of "sketches" or of "photographs" of a run folder; ``checkpoint`` is best or last.

    Raises InputError where the folder holds none such.
    """
    net, options = build.trained_network(folder, checkpoint, devices, VECTORS)
    facts = facts_of(options, network_of(folder / checkpoint), dim=options.embed_dim)
    return Served(build.side(net, which), facts)
