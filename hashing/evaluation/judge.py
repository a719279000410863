"""The judge of hashing networks: the codes that they give an image set's queries and gallery, and their scores."""

import logging
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.vectors.base import Embeddings, VectorSet, from_embeddings, with_neighbors
from embedding.evaluation.judge import Judge, Scores
from embedding.mx import gluon
from hashing import baselines, codes, losses
from hashing.evaluation.scores import evaluate
from hashing.options import HashOptions

log = logging.getLogger(__name__)


class HashJudge:
    """Scores networks by the codes of the queries and the gallery of an image set.

    outputs : gives what a network makes of these images
    images : the set; options : what is scored
    """

    def __init__(self, outputs: Judge, images: ImageSet, options: HashOptions) -> None:
        self._outputs, self._images = outputs, images
        self._bits, self._seed = options.bits, options.seed
        # Methods that train codes of two kinds of things are none of ``losses``, and none of them has a lookup.
        self._lookup = options.method in losses.names() and losses.get(options.method).Loss.lookup
        self._what = {"tops": options.tops, "radius": options.radius, "ns": options.ks}

    @property
    def title(self) -> str:
        """What the scores are scores of."""
        return self._images.title

    def scores(self, net: gluon.Block) -> Scores:
        """{name: score} of the codes of ``net``."""
        return self.scores_of(self._codes(net))

    def scores_of(self, vectors: VectorSet) -> Scores:
        """{name: score} of codes."""
        return evaluate(vectors, **self._what)

    def vectors(self, net: gluon.Block) -> VectorSet:
        """The codes with their true neighbors, ready to be saved."""
        return with_neighbors(self._codes(net))

    def baselines(self, encoder: gluon.Block) -> Iterator[tuple[str, Scores, float]]:
        """Name, scores and seconds it took to fit, of codes that are made of the features of ``encoder`` untrained.

        One that so few images or features cannot make is told in the log and left out.
        """
        seen = self._outputs.extract(encoder, self._images.train).vectors
        queries, gallery = self._outputs.embeddings(encoder)
        for name in baselines.names():
            start = time.perf_counter()
            try:
                encode = baselines.fit(name, seen, self._bits, self._seed)
            except InputError as error:
                log.warning("without %s: %s", name, error)
                continue
            seconds = time.perf_counter() - start
            made = [part and replace(part, vectors=encode(part.vectors)) for part in (queries, gallery)]
            yield name, self.scores_of(self._set_of(*made)), seconds

    def _codes(self, net: gluon.Block) -> VectorSet:
        queries, gallery = self._outputs.embeddings(net)
        found = self._set_of(queries, gallery)
        return replace(found, query_activations=queries.vectors) if self._lookup else found

    def _set_of(self, queries: Embeddings, gallery: Embeddings | None) -> VectorSet:
        """The codes of activations, whose signs the unit length of embeddings has not changed."""
        asked = codes.pack(queries.vectors)
        among = asked if gallery is None else codes.pack(gallery.vectors)
        names = {"name": self._images.title, "class_names": self._images.class_names}
        train = {self._images.image_name(int(row)) for row in self._images.train}
        trained = np.array([path in train for path in (queries if gallery is None else gallery).paths], np.int64)
        floats = from_embeddings(queries, gallery, **names)
        return replace(
            floats,
            metric="hamming",
            gallery=among,
            queries=asked,
            gallery_trained=trained if trained.any() else None,
        )
