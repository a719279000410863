"""What the options of a training command describe, built: image set, network, loss, optimizers, batches, judges."""

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
from embedding import backbone, decode, weights
from embedding.batches import Batches
from embedding.decode import Augmentation
from embedding.fit import Optimizers
from embedding.judge import Judge
from embedding.losses.base import EmbeddingLoss
from embedding.mx import mx, nd
from embedding.net import EmbeddingNet
from embedding.options import TrainOptions
from embedding.swap import last_line

log = logging.getLogger(__name__)

Devices = list[mx.Context]

# Called with the number of training classes, gives the loss.
MakeLoss = Callable[[int], EmbeddingLoss]


@dataclass(frozen=True)
class Parts:
    """All that an epoch needs; ``validation`` is None where no classes are held out."""

    net: EmbeddingNet
    loss: EmbeddingLoss
    optimizers: Optimizers
    batches: Batches
    judge: Judge
    validation: Judge | None


def parts(options: TrainOptions, images: ImageSet, make_loss: MakeLoss, devices: Devices) -> Parts:
    """Everything that the options describe, made for ``images`` on ``devices``."""
    training = hold_out_classes(images, options.validation, options.seed, max_bad=options.max_bad)
    batches = class_batches(options, training, devices)
    loss = make_loss(batches.class_count)
    net = network(options, devices, unit_rows=loss.unit_rows)
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
    seen = np.intersect1d(images.labels[images.train], images.labels[images.query])
    if len(seen):
        log.warning("%d test classes of %s are also trained on: scores are not of new classes", len(seen), images.name)
    return images


def hold_out_classes(images: ImageSet, share: float, seed: int, *, max_bad: float = 0.0) -> ImageSet:
    """The train part of ``images`` split by class: ``share`` of the classes, at least 2 or none, become the queries."""
    labels = images.labels[images.train]
    classes = np.random.default_rng((seed, 0)).permutation(np.unique(labels))
    count = min(max(2, round(share * len(classes))), len(classes) - 2) if share else 0
    held = classes[: count if count >= 2 else 0]  # two at least on either side, or there is nothing to tell apart
    is_held = np.isin(labels, held)
    asked = readable(images, images.train[is_held], max_bad)
    return images.with_split(train=images.train[~is_held], query=asked, gallery=asked)


def readable(images: ImageSet, rows: np.ndarray, max_bad: float) -> np.ndarray:
    """The ``rows`` whose images can be read; InputError where others are more than ``max_bad`` of the train part."""
    kept, bad = [], 0
    for row in rows:
        try:
            decode.read(images, int(row))
        except InputError as error:
            bad += 1
            if bad > max_bad * len(images.train):
                raise InputError(f"{error}; --max-bad={max_bad:g} allows fewer than {bad}") from None
            log.warning("skipped: %s", error)
        else:
            kept.append(int(row))
    return np.array(kept, dtype=np.int64)


def network(options: TrainOptions, devices: Devices, *, unit_rows: bool = True) -> EmbeddingNet:
    """The network on ``devices``, with pretrained weights where the options name them."""
    net = EmbeddingNet(model=options.model, dim=options.embed_dim, pool=options.pool, unit_rows=unit_rows)
    net.initialize(mx.init.Xavier(rnd_type="gaussian", factor_type="in", magnitude=2), ctx=devices)
    try:
        for device in devices:  # the shapes of all weights follow from a first image
            net(nd.zeros((1, options.image_size, options.image_size, 3), ctx=device, dtype="uint8")).wait_to_read()
    except mx.base.MXNetError:
        line = f"--model={options.model} cannot take images of {options.image_size} pixels; give a larger --image-size"
        raise InputError(line) from None
    if options.use_pretrained:
        log.info("%s", weights.load(net.encoder.trunk, _weights_file(options.use_pretrained, options.model)))
    net.encoder.trunk.collect_params().setattr("lr_mult", options.lr_mult)
    if options.freeze_bn:
        backbone.freeze_batch_norm(net.encoder.trunk)
    net.hybridize(static_alloc=True, static_shape=True)
    return net


def trained_network(folder: Path, checkpoint: str, devices: Devices) -> tuple[EmbeddingNet, TrainOptions]:
    """The network of a run folder and the options it was trained with; ``checkpoint`` is best or last."""
    try:
        stored = json.loads((folder / "options.json").read_text())
        known = {field.name: stored[field.name] for field in dataclasses.fields(TrainOptions) if field.name in stored}
        options = TrainOptions(**known)
        weights_file = folder / checkpoint / "net.params"
        net = EmbeddingNet(model=options.model, dim=options.embed_dim, pool=options.pool)
        net.load_parameters(str(weights_file), ctx=devices)
    except (OSError, ValueError, TypeError, AssertionError, mx.base.MXNetError) as error:
        line = f"{folder} holds no trained network '{checkpoint}' ({last_line(error)}): name a run folder"
        raise InputError(line) from None
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
    if classes < 2:
        raise InputError(
            f"dataset {training.name} has one training class: there is nothing to tell it from; add classes"
        )
    if classes % len(devices):
        raise InputError(f"--gpus={options.gpus}: {classes} classes of a batch do not divide by {len(devices)} devices")
    return Batches(
        training,
        classes=classes,
        per_class=options.batch_k,
        size=options.image_size,
        augmentation=Augmentation(options.min_crop, flip=options.flip),
        seed=options.seed,
        steps=options.epoch_steps,
        workers=options.workers,
        max_bad=options.max_bad,
    )


def judge(options: TrainOptions, images: ImageSet, devices: Devices, *, quick: bool = False) -> Judge:
    """The judge of the queries and gallery of ``images``; a quick one gives recall@1 only."""
    return Judge(
        images,
        size=options.test_size,
        resize=options.resize,
        ks=(1,) if quick else options.ks,
        nmi=not quick,
        contexts=devices,
        workers=options.workers,
        progress=interactive(),
    )


def interactive() -> bool:
    """Whether somebody looks at a terminal; a log file wants no progress bars."""
    return sys.stderr.isatty()
