"""The judge of codes of sketches and photographs."""

import logging
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from datasets.errors import InputError
from datasets.vectors.base import Embeddings, VectorSet, from_embeddings, with_neighbors
from embedding.evaluation.judge import Scores
from embedding.sketches.judge import Sides, SketchJudge
from embedding.sketches.net import TwoSided
from hashing import baselines, codes
from hashing.evaluation.scores import evaluate

log = logging.getLogger(__name__)

_RADIUS = 2
_KEPT = ("map@all", "precision@")


class CodeJudge(SketchJudge):
    """Scores networks by the codes of the queries and the gallery of a set of sketches and photographs."""

    def scored(self, queries: Embeddings, gallery: Embeddings) -> Scores:
        """{name: score} of the codes of one part."""
        found = evaluate(self._coded(queries, gallery), radius=_RADIUS, ns=self._options.ks)
        return {name: score for name, score in found.items() if name.startswith(_KEPT)}

    def without_training(self, net: TwoSided, sides: Sides) -> Iterator[tuple[str, Scores]]:
        """Rows for codes of the trunks' features of the two ``sides`` that need no training on labels.

        One that so few images or features cannot make is told in the log and left out.
        """
        train = self._images.train
        drawn = self._images.sketches[train]
        kinds = ((net.sketches.encoder, train[drawn]), (net.photographs.encoder, train[~drawn]))
        seen = np.concatenate([self._outputs.extract(encoder, rows).vectors for encoder, rows in kinds])
        for name in baselines.names():
            try:
                encode = baselines.fit(name, seen, self._options.bits, self._options.seed)
            except InputError as error:
                log.warning("without %s: %s", name, error)
                continue
            yield name, self.scores_of(*(replace(side, vectors=encode(side.vectors)) for side in sides))

    def vectors(self, queries: Embeddings, gallery: Embeddings) -> VectorSet:
        """Codes with their true neighbors, ready to be saved."""
        return with_neighbors(self._coded(queries, gallery))

    def compared(self, side: Embeddings) -> Embeddings:
        """Codes as vectors of -1 and 1 over sqrt(bits): cosines are 1 - 2 d / bits for a Hamming distance d."""
        signs = np.where(side.vectors > 0, 1, -1).astype(np.float32)
        return replace(side, vectors=signs / np.sqrt(np.float32(signs.shape[1])))

    def _coded(self, queries: Embeddings, gallery: Embeddings) -> VectorSet:
        floats = from_embeddings(queries, gallery, name=self.title, class_names=self._images.class_names)
        trained = np.array([path in self.trained for path in gallery.paths], np.int64)
        return replace(
            floats,
            metric="hamming",
            queries=codes.pack(queries.vectors),
            gallery=codes.pack(gallery.vectors),
            gallery_trained=trained if trained.any() else None,
        )
