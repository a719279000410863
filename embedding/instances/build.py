"""What the options of an instance-retrieval command describe, built: image sets, network, loss, batches, judges."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.parts import names as part_names
from datasets.images.parts import of_parts
from datasets.images.skipped import Skipped
from datasets.sources import image_source
from embedding import build
from embedding.batches import holdout
from embedding.batches.tuple_loader import TupleBatches
from embedding.engine.gluon import forward
from embedding.instances import losses
from embedding.instances.judge import InstanceJudge
from embedding.instances.options import InstanceOptions, names_in
from embedding.losses.base import EmbeddingLoss
from embedding.mx import gluon, nd
from embedding.network.instance_head import exponent, instance_net
from embedding.network.net import Net
from embedding.training.fit import Optimizers

log = logging.getLogger(__name__)


class ByShape(gluon.Block):
    """A network over pictures in groups of one shape; it holds no weights of its own."""

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net

    def forward(self, *groups: nd.NDArray) -> nd.NDArray:
        """Embeddings (B, D), in order, of groups of images, each (n, H, W, 3)."""
        rows = [self.net(group) for group in groups]
        return nd.concat(*rows, dim=0) if len(rows) > 1 else rows[0]


@dataclass(frozen=True)
class InstanceParts(build.Parts):
    """All that an epoch needs, who judges the network on each test set, and who chooses the best checkpoint, if any."""

    batches: TupleBatches
    judges: Sequence[InstanceJudge]
    validation: InstanceJudge | None


def image_set(options: InstanceOptions) -> ImageSet:
    """The image set that the options name; raises InputError where it cannot be read or trained on."""
    images = image_source.load(options.data, options.data_path)
    if images.several_labels:
        raise InputError(f"--data={options.data}: its images have several labels each, and are no instances")
    train, judged = names_in(options.train_parts), names_in(options.test_parts)
    if train or judged:
        images = of_parts(images, train=train or sorted(set(part_names(images)) - set(judged)), judge=judged)
    _tell_seen(images)
    return images.require("train")


def _tell_seen(images: ImageSet) -> None:
    """Say where scores are not of new instances."""
    seen = np.intersect1d(images.labels[images.train], images.labels[images.query])
    if len(seen):
        log.warning("%d test instances of %s are also trained on: scores are not of new ones", len(seen), images.name)


def test_sets(options: InstanceOptions, images: ImageSet) -> list[ImageSet]:
    """The sets that the network is judged on: those in --test-datasets, or else ``images`` itself where it tests."""
    if not options.tested:
        return [images] if len(images.query) and len(images.gallery) else []
    place = options.test_path or options.data_path
    flags = ("--test-datasets", "--test-path")
    return [image_source.load(name, place, flags=flags).require("query", "gallery") for name in options.tested]


def network(options: InstanceOptions) -> Net:
    """The network that the options describe, without weights."""
    return instance_net(
        options.model,
        options.pool,
        regional=options.regional,
        local_whitening=options.local_whitening,
        whitening=options.whitening,
        dim=options.embed_dim,
    )


def parts(
    options: InstanceOptions, images: ImageSet, tests: Sequence[ImageSet], devices: build.Devices, skipped: Skipped
) -> InstanceParts:
    """Everything that the options describe, made for ``images`` on the ``devices``, judged on ``tests``.

    skipped : of the run; all that looks at ``images`` notes in it what it cannot read
    """
    training = _training(options, images)
    net = network(options)
    settle(net, options, training, devices)
    trained, at_once = ByShape(net), _at_once(options, training)
    batches = _batches(options, training, partial(forward, net, devices), at_once, skipped)
    dim = net(nd.zeros((1, *options.size("image"), 3), ctx=devices[0], dtype="uint8")).shape[1]
    loss = _loss(options, batches.class_count, dim, devices)
    how = {"wd": options.wd, "clip": options.clip, "momentum": options.momentum}
    adds_up = at_once < options.batch_size or options.update_every > 1
    return InstanceParts(
        net=net,
        trained=trained,
        loss=loss,
        optimizers=Optimizers(trained, loss, optimizer=options.optimizer, adds_up=adds_up, **how),
        batches=batches,
        skipped=skipped,
        judges=[judge(options, test, devices, skipped if test is images else None) for test in tests],
        validation=judge(options, training, devices, skipped, part="image") if len(training.query) else None,
    )


def _training(options: InstanceOptions, images: ImageSet) -> ImageSet:
    """The train part, and what chooses the best checkpoint as its queries and gallery.

    Where other sets test, that is the part of ``images`` that is not trained on, such as val of sfm120k; else, or where
    it is trained on too, instances that are held out.
    """
    judged = np.union1d(images.query, images.gallery)
    apart = len(images.query) and len(images.gallery) and not np.isin(judged, images.train).any()
    if options.tested and apart and not options.no_val:
        return images
    return holdout.hold_out_classes(images, options.validation, options.seed)


def settle(net: Net, options: InstanceOptions, training: ImageSet, devices: build.Devices) -> None:
    """Give a new network its first weights on ``devices``, pretrained ones where the options name them."""
    build.settle(net, options, devices)
    if (p := exponent(net)) is not None:
        of_one = 10.0 if p.shape == (1,) else 100.0  # as the reference has it
        p.lr_mult = of_one if options.p_mult is None else options.p_mult
    if not isinstance(training.images, np.ndarray):  # a plan kept for every size of picture would fill the memory
        net.hybridize(static_alloc=False, static_shape=False)


def judge(
    options: InstanceOptions,
    images: ImageSet,
    devices: build.Devices,
    skipped: Skipped | None = None,
    *,
    part: str = "test",
) -> InstanceJudge:
    """The judge of the queries and gallery of ``images``, at the size of ``part``, image or test."""
    return InstanceJudge(
        images,
        size=options.size(part),
        resize=options.resize,
        contexts=devices,
        workers=options.workers,
        progress=build.interactive(),
        skipped=skipped,
    )


def _at_once(options: InstanceOptions, training: ImageSet) -> int:
    """Tuples that go through the network together: of photographs one where the loss adds up, to spare memory."""
    spared = losses.adds_up(options.loss) and not isinstance(training.images, np.ndarray)
    return 1 if spared else options.batch_size


def _batches(
    options: InstanceOptions,
    training: ImageSet,
    network: Callable[[np.ndarray], np.ndarray],
    at_once: int,
    skipped: Skipped,
) -> TupleBatches:
    return TupleBatches(
        training,
        network,
        side=max(options.size("image")),
        seed=options.seed,
        queries=options.query_size,
        pool=options.pool_size,
        negatives=options.neg_num,
        size=options.batch_size,
        at_once=at_once,
        every=options.update_every,
        workers=options.workers,
        skipped=skipped,
    )


def _loss(options: InstanceOptions, classes: int, dim: int, devices: build.Devices) -> EmbeddingLoss:
    how = {"negatives": options.neg_num, "classes": classes, "dim": dim, "margin": options.loss_margin}
    loss = losses.build(options.loss, **how)
    loss.initialize(ctx=devices)
    loss.hybridize()
    return loss
