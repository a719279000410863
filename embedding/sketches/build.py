"""What the options of a sketch command describe, built: image set, network, loss, batches, judges."""

import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped
from datasets.sources import image_source
from embedding import build
from embedding.evaluation.judge import Judge
from embedding.losses.base import EmbeddingLoss
from embedding.mx import gluon
from embedding.network.net import Encoder, Head, Net
from embedding.sketches import losses
from embedding.sketches.batches import SketchBatches, deal, hold_out
from embedding.sketches.judge import SketchJudge
from embedding.sketches.net import TwoSided, two_sided
from embedding.sketches.options import OWN, SketchOptions
from embedding.training.fit import Optimizers
from embedding.training.workers import Team

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kind:
    """What of a run depends on whether it makes vectors or codes.

    options : the class of its options
    loss : of the options and the number of training classes
    head : of the options, without weights
    judge : of what gives outputs, the images and the options
    """

    options: type[SketchOptions]
    loss: Callable[[Any, int], EmbeddingLoss]
    head: Callable[[Any], gluon.HybridBlock]
    judge: Callable[[Judge, ImageSet, Any], SketchJudge]


@dataclass(frozen=True)
class SketchParts(build.Parts):
    """All that an epoch needs, and who judges the network; ``validation`` is None where no classes are held out."""

    judge: SketchJudge
    validation: SketchJudge | None


def _loss(options: SketchOptions, classes: int) -> EmbeddingLoss:
    own = {name: getattr(options, name) for name in OWN}
    if options.loss == "triplet":
        own["margin"] = 0.2 if options.margin is None else options.margin
        own["mining"] = "semi-hard" if options.warm_up is None else "hard"
    return losses.make(options.loss, classes=classes, dim=options.embed_dim, batch_k=options.batch_k, **own)


def _head(options: SketchOptions) -> Head:
    return Head(options.embed_dim, unit_rows=losses.unit_rows(options.loss))


VECTORS = Kind(SketchOptions, _loss, _head, SketchJudge)


def image_set(options: SketchOptions) -> ImageSet:
    """The set that the options name; raises InputError where it cannot be read, or has no sketches and photographs."""
    found = image_source.load(options.data, options.data_path, boxes=options.boxes, split=options.split)
    if found.sketches is None:
        known = "outlines, sketchy and tuberlin have, and sketches is your own"
        raise InputError(f"--data={options.data}: has no sketches that ask photographs; {known}")
    return found.require("train", "query", "gallery")


def parts(
    options: SketchOptions, images: ImageSet, devices: build.Devices, skipped: Skipped, kind: Kind
) -> SketchParts:
    """Everything that the options describe, made for ``images`` on the ``devices``.

    skipped : of the run; all parts note in it what they cannot read
    """
    training = hold_out(images, options.validation, options.seed)
    how = {"size": options.batch_size, "images": options.batch_k, "steps": options.epoch_steps}
    dealt = deal(training, devices=len(devices), **how)  # mistakes are told before anything takes time
    loss = kind.loss(options, len(np.unique(training.labels[training.train])))
    net = network(options, kind)
    _settle(net, options, devices)
    loss.initialize(ctx=devices)
    loss.hybridize(static_alloc=True)
    kept = None
    if options.cache_features:
        kept = build.trunk_features(options, net.photographs, images, devices, skipped)
    trained = net if kept is None else net.heads

    def judge(judged: ImageSet) -> SketchJudge:
        return kind.judge(build.judge(options, judged, devices, skipped, kept=kept), judged, options)

    return SketchParts(
        net=net,
        trained=trained,
        loss=loss,
        optimizers=Optimizers(trained, loss, optimizer=options.optimizer, wd=options.wd, clip=options.clip),
        batches=SketchBatches(training, lambda of: build.batches(options, of, dealt, kept, Team(), skipped)),
        skipped=skipped,
        judge=judge(images),
        validation=judge(training) if len(training.query) else None,
    )


def network(options: SketchOptions, kind: Kind) -> TwoSided:
    """The network that the options describe, without weights; a trunk that does not learn is that of both sides."""
    share = options.share
    if options.cache_features:
        share = {"none": "trunk", "top": "all"}.get(share, share)
    return two_sided(share, lambda: Encoder(model=options.model, pool=options.pool), lambda: kind.head(options))


def _settle(net: TwoSided, options: SketchOptions, devices: build.Devices) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Parameter .* is already initialized")  # what both sides share
        for side in dict.fromkeys((net.photographs, net.sketches)):
            build.settle(side, options, devices)


def trained_network(
    folder: Path, checkpoint: str, devices: build.Devices, kind: Kind
) -> tuple[TwoSided, SketchOptions]:
    """The network of a run folder and its options, as ``embedding.build`` has those of other runs."""
    found = build.trained_network(
        folder, checkpoint, devices, kind=kind.options, net_of=lambda options: network(options, kind)
    )
    return found


def side(net: TwoSided, which: str) -> Net:
    """The side of sketches or of photographs, compiled."""
    found = getattr(net, which)
    found.hybridize(static_alloc=True, static_shape=True)
    return found
