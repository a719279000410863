"""What the options of cross-modal hashing describe, built: set of pairs, vocabulary, net, loss, batches, judges."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from datasets import pairs as pair_sets
from datasets.errors import InputError
from datasets.images.skipped import Skipped
from datasets.pairs.base import PairSet
from datasets.sources.image_source import DATA
from embedding import build
from embedding.batches import holdout
from embedding.batches.decode import Augmentation
from embedding.batches.plan import AtRandom, deal_at_random
from embedding.engine.kept import network_of
from embedding.evaluation.extract import unread
from embedding.losses.base import settings
from embedding.mx import gluon, mx
from embedding.network.net import Encoder, Net
from embedding.serving.networks import Served, facts_of
from embedding.training.fit import Optimizers
from hashing.cross import losses
from hashing.cross.batches import PairBatches, PairFeatureBatches
from hashing.cross.judge import CrossJudge
from hashing.cross.losses.base import CrossLoss
from hashing.cross.net import CrossNet, Side
from hashing.cross.options import OWN, CrossOptions
from hashing.cross.words import VOCABULARY, Vocabulary

log = logging.getLogger(__name__)

_BUILT_IN = ("scenes",)


@dataclass(frozen=True)
class CrossParts(build.Parts):
    """All that an epoch needs, and who judges the net.

    vocabulary : None where texts are features already
    features : (N, C) of all pictures before training, by which the baseline goes
    validation : None where nothing is held out
    """

    vocabulary: Vocabulary | None
    features: np.ndarray
    judge: CrossJudge
    validation: CrossJudge | None


def pair_set(options: CrossOptions) -> PairSet:
    """The set of pairs that the options name; raises InputError where it cannot be read, trained on or tested on."""
    made = pair_sets.get(options.data)
    if options.data_path or options.data in _BUILT_IN:
        found = made.load(options.data_path, texts=options.texts)
    else:
        try:
            found = made.load(DATA, texts=options.texts)
        except InputError as error:
            raise InputError(f"--data={options.data} without --data-path, so looked for in {DATA}/: {error}") from None
    found.pictures.require("train", "query", "gallery")
    labels = found.pictures.labels[found.pictures.train]
    if len(labels) < 2:
        raise InputError(f"dataset {found.name}: one training pair, and none to tell it from; add others")
    return found


def parts(options: CrossOptions, pairs: PairSet, devices: build.Devices, skipped: Skipped) -> CrossParts:
    """All that the options describe, made for ``pairs`` on the ``devices``; what it cannot read is ``skipped``."""
    pictures = holdout.hold_out_images(pairs.pictures, options.validation, options.seed)
    training = pairs.with_split(train=pictures.train, query=pictures.query, gallery=pictures.gallery)
    deal = deal_at_random(len(pictures.train), size=options.batch_size, devices=len(devices), what="pairs")
    loss = _loss(options, training)
    vocabulary, words = _words(options, training)
    mx.random.seed(options.seed)
    encoder, kept = _encoder(options, pairs, devices, skipped)
    features = None if options.finetune else kept
    net = cross_net(options, encoder)
    for side in (net.pictures, net.texts):
        side.initialize(ctx=devices)
    judge = CrossJudge(pairs, words, features, options, devices, skipped)
    if kept is None:
        kept = judge.extract(encoder, np.arange(len(pairs)))
    _settle(options, net, kept, words, training)
    trained = net if options.finetune else CrossNet(None, net.pictures, net.texts)
    for block in (trained, loss):
        block.hybridize(static_alloc=True)
    loss.initialize(ctx=devices)
    return CrossParts(
        net=net,
        trained=trained,
        loss=loss,
        optimizers=Optimizers(trained, loss, optimizer=options.optimizer, wd=options.wd, clip=options.clip),
        batches=_batches(options, training, words, features, deal, skipped),
        skipped=skipped,
        vocabulary=vocabulary,
        features=kept,
        judge=judge,
        validation=CrossJudge(training, words, features, options, devices, skipped) if len(pictures.query) else None,
    )


def _loss(options: CrossOptions, training: PairSet) -> CrossLoss:
    labels = training.pictures.labels[training.pictures.train]
    classes = labels.shape[1] if labels.ndim == 2 else len(np.unique(labels))
    return losses.get(options.method).Loss(bits=options.bits, classes=classes, **own_settings(options))


def own_settings(options: CrossOptions) -> dict[str, float]:
    """What was given of the settings of the method's loss; raises InputError for one that it does not have."""
    given = {name: getattr(options, name) for name in OWN}
    return settings(losses.get(options.method).Loss, options.method, given)


def _words(options: CrossOptions, training: PairSet) -> tuple[Vocabulary | None, np.ndarray]:
    """The vocabulary of the training texts, and the rows (N, W) of all texts by it; features stay what they are."""
    if not training.written:
        return None, training.texts
    told = [training.texts[row] for row in training.pictures.train]
    how = {"threshold": options.threshold, "most": options.most_words, "way": options.split_words}
    vocabulary = Vocabulary.of(told, **how)
    rows = vocabulary.rows(training.texts)
    if lost := int((~rows.any(axis=1)).sum()):
        log.warning("%d of %d texts have no word of the vocabulary, and are all alike", lost, len(rows))
    return vocabulary, rows


def _encoder(
    options: CrossOptions, pairs: PairSet, devices: build.Devices, skipped: Skipped
) -> tuple[Encoder | None, np.ndarray | None]:
    """The trunk, None for features that somebody has extracted; and these, or its own where it stays as it is."""
    if pairs.precomputed:
        return None, pairs.pictures.images
    encoder = Encoder(model=options.model, pool=options.pool)
    net = Net(encoder, gluon.nn.HybridSequential())
    build.settle(net, options, devices)
    if options.finetune:
        return encoder, None
    return encoder, build.trunk_features(options, net, pairs.pictures, devices, skipped)


def _settle(options: CrossOptions, net: CrossNet, features: np.ndarray, words: np.ndarray, training: PairSet) -> None:
    """What both sides are standardised by, from the training pairs whose picture can be read."""
    rows = training.pictures.train
    rows = rows[~unread(features[rows])]
    if not len(rows):
        raise InputError(f"dataset {training.name}: no training picture can be read; mend them")
    net.pictures.settle(features[rows])
    net.texts.settle(words[rows])


def _batches(
    options: CrossOptions,
    training: PairSet,
    words: np.ndarray,
    features: np.ndarray | None,
    deal: AtRandom,
    skipped: Skipped,
) -> PairBatches | PairFeatureBatches:
    how: dict[str, Any] = {
        "deal": deal,
        "size": options.size("image"),
        "augmentation": Augmentation(options.min_crop, flip=options.flip),
        "seed": options.seed,
        "steps": options.epoch_steps,
        "workers": options.workers,
        "skipped": skipped,
    }
    if features is None:
        return PairBatches(words, training.pictures, **how)
    return PairFeatureBatches(words, features, training.pictures, **how)


def cross_net(options: CrossOptions, encoder: Encoder | None = None) -> CrossNet:
    """The net that the options describe, without weights; ``encoder`` in place of a new one."""
    tanh = losses.get(options.method).Loss.tanh
    if encoder is None and options.model:
        encoder = Encoder(model=options.model, pool=options.pool)
    how = {"tanh": tanh, "dropout": options.dropout}
    pictures = Side(options.bits, hidden=options.hidden, **how)
    return CrossNet(encoder, pictures, Side(options.bits, hidden=options.text_hidden, **how))


def trained_network(folder: Path, checkpoint: str, devices: build.Devices) -> tuple[CrossNet, CrossOptions]:
    """The net of a run folder and its options, as ``embedding.build`` has those of other runs."""
    return build.trained_network(folder, checkpoint, devices, kind=CrossOptions, net_of=cross_net)


def vocabulary_of(folder: Path) -> Vocabulary:
    """The vocabulary of a run folder; raises InputError where its texts were features, not words."""
    if not (folder / VOCABULARY).exists():
        raise InputError(f"{folder}: was trained on features of texts: it knows no words, and can read no sentence")
    return Vocabulary.load(folder / VOCABULARY)


def served(folder: Path, checkpoint: str, devices: build.Devices) -> Served:
    """The side of the pictures of a run folder, as ``embedding.serving`` has other networks; its signs are codes.

    Raises InputError where there is no trunk.
    """
    net, options = trained_network(folder, checkpoint, devices)
    if net.encoder is None:
        raise InputError(f"{folder}: was trained on features of pictures: it has no trunk, and can read no image")
    whole = Net(net.encoder, net.pictures)
    whole.hybridize(static_alloc=True, static_shape=True)
    return Served(whole, facts_of(options, network_of(folder / checkpoint), dim=options.bits, codes=True))
