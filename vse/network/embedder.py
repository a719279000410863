"""Embedder: images, features that were extracted before, and sentences to embeddings in the space of two towers."""

from collections.abc import Sequence

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped
from embedding import build
from embedding.evaluation.extract import outputs, through
from embedding.mx import nd
from vse.network.towers import VseNet
from vse.network.vocab import Vocabulary
from vse.options import VseOptions
from vse.padding import by_length

_FEATURES_AT_ONCE = 1024


class Embedder:
    """What two towers make of images and of sentences; rows have unit length.

    net : with a trunk, or without one for features that somebody has extracted
    vocabulary : of its caption tower

    The row of an image that cannot be read is NaN wherever ``skipped`` is given to note it in; else it is an error.
    """

    def __init__(self, net: VseNet, vocabulary: Vocabulary, options: VseOptions, devices: build.Devices) -> None:
        self.vocabulary = vocabulary
        self._net, self._options, self._devices = net, options, devices

    def images(self, images: ImageSet, rows: np.ndarray, skipped: Skipped | None = None) -> np.ndarray:
        """The embeddings (R, D) float32 of the images ``rows``."""
        return self.of_features(self.features(images, rows, skipped))

    def features(self, images: ImageSet, rows: np.ndarray, skipped: Skipped | None = None) -> np.ndarray:
        """What the trunk makes of the images ``rows``, (R, C) float32; raises InputError where there is no trunk."""
        if self._net.encoder is None:
            raise InputError("this network was trained on precomputed features: it has no trunk, and can read no image")
        options = self._options
        views = (False, True) if options.mirrored else (False,)
        found = [self._view(images, rows, mirror=mirror, skipped=skipped) for mirror in views]
        return sum(found) / len(found)

    def _view(self, images: ImageSet, rows: np.ndarray, *, mirror: bool, skipped: Skipped | None) -> np.ndarray:
        options = self._options
        return outputs(
            self._net.encoder,
            images,
            rows,
            size=options.size("test"),
            resize=options.resize,
            mirror=mirror,
            skipped=skipped,
            contexts=self._devices,
            workers=options.workers,
            progress=build.interactive(),
        )

    def of_features(self, features: np.ndarray) -> np.ndarray:
        """The embeddings (N, D) float32 of features (N, C) of images; of NaN, which is of no picture, NaN."""
        return through(self._tower, features)

    def _tower(self, features: np.ndarray) -> np.ndarray:
        tower = self._net.towers.images
        parts = (features[i : i + _FEATURES_AT_ONCE] for i in range(0, len(features), _FEATURES_AT_ONCE))
        return np.concatenate([tower(nd.array(part, ctx=self._devices[0])).asnumpy() for part in parts])

    def sentences(self, sentences: Sequence[str]) -> np.ndarray:
        """The embeddings (C, D) float32 of sentences."""
        return by_length(self._of_words, [self.vocabulary.encode(sentence) for sentence in sentences])

    def _of_words(self, *padded: np.ndarray) -> np.ndarray:
        return self._net.towers.captions(*(nd.array(array, ctx=self._devices[0]) for array in padded)).asnumpy()
