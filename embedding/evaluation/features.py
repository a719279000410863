"""Features of a frozen trunk, extracted once and kept: a head trains on them in seconds."""

import hashlib
import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from datasets.errors import InputError
from datasets.files import contents, lock
from datasets.files.whole import beside
from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped
from datasets.vectors.base import Embeddings
from embedding.batches.loader import Batch, Batches, Found
from embedding.evaluation.extract import embeddings, outputs, through, unread
from embedding.evaluation.judge import Judge
from embedding.mx import gluon, nd
from embedding.network.net import Encoder, Net

log = logging.getLogger(__name__)

_ROWS = 4096  # go through the head at once


def cached(
    encoder: Encoder,
    images: ImageSet,
    *,
    folder: Path,
    size: Any,
    resize: str,
    mirror: bool = False,
    skipped: Skipped | None = None,
    **how: Any,
) -> np.ndarray:
    """What ``encoder`` makes of every image of the set, (N, C) float32, from ``folder`` where it is there.

    Kept under the weights, the images (their names, where they are files) and ``size`` and ``resize``, which are as in
    ``decode.fit``, and ``mirror``, which is as in ``extract.outputs``; ``how`` goes there too. No augmentation: every
    image has one row.
    Another process that is extracting the same is waited for. An image whose file was changed since is extracted anew.
    The row of an image that cannot be read is NaN, and why is noted in ``skipped``: it is tried again whenever the
    features are asked for, since it may have been mended.
    Without ``skipped``, such an image is an error.
    """
    path = folder / f"{images.name}-{encoder.trunk.model}-{_key(encoder, images, size, resize, mirror)}.npy"

    def extracted(rows: np.ndarray) -> np.ndarray:
        return outputs(encoder, images, rows, size=size, resize=resize, mirror=mirror, skipped=skipped, **how)

    def make() -> None:
        log.info("extracting features of %d images, once: %s", len(images), path)
        _save(path, extracted(np.arange(len(images))))

    lock.make_once(path, make, flag="working folder")
    found = _load(path, len(images))
    known = () if skipped is None else skipped
    changed = _changed(images, since=path.stat().st_mtime)
    missing = np.flatnonzero(unread(found) | changed)
    missing = missing[[images.image_name(int(row)) not in known for row in missing]]
    if len(missing):
        if changed.any():
            count = int(changed.sum())
            were = "image that was" if count == 1 else "images that were"
            log.info("extracting features of %s %s changed since: %s", f"{count:,}", were, path)
        found[missing] = extracted(missing)
        if changed.any() or not unread(found[missing]).all():
            with lock.held(path, flag="working folder"):
                _save(path, found)
    return found


def _changed(images: ImageSet, *, since: float) -> np.ndarray:
    """Which images (N,) are files that were changed after that time."""
    if isinstance(images.images, np.ndarray):
        return np.zeros(len(images), bool)
    return np.array([contents.changed(path) > since for path in images.images])


def _save(path: Path, features: np.ndarray) -> None:
    try:
        with beside(path) as part, part.open("wb") as file:
            np.save(file, features)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror}; make room, or leave --cache-features out"
        ) from None


def _load(path: Path, count: int) -> np.ndarray:
    try:
        features = np.load(path)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path} cannot be read ({error}): remove it, and it is made again") from None
    if len(features) != count:
        raise InputError(f"{path} holds {len(features)} rows for {count} images: remove it, and it is made again")
    return features


def _key(encoder: Encoder, images: ImageSet, size: Any, resize: str, mirror: bool) -> str:
    nd.waitall()  # oneDNN may still be laying weights out anew
    pool = type(encoder.pool).__name__  # average and maximum have no weights by which to tell them apart
    digest = hashlib.sha256(f"{images.fingerprint()} {size} {resize} {pool}{' mirror' * mirror}".encode())
    for parameter in encoder.collect_params().values():  # not their names, which count the layers made so far
        digest.update(np.ascontiguousarray(parameter.list_data()[0].asnumpy()))
    return digest.hexdigest()[:16]


class FeatureBatches(Batches):
    """``Batches`` of rows of ``features`` (N, C) in place of images: float32 (B, C)."""

    def __init__(self, features: np.ndarray, images: ImageSet, **how: Any) -> None:
        super().__init__(images, **how)
        self._features = features[images.train]
        self._missing = unread(self._features)
        readable = self._labels[~self._missing]
        if not images.several_labels and len(np.unique(readable)) < min(2, self.class_count):
            what = f"images of {len(np.unique(readable))} of {self.class_count} training classes can be read"
            raise InputError(f"dataset {images.name}: {what}, and a class is told from another: mend them")

    def epoch(self, number: int) -> Iterator[Batch]:
        """Batches of features (B, C) and float32 labels, (B,) in [0, class_count) or (B, L) of 0 and 1."""
        for step, whole in enumerate(self.plan(number)):
            batch = whole[self._mine]
            if self._missing[batch].any():
                seed = (self._seed, number, step)
                loaded = [self._load(int(i), (*seed, self._mine.start + slot)) for slot, i in enumerate(batch)]
                batch = np.array([position for _, position in self._fill(loaded, whole, seed)])
            yield self._batch(nd.array(self._features[batch]), batch)

    def _load(self, position: int, seed: tuple[int, ...]) -> Found | None:
        return self._find(position, np.random.default_rng(seed))

    def _read(self, position: int) -> np.ndarray | None:
        return None if self._missing[position] else self._features[position]


class FeatureJudge(Judge):
    """A ``Judge`` that gives ``features`` (N, C), and not images, to the head of a network."""

    def __init__(self, features: np.ndarray, images: ImageSet, **how: Any) -> None:
        super().__init__(images, **how)
        self._features = features

    def extract(self, net: gluon.Block, rows: np.ndarray, size: Any = None) -> Embeddings:
        if size not in (None, self._size):  # another size than that of the features
            return super().extract(net, rows, size)
        kept = self._features[rows]
        vectors = through(partial(_head, net.head), kept) if isinstance(net, Net) else kept
        return embeddings(vectors, self._images, rows, self._skipped)


def _head(head: gluon.Block, features: np.ndarray) -> np.ndarray:
    device = next(iter(head.collect_params().values())).list_ctx()[0]
    parts = [head(nd.array(features[i : i + _ROWS], ctx=device)).asnumpy() for i in range(0, len(features), _ROWS)]
    return np.concatenate(parts)
