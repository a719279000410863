"""Served: the network of a run of instance retrieval, with its facts."""

from pathlib import Path

from embedding import build
from embedding.batches.decode import OWN
from embedding.engine.kept import network_of
from embedding.instances.build import network
from embedding.instances.options import InstanceOptions
from embedding.mx import mx
from embedding.network.instance_head import power
from embedding.serving.networks import Served, facts_of


def of_run(folder: Path, checkpoint: str, devices: list[mx.Context]) -> Served:
    """The network of a run folder; ``checkpoint`` is best or last. Raises InputError where it holds none such."""
    net, options = build.trained_network(folder, checkpoint, devices, kind=InstanceOptions, net_of=network)
    if options.resize == OWN:  # a plan kept for every size of picture would fill the memory
        net.hybridize(static_alloc=False, static_shape=False)
    dim = options.embed_dim if options.whitening and options.embed_dim else net.encoder.dim
    return Served(net, facts_of(options, network_of(folder / checkpoint), dim=dim, power=power(net)))
