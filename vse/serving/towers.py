"""The towers of a run: that of images served as other networks are, and that of captions as an ONNX file."""

from pathlib import Path

from datasets.errors import InputError
from embedding import build
from embedding.engine.kept import network_of
from embedding.mx import contexts
from embedding.network import export
from embedding.serving.networks import Served, facts_of
from vse import losses
from vse.build import trained_network
from vse.network import caption_graph
from vse.network.towers import WholeImageTower


def served(folder: Path, checkpoint: str, devices: build.Devices) -> Served:
    """The image tower of a run folder with its trunk, as ``embedding.serving`` has other networks.

    Raises InputError where there is no trunk.
    """
    net, _, options = trained_network(folder, checkpoint, devices)
    if net.encoder is None:
        raise InputError(f"{folder}: was trained on precomputed features: it has no trunk, and can read no image")
    whole = WholeImageTower(net.encoder, net.towers.images, mirrored=options.mirrored)
    whole.hybridize(static_alloc=True, static_shape=True)
    similarity = losses.get(options.loss).Loss.similarity
    facts = facts_of(options, network_of(folder / checkpoint), dim=options.embed_dim, similarity=similarity)
    return Served(whole, facts)


def write_captions(folder: Path, checkpoint: str, path: Path) -> None:
    """Write the caption tower of a run folder as an ONNX file, with its vocabulary, whole or not at all."""
    net, vocabulary, options = trained_network(folder, checkpoint, contexts(""))
    words = {
        "network": network_of(folder / checkpoint),
        "dim": str(options.embed_dim),
        "similarity": losses.get(options.loss).Loss.similarity,
        "vocabulary": vocabulary.to_json(),
    }
    positive = words["similarity"] == "order"
    model = caption_graph.model(net.towers.captions, layers=options.num_layers, positive=positive, **words)
    export.save(model.SerializeToString(), path)
