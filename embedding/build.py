"""What the options of a training command describe, built: image set, network, batches, judge, optimizers."""

import dataclasses
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets import images as image_sets
from datasets.errors import InputError
from datasets.images.base import ImageSet
from embedding import backbone, weights
from embedding.batches import Batches
from embedding.decode import RESIZES, Augmentation
from embedding.fit import Optimizers, Schedule
from embedding.judge import Judge
from embedding.mx import gluon, mx, nd
from embedding.net import EmbeddingNet
from embedding.options import TrainOptions

log = logging.getLogger(__name__)

Devices = list[mx.Context]

# Called with the number of training classes, gives the loss.
MakeLoss = Callable[[int], gluon.Block]


@dataclass(frozen=True)
class Parts:
    """All that an epoch needs; ``validation`` is None where no classes are held out."""

    net: EmbeddingNet
    loss: gluon.Block
    optimizers: Optimizers
    batches: Batches
    judge: Judge
    validation: Judge | None


def check(options: TrainOptions) -> None:
    """Raises InputError where a number of the options is out of its range or a choice is none of those there are."""
    for name in ("embed_dim", "epochs", "workers", "image_size", "test_size", "raw_size", "epoch_steps", "lr", "clip"):
        value = getattr(options, name)
        if value is not None and value <= 0:
            raise InputError(f"--{name.replace('_', '-')}={value}: must be above 0")
    for name, low, high in (("validation", 0, 1), ("max_bad", 0, 1), ("min_crop", 0.01, 1)):
        if not low <= getattr(options, name) <= high:
            raise InputError(f"--{name.replace('_', '-')}={getattr(options, name)}: must lie between {low} and {high}")
    if options.resize not in RESIZES:
        raise InputError(f"--resize={options.resize}: must be one of {', '.join(RESIZES)}")


def parts(options: TrainOptions, images: ImageSet, make_loss: MakeLoss, devices: Devices) -> Parts:
    """Everything that the options describe, made for ``images`` on ``devices``."""
    training = hold_out_classes(images, options.validation, options.seed)
    batches = class_batches(options, training, devices)
    net = network(options, images, devices)
    loss = make_loss(batches.class_count)
    loss.initialize(ctx=devices)
    loss.hybridize(static_alloc=True)
    return Parts(
        net=net,
        loss=loss,
        optimizers=Optimizers(
            net, loss, optimizer=options.optimizer, wd=options.wd, clip=options.clip, kvstore=options.kvstore
        ),
        batches=batches,
        judge=judge(options, images, devices),
        validation=judge(options, training, devices, quick=True) if len(training.query) else None,
    )


def image_set(options: TrainOptions) -> ImageSet:
    """The image set that the options name; raises InputError where it cannot be read."""
    images = image_sets.get(options.data).load(options.data_path, boxes=options.boxes)
    if not len(images.train):
        raise InputError(f"dataset {images.name}: its train part is empty; name a set with training images")
    return images


def hold_out_classes(images: ImageSet, share: float, seed: int) -> ImageSet:
    """The train part of ``images`` split by class: ``share`` of the classes, at least 2, become the queries."""
    labels = images.labels[images.train]
    classes = np.random.default_rng((seed, 0)).permutation(np.unique(labels))
    count = max(2, round(share * len(classes))) if share else 0
    held = classes[: min(count, len(classes) - 2)]  # two at least are left to be told apart
    is_held = np.isin(labels, held)
    asked = images.train[is_held]
    return images.with_split(train=images.train[~is_held], query=asked, gallery=asked)


def network(options: TrainOptions, images: ImageSet, devices: Devices) -> EmbeddingNet:
    """The network on ``devices``, with pretrained weights where the options name them."""
    model = trunk_name(options, images)
    net = EmbeddingNet(model=model, dim=options.embed_dim, pool=options.pool)
    net.initialize(mx.init.Xavier(rnd_type="gaussian", factor_type="in", magnitude=2), ctx=devices)
    side = _sides(options, images)[0]
    for device in devices:  # the shapes of all weights follow from a first image
        net(nd.zeros((1, side, side, 3), ctx=device, dtype="uint8"))
    if options.use_pretrained:
        log.info("%s", weights.load(net.encoder.trunk, _weights_file(options.use_pretrained, model)))
    mult = options.lr_mult if options.lr_mult is not None else (0.01 if options.use_pretrained else 1.0)
    net.encoder.trunk.collect_params().setattr("lr_mult", mult)
    if options.freeze_bn:
        backbone.freeze_batch_norm(net.encoder.trunk)
    net.hybridize(static_alloc=True, static_shape=True)
    return net


def trunk_name(options: TrainOptions, images: ImageSet) -> str:
    """The trunk that the options name, or the one that suits the images."""
    return options.model or ("convnet" if _drawn(images) else "resnet50_v1b")


def trained_network(folder: Path, checkpoint: str, devices: Devices) -> tuple[EmbeddingNet, TrainOptions]:
    """The network of a run folder and the options it was trained with; ``checkpoint`` is best or last."""
    try:
        stored = json.loads((folder / "options.json").read_text())
        known = {field.name: stored[field.name] for field in dataclasses.fields(TrainOptions) if field.name in stored}
        options = TrainOptions(**{**known, "use_pretrained": ""})
        weights_file = folder / checkpoint / "net.params"
        net = EmbeddingNet(model=stored["trunk"], dim=options.embed_dim, pool=options.pool)
        net.load_parameters(str(weights_file), ctx=devices)
    except (OSError, ValueError, KeyError, AssertionError, mx.base.MXNetError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"{folder} holds no trained network '{checkpoint}' ({reason}): name a run folder") from None
    net.hybridize(static_alloc=True, static_shape=True)
    return net, options


def _weights_file(named: str, model: str) -> Path:
    if named != "auto":
        return Path(named)
    for suffix in (".safetensors", ".pth"):
        path = Path("data/weights") / (model + suffix)
        if path.exists():
            return path
    raise InputError(
        f"--use-pretrained: no data/weights/{model}.safetensors or .pth; Gluon's own weights can no longer be"
        " downloaded, so put a torchvision or timm checkpoint there or name it: --use-pretrained=FILE"
    )


def class_batches(options: TrainOptions, training: ImageSet, devices: Devices) -> Batches:
    """The training batches; fewer classes than asked for where the training part has no more."""
    classes, rest = divmod(options.batch_size, options.batch_k)
    if rest or options.batch_k < 2 or classes < 2:
        raise InputError(
            f"--batch-size={options.batch_size} --batch-k={options.batch_k}: a batch must hold at least 2 classes"
            " and the same number of images, at least 2, of each"
        )
    present = len(np.unique(training.labels[training.train]))
    if present < classes:
        log.info("batches of %d classes x %d images: there are no more training classes", present, options.batch_k)
        classes = present
    if classes % len(devices):
        raise InputError(f"--gpus={options.gpus}: {classes} classes of a batch do not divide by {len(devices)} devices")
    return Batches(
        training,
        classes=classes,
        per_class=options.batch_k,
        size=_sides(options, training)[0],
        augmentation=Augmentation(
            options.min_crop, flip=not _drawn(training) if options.flip is None else options.flip
        ),
        seed=options.seed,
        steps=options.epoch_steps,
        workers=options.workers,
        max_bad=options.max_bad,
    )


def judge(options: TrainOptions, images: ImageSet, devices: Devices, *, quick: bool = False) -> Judge:
    """The judge of the queries and gallery of ``images``; a quick one gives recall@1 only."""
    return Judge(
        images,
        size=_sides(options, images)[1],
        resize=options.resize,
        ks=(1,) if quick else numbers("--test-k", options.test_k),
        nmi=not quick,
        contexts=devices,
        workers=options.workers,
        progress=interactive(),
    )


def schedule(options: TrainOptions) -> Schedule:
    """The learning rate of each epoch."""
    return Schedule(options.lr, numbers("--steps", options.steps), options.factor)


def numbers(flag: str, text: str) -> tuple[int, ...]:
    """Whole numbers written with commas; raises InputError naming the flag."""
    try:
        found = tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        found = (0,)
    if any(number < 1 for number in found):
        raise InputError(f"{flag}={text}: give whole numbers above 0 with commas between them, such as 1,2,4")
    return found


def interactive() -> bool:
    """Whether somebody looks at a terminal; a log file wants no progress bars."""
    return sys.stderr.isatty()


def _drawn(images: ImageSet) -> bool:
    """Whether the set is made of small built-in images rather than photographs."""
    return isinstance(images.images, np.ndarray)


def _sides(options: TrainOptions, images: ImageSet) -> tuple[int, int]:
    """Sides in pixels of training and of test images."""
    training = options.image_size or images.size
    return training, options.test_size or training
