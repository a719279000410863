"""Served: a trained network with its facts, of a run folder or of a bare trunk."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from embedding import build
from embedding.batches.decode import OWN
from embedding.engine import facts
from embedding.engine.base import Engine, Facts
from embedding.engine.gluon import GluonEngine
from embedding.engine.kept import fingerprint, network_of
from embedding.engine.onnx import run_once
from embedding.mx import bound_plans, contexts, gluon, mx, nd
from embedding.network import export, pooling, weights
from embedding.network.instance_head import features_power
from embedding.network.net import Net
from embedding.options import TrainOptions

_MOST_DIFFERENCE = 1e-3  # of the largest number; sums of float32 in another order differ by a hundredth of it

_ENOUGH = 224  # pixels a side by which a network of any sizes is compared


@dataclass(frozen=True)
class Served:
    """A network whose weights are there.

    net : uint8 RGB images (B, H, W, 3) to (B, D)
    """

    net: gluon.HybridBlock
    facts: Facts

    def write(self, path: Path) -> None:
        """Write it as an ONNX file, whole or not at all; raises InputError where that would give other vectors."""
        model = export.model(self.net, **facts.to_words(self.facts)).SerializeToString()
        seen = (min(side, _ENOUGH) for side in self.facts.size) if self.facts.resize == OWN else self.facts.size
        pixels = np.random.default_rng(0).integers(0, 256, (2, *seen, 3), np.uint8)
        device = next(iter(self.net.collect_params().values())).list_ctx()[0]
        expected = self.net(nd.array(pixels, ctx=device, dtype="uint8")).asnumpy()
        difference = np.abs(run_once(model, pixels) - expected).max() / max(np.abs(expected).max(), 1e-30)
        if not difference < _MOST_DIFFERENCE:
            line = f"{path}: the ONNX file would give other vectors than MXNet, by {difference:.1e} of the largest"
            raise InputError(f"{line}; --engine=mxnet computes without it")
        export.save(model, path)


# Loads a network onto devices: a function of a module, or a partial of one, so that other processes can do it too.
Serve = Callable[[list[mx.Context]], Served]


def opened(serve: Serve, gpus: str) -> Engine:
    """What ``serve`` loads as an engine on the devices that ``--gpus`` names."""
    bound_plans()
    devices = contexts(gpus)
    served = serve(devices)
    return GluonEngine(served.net, served.facts, devices)


def written(serve: Serve, path: Path) -> None:
    """Write what ``serve`` loads as an ONNX file."""
    serve(contexts("")).write(path)


def of_run(folder: Path, checkpoint: str, devices: list[mx.Context]) -> Served:
    """The network of a run folder of metric learning; ``checkpoint`` is best or last.

    Raises InputError where the folder holds none such.
    """
    net, options = build.trained_network(folder, checkpoint, devices)
    network = network_of(folder / checkpoint)
    return Served(net, facts_of(options, network, dim=options.embed_dim))


def of_trunk(options: TrainOptions, devices: list[mx.Context]) -> Served:
    """The pooled features of the pretrained trunk that ``options``, resolved, describe; errors as of ``weights``.

    Raises InputError for a pooling that has to be trained.
    """
    if pooling.canonical(options.pool) == "netvlad":
        raise InputError(f"--pool={options.pool}: its centres are learned; train_instance.py trains it, or take gem")
    net = build.embedding_net(options)
    build.settle(net, options, devices)
    facts = facts_of(
        options,
        trunk_fingerprint(options),
        dim=_dim(net, options, devices),
        power=features_power(net.encoder),
    )
    return Served(net.encoder, facts)


def trunk_fingerprint(options: TrainOptions) -> str:
    """What tells a pretrained trunk and its pooling from another, without loading it."""
    file = fingerprint(weights.find(options.use_pretrained, options.model))
    return hashlib.sha256(f"{file} {options.model} {options.pool}".encode()).hexdigest()[:16]


def _dim(net: Net, options: TrainOptions, devices: list[mx.Context]) -> int:
    blank = nd.zeros((1, *options.size("test"), 3), ctx=devices[0], dtype="uint8")
    return int(net.encoder(blank).shape[1])


def facts_of(options: TrainOptions, network: str, *, dim: int, **more: bool | str | float) -> Facts:
    """The facts of a network that was trained with ``options``; ``more`` as in Facts."""
    return Facts(
        network=network, model=options.model, size=options.size("test"), resize=options.resize, dim=dim, **more
    )
