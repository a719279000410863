"""Whitenings that a run learns from pairs: as the last layer before training, and of what a trained network gives."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np

from datasets import images as image_sets
from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.sources import image_source
from embedding.batches.tuples import draw
from embedding.evaluation.extract import outputs, unread
from embedding.evaluation.whiten import Whitening, check_apart, learn_lw, learn_pca
from embedding.instances.build import InstanceParts
from embedding.instances.options import OWN_PAIRS, InstanceOptions
from embedding.mx import mx, nd

log = logging.getLogger(__name__)

FOLDER = "whitening"  # of a run folder, <set>-ss.npz of one scale and <set>-ms.npz of several

_FLAGS = ("--test-whiten", "--data-path")
_PAIRS = 5000  # at most, to learn from, of others than published ones


def last_layer(options: InstanceOptions, parts: InstanceParts) -> None:
    """Start the last layer of a new network as the whitening that pairs of its training images teach.

    Radenovic, Tolias & Chum, TPAMI 2018, and cirtorch. Raises InputError where they teach fewer numbers than it has.
    """
    batches = parts.batches

    def pooled(pixels: np.ndarray) -> np.ndarray:
        device = parts.net.encoder.mean.list_ctx()[0]
        return nd.L2Normalization(parts.net.encoder(nd.array(pixels, ctx=device, dtype="uint8"))).asnumpy()

    how, wanted = _learned(batches.images, lambda rows: batches.vectors(rows, pooled), options.seed), parts.net.head.dim
    if how.dim < wanted:
        what = f"what it is trained on teaches a layer of {how.dim} numbers, not of {wanted}"
        raise InputError(f"--whitening: {what}; give --embed-dim={how.dim} or less, or more pictures")
    parts.net.head.settle(how.mean, how.projection)


def of_run(options: InstanceOptions, parts: InstanceParts, training: ImageSet, devices: list[mx.Context]) -> Whitening:
    """The whitening that ``--test-whiten`` asks for, of what the network gives now; never of what it is judged on."""
    of = training if is_own(options) else _other(options)

    def vectors(rows: np.ndarray) -> np.ndarray:
        how = {"size": options.size("test"), "resize": options.resize, "workers": options.workers}
        return outputs(parts.net, of, rows, contexts=devices, skipped=parts.skipped, **how)

    found = _learned(of, vectors, options.seed)
    for judge in parts.judges:
        check_apart(found, judge.images)
    return found


def is_own(options: InstanceOptions) -> bool:
    """Whether the pairs of ``--test-whiten`` are those that the network trains on.

    Of a set with pairs that are published to learn a whitening from, these are meant where it is called by its name.
    """
    named = image_sets.asking(options.test_whiten) == options.data
    published = named and image_source.WHITEN in getattr(image_sets.get(options.data), "SPLITS", ())
    return options.test_whiten == OWN_PAIRS or named and not published


def file_of(folder: Path, options: InstanceOptions) -> Path:
    """Where a run folder keeps the whitening that it was judged with, of one scale."""
    name = options.data if is_own(options) else image_source.named_for_whitening(options.test_whiten)
    return folder / FOLDER / f"{name}-ss.npz"


def _other(options: InstanceOptions) -> ImageSet:
    return image_source.load_for_whitening(options.test_whiten, options.data_path, flags=_FLAGS).require("train")


def _learned(images: ImageSet, vectors_of: Callable[[np.ndarray], np.ndarray], seed: int) -> Whitening:
    """From pairs of the train part of ``images``: Lw, or by principal components where there are too few pairs for it.

    Pairs whose pictures cannot be read are left out. Raises InputError where none can be.
    """
    most = len(images.matches) if image_source.is_for_whitening(images) else _PAIRS
    pairs = draw(images, seed=seed, epoch=0, queries=most, pool=0).pairs
    rows = np.unique(pairs)
    vectors = vectors_of(rows)
    there = ~unread(vectors)
    pairs = np.searchsorted(rows, pairs)
    pairs = pairs[there[pairs].all(axis=1)]
    if not len(pairs):
        raise InputError(f"dataset {images.name}: none of the pairs to learn a whitening from can be read")
    kept = np.cumsum(there) - 1
    vectors, pairs = vectors[there], kept[pairs]
    if len(pairs) > vectors.shape[1]:
        found, how = learn_lw(vectors, pairs), "pairs (Lw)"
    else:
        found, how = learn_pca(vectors), "pictures by principal components: there are too few pairs for Lw"
    count = len(pairs) if "Lw)" in how else len(vectors)
    log.info("whitening of %s learned from %d %s", images.title, count, how)
    return found.told(images, rows[there])
