"""What the options of an image-text command describe, built: caption set, vocabulary, towers, loss, batches, judge."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from datasets import captions as caption_sets
from datasets.captions.base import CaptionSet
from datasets.errors import InputError
from datasets.images.skipped import Skipped
from datasets.sources.image_source import DATA
from embedding import build
from embedding.batches.decode import Augmentation
from embedding.evaluation.extract import unread
from embedding.losses.base import settings
from embedding.mx import gluon, mx
from embedding.network.net import Encoder, Net
from embedding.training.atomic import last_line
from embedding.training.fit import Optimizers
from vse import losses
from vse.batches import CaptionBatches, KeptFeatures, Pixels
from vse.evaluation.judge import PairJudge
from vse.losses.base import PairingLoss
from vse.network import word_vectors
from vse.network.embedder import Embedder
from vse.network.towers import CaptionTower, ImageTower, Towers, VseNet
from vse.network.vocab import UNKNOWN, VOCABULARY, Vocabulary
from vse.network.words import tell_unknown, vocabulary_of
from vse.options import OWN, VseOptions, set_of, stored_options

log = logging.getLogger(__name__)

_BUILT_IN = ("scenes",)
_OF_ONE_SET = {"restval": "coco", "testall": "precomputed"}
_SEEN = 2000  # training images from whose features mean and deviation are taken, where the trunk learns too


@dataclass(frozen=True)
class VseParts(build.Parts):
    """All that an epoch needs, and who judges the network."""

    vocabulary: Vocabulary
    judge: PairJudge


def caption_set(options: VseOptions) -> CaptionSet:
    """The caption set that the options name; raises InputError where it cannot be read, trained on or tested on."""
    name, inner = set_of(options)
    which: dict[str, Any] = {"inner": inner} if inner else {}
    for flag, owner in _OF_ONE_SET.items():
        if getattr(options, flag):
            if name != owner:
                raise InputError(f"--{flag}: {options.data} has no such images; leave it out")
            which[flag] = True
    made = caption_sets.get(options.data)
    if options.data_path or name in _BUILT_IN:
        found = made.load(options.data_path, **which)
    else:
        try:
            found = made.load(DATA, **which)
        except InputError as error:
            raise InputError(f"--data={options.data} without --data-path, so looked for in {DATA}/: {error}") from None
    if options.img_dim and not (found.precomputed and found.images.shape[1] == options.img_dim):
        has = f"has features of {found.images.shape[1]} numbers" if found.precomputed else "has images, not features"
        raise InputError(f"--img-dim={options.img_dim}: {found.name} {has}; leave it out")
    return found.require("train", "dev", "test")


def parts(options: VseOptions, captions: CaptionSet, devices: build.Devices, skipped: Skipped) -> VseParts:
    """All that the options describe, made for ``captions`` on the ``devices``; what it cannot read is ``skipped``."""
    told = captions.captions_of(captions.train)
    size = _batch_size(options, len(told), len(devices))
    vocabulary = vocabulary_of(options, captions, told)
    tell_unknown(vocabulary, captions)
    loss = _loss(options, captions)
    encoder, views = _images(options, captions, devices, skipped)
    features = None if views is None else views.mean(axis=1)
    mx.random.seed(options.seed)  # extracting features draws numbers, and is done once
    net = VseNet(encoder, _towers(options, loss, vocabulary, devices))
    if options.word_vectors is not None:
        log.info("%s", word_vectors.load(net.towers.captions.words.weight, vocabulary, options.word_vectors))
    embedder = Embedder(net, vocabulary, options, devices)
    _begin(options, net, captions, features, embedder, devices, skipped)
    loss.initialize(ctx=devices)
    for block in (net.towers, loss):
        block.hybridize(static_alloc=True)
    trained = net.towers if encoder is None or features is not None else net
    return VseParts(
        net=net,
        trained=trained,
        loss=loss,
        optimizers=Optimizers(
            trained,
            loss,
            optimizer=options.optimizer,
            wd=options.wd,
            clip=options.grad_clip / size or None,  # our losses are means over the batch
        ),
        batches=_batches(options, captions, vocabulary, views, skipped),
        skipped=skipped,
        vocabulary=vocabulary,
        judge=PairJudge(captions, embedder, features=features, similarity=loss.similarity, skipped=skipped),
    )


def _batches(
    options: VseOptions, captions: CaptionSet, vocabulary: Vocabulary, views: np.ndarray | None, skipped: Skipped
) -> CaptionBatches:
    """The training batches; captions of images that are known to be unreadable are not among them."""
    rows = captions.train
    if views is None:
        augmentation = Augmentation(options.min_crop, flip=bool(options.flip))
        how = {"size": options.size("image"), "augmentation": augmentation, "workers": options.workers}
        shown = Pixels(captions.as_images(), skipped=skipped, **how)
    else:
        rows, shown = rows[~unread(views[rows])], KeptFeatures(views)
    told = captions.captions_of(rows)
    return CaptionBatches(
        shown,
        [vocabulary.encode(captions.captions[i]) for i in told],
        captions.image_of[told],
        size=options.batch_size,
        unknown=vocabulary.words.index(UNKNOWN),
        word_dropout=options.word_dropout,
        seed=options.seed,
    )


def _batch_size(options: VseOptions, captions: int, devices: int) -> int:
    """Captions in a batch; raises InputError where the devices cannot share them."""
    size = min(options.batch_size, captions)
    if size % devices:
        what = f"a batch of {size} captions cannot be dealt evenly to {devices} devices"
        raise InputError(f"--batch-size={options.batch_size}: {what}; change it, or take fewer devices")
    return size


def _loss(options: VseOptions, captions: CaptionSet) -> PairingLoss:
    made = losses.get(options.loss).Loss
    own = settings(made, options.loss, {name: getattr(options, name) for name in OWN})
    return made(images=len(captions.train), dim=options.embed_dim, **own)


def _images(
    options: VseOptions, captions: CaptionSet, devices: build.Devices, skipped: Skipped
) -> tuple[Encoder | None, np.ndarray | None]:
    """The trunk, None for features that somebody has extracted, and the features (N, V, C), None where it learns.

    V : views; two where an image and its mirror image are
    """
    if captions.precomputed:
        return None, captions.images[:, None]
    encoder = Encoder(model=options.model, pool=options.pool)
    net = Net(encoder, gluon.nn.HybridSequential())
    build.settle(net, options, devices)
    if options.start is not None:  # its features, too, are to be those of the trunk that is kept with them
        load(VseNet(encoder, None), options.start, "best", devices, ignore_extra=True)
    if options.finetune:
        return encoder, None
    if not options.use_pretrained and options.start is None:
        log.warning("the trunk has random weights and does not learn: give --use-pretrained=FILE, or --finetune")
    images = captions.as_images()
    views = [build.trunk_features(options, net, images, devices, skipped)]
    if options.mirrored:
        views.append(build.trunk_features(options, net, images, devices, skipped, mirror=True))
    return encoder, np.stack(views, axis=1)


def _towers(options: VseOptions, loss: PairingLoss, vocabulary: Vocabulary, devices: build.Devices) -> Towers:
    positive = loss.similarity == "order"
    captions = CaptionTower(
        len(vocabulary),
        options.embed_dim,
        word_dim=options.word_dim,
        layers=options.num_layers,
        dropout=options.dropout,
        positive=positive,
    )
    towers = Towers(ImageTower(options.embed_dim, dropout=options.dropout, positive=positive), captions)
    towers.initialize(ctx=devices)
    return towers


def _begin(
    options: VseOptions,
    net: VseNet,
    captions: CaptionSet,
    features: np.ndarray | None,
    embedder: Embedder,
    devices: build.Devices,
    skipped: Skipped,
) -> None:
    """First weights that depend on the images, or those of another run."""
    rows = captions.train
    if features is None:
        rows = np.random.default_rng((options.seed, 0)).permutation(rows)[:_SEEN]
    seen = embedder.features(captions.as_images(), rows, skipped) if features is None else features[rows]
    net.towers.images.settle(seen[~unread(seen)])
    if options.start is not None:
        load(net, options.start, "best", devices)


@dataclass(frozen=True)
class Trained:
    """A trained network as those use it who search: its options, its embeddings, and what compares them."""

    options: VseOptions
    embedder: Embedder
    similarity: str


def trained(folder: Path, checkpoint: str, devices: build.Devices) -> Trained:
    """The network of a run folder for those who search; ``checkpoint`` and errors as of ``trained_network``."""
    net, vocabulary, options = trained_network(folder, checkpoint, devices)
    return Trained(options, Embedder(net, vocabulary, options, devices), losses.get(options.loss).Loss.similarity)


def trained_network(folder: Path, checkpoint: str, devices: build.Devices) -> tuple[VseNet, Vocabulary, VseOptions]:
    """The network of a run folder, its vocabulary and options; ``checkpoint`` is best or last.

    Raises InputError where the folder is not that of an image-text run, or holds no such checkpoint.
    """
    options = stored_options(folder)
    vocabulary = Vocabulary.load(folder / VOCABULARY)
    encoder = Encoder(model=options.model, pool=options.pool) if options.img_dim is None else None
    loss = losses.get(options.loss).Loss
    net = VseNet(encoder, _towers(options, loss, vocabulary, devices))
    load(net, folder, checkpoint, devices)
    net.hybridize(static_alloc=True, static_shape=True)
    return net, vocabulary, options


def load(net: VseNet, folder: Path, checkpoint: str, devices: build.Devices, **how: bool) -> None:
    """Set the weights of ``net`` from a checkpoint; raises InputError where it is not there, or of another network."""
    try:
        net.load_parameters(str(folder / checkpoint / "net.params"), ctx=devices, **how)
    except (OSError, ValueError, AssertionError, mx.base.MXNetError) as error:
        line = f"{folder} holds no such network '{checkpoint}' ({last_line(error)}): name a run folder of train_vse.py"
        raise InputError(line) from None
