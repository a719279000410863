"""Engines: what opens the network that a command names, of any family of runs, and in this process or in another."""

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from datasets.errors import InputError
from embedding import build
from embedding.engine.base import Engine, Facts
from embedding.engine.gluon import GluonEngine
from embedding.mx import contexts, nd
from embedding.network import weights
from embedding.options import TrainOptions
from hashing import build as hash_build

# Opens an engine; it may be sent to other processes, each of which opens its own.
Opener = Callable[[], Engine]


def of_run(folder: Path, checkpoint: str = "best", *, engine: str = "auto", gpus: str = "") -> Opener:
    """What opens the network of a run folder."""
    kind = hash_build if hash_build.is_hashing_run(folder) else build
    return partial(_open_run, kind.__name__, folder, checkpoint, gpus)


def of_trunk(options: TrainOptions, *, engine: str = "auto", gpus: str = "") -> Opener:
    """The same of the pretrained trunk that ``options``, resolved, describe."""
    return partial(_open_trunk, options, gpus)


def _open_run(kind: str, folder: Path, checkpoint: str, gpus: str) -> Engine:
    devices = contexts(gpus)
    module: Any = hash_build if kind == hash_build.__name__ else build
    net, options = module.trained_network(folder, checkpoint, devices)
    codes = module is hash_build
    file = folder / checkpoint / "net.params"
    network = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    dim = options.bits if codes else options.embed_dim
    facts = Facts(network, options.model, options.size("test"), options.resize, dim, codes)
    return GluonEngine(net, facts, devices)


def _open_trunk(options: TrainOptions, gpus: str) -> Engine:
    devices = contexts(gpus)
    net = build.embedding_net(options)
    build.settle(net, options, devices)
    if not options.use_pretrained:
        raise InputError("no weights")
    file = weights.find(options.use_pretrained, options.model)
    network = hashlib.sha256(f"{Path(file).read_bytes()!r}{options.pool}".encode()).hexdigest()[:16]
    dim = net.encoder(nd.zeros((1, *options.size("test"), 3), ctx=devices[0], dtype="uint8")).shape[1]
    return GluonEngine(
        net.encoder, Facts(network, options.model, options.size("test"), options.resize, int(dim)), devices
    )
