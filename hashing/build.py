"""What the options of a hashing command describe, built: image set, network, loss, batches, judges."""

import dataclasses
import json
import logging
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped
from datasets.sources import image_source
from embedding import build
from embedding.batches import holdout
from embedding.batches.plan import AtRandom, ByClass, deal_at_random, deal_by_class
from embedding.engine.kept import network_of
from embedding.losses.base import settings
from embedding.serving.networks import Served, facts_of
from embedding.training.fit import Optimizers
from embedding.training.workers import Team
from hashing import losses
from hashing.evaluation.judge import HashJudge
from hashing.losses.base import HashLoss
from hashing.net import HashingNet
from hashing.options import OWN, HashOptions

log = logging.getLogger(__name__)

_PREPARED = 2014  # beside the seed: another chance than that of weights and batches


@dataclasses.dataclass(frozen=True)
class HashParts(build.Parts):
    """All that an epoch needs, and who judges the network; ``validation`` is None where nothing is held out."""

    judge: HashJudge
    validation: HashJudge | None


def image_set(options: HashOptions) -> ImageSet:
    """The image set that the options name; raises InputError where it cannot be read, trained on or tested on."""
    found = image_source.load(options.data, options.data_path, boxes=options.boxes, split=options.split)
    if found.cameras is not None:
        log.warning(
            "%s: codes are scored without its rule of cameras: images of a query's own camera count", found.name
        )
    if found.draws:
        log.warning("%s: codes are scored without its draws of a gallery: every test image asks all others", found.name)
    return found.require("train", "query", "gallery")


def parts(options: HashOptions, images: ImageSet, devices: build.Devices, skipped: Skipped) -> HashParts:
    """Everything that the options describe, made for ``images`` on the ``devices``.

    skipped : of the run; all parts note in it what they cannot read
    """
    training = _training(options, images)
    deal = _deal(options, training, len(devices))  # mistakes are told before anything takes time
    loss = _loss(options, training)
    net = hash_net(options)
    build.ready(net, loss, options, devices)
    net.head.collect_params().setattr("lr_mult", options.head_mult)
    kept = build.trunk_features(options, net, images, devices, skipped) if options.cache_features else None
    trained = net if kept is None else net.head

    def judge(judged: ImageSet) -> HashJudge:
        return HashJudge(build.judge(options, judged, devices, skipped, kept=kept), judged, options)

    batches = build.batches(options, training, deal, kept, Team(), skipped)
    batches.prepare(lambda labels: loss.prepare(labels, np.random.default_rng((options.seed, _PREPARED))))
    return HashParts(
        net=net,
        trained=trained,
        loss=loss,
        optimizers=Optimizers(trained, loss, optimizer=options.optimizer, wd=options.wd, clip=options.clip),
        batches=batches,
        skipped=skipped,
        judge=judge(images),
        validation=judge(training) if len(training.query) else None,
    )


def _training(options: HashOptions, images: ImageSet) -> ImageSet:
    """The train part, and what of it is held out: classes where the set is tested on new classes, else images.

    Raises InputError where no image is like another, or none unlike.
    """
    labels = images.labels[images.train]
    if not (labels.any() if images.several_labels else (labels != labels[0]).any()):
        wrong = "no image has a label" if images.several_labels else "all images are of one class"
        raise InputError(
            f"dataset {images.name}: in its train part {wrong}, so that nothing can be learned; add others"
        )
    known = images.several_labels or np.isin(images.labels[images.query], images.labels[images.train]).any()
    hold_out = holdout.hold_out_images if known else holdout.hold_out_classes
    return hold_out(images, options.validation, options.seed)


def _deal(options: HashOptions, training: ImageSet, devices: int) -> AtRandom | ByClass:
    if options.batch_k > 1:
        if training.several_labels:
            raise InputError(f"--batch-k={options.batch_k}: images with several labels have no class; give --batch-k=1")
        return deal_by_class(training, size=options.batch_size, images=options.batch_k, devices=devices)
    return deal_at_random(len(training.train), size=options.batch_size, devices=devices)


def _loss(options: HashOptions, training: ImageSet) -> HashLoss:
    labels = training.labels[training.train]
    classes = labels.shape[1] if training.several_labels else len(np.unique(labels))
    made = losses.get(options.method).Loss
    return made(bits=options.bits, classes=classes, **own_settings(options))


def own_settings(options: HashOptions) -> dict[str, float]:
    """What was given of the settings of the method's loss; raises InputError for one that it does not have."""
    given = {name: getattr(options, name) for name in OWN}
    return settings(losses.get(options.method).Loss, options.method, given)


def is_hashing_run(folder: Path) -> bool:
    """Whether a run folder is that of a network that gives codes, of pictures alone or of two kinds of things."""
    try:
        return "bits" in json.loads((folder / "options.json").read_text())
    except (OSError, ValueError):
        return False


def was_trained_on(folder: Path, images: ImageSet) -> bool:
    """Whether the network of a run folder was trained on ``images``, under the same split and from the same place."""
    return json.loads((folder / "options.json").read_text()).get("fingerprint") == images.fingerprint()


def trained_network(
    folder: Path, checkpoint: str, devices: build.Devices, *, image_size: str = ""
) -> tuple[HashingNet, HashOptions]:
    """The hashing network of a run folder and its options, as ``embedding.build`` has those of other runs."""
    return build.trained_network(folder, checkpoint, devices, image_size=image_size, kind=HashOptions, net_of=hash_net)


def served(folder: Path, checkpoint: str, devices: build.Devices) -> Served:
    """The hashing network of a run folder, as ``embedding.serving`` has those of other runs."""
    net, options = trained_network(folder, checkpoint, devices)
    network = network_of(folder / checkpoint)
    return Served(net, facts_of(options, network, dim=net.width, codes=True))


def hash_net(options: HashOptions) -> HashingNet:
    """The network that the options describe, without weights."""
    loss, how = losses.get(options.method).Loss, {"pool": options.pool, "hidden": options.hidden}
    return HashingNet(model=options.model, bits=options.bits, tanh=loss.tanh, head=loss.head, **how)
